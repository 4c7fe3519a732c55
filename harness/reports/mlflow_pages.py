"""What MLflow's own pages show of a study beside its figures: finals as the leaderboard has them, notes, and saved views."""

from __future__ import annotations

import logging
import math
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from harness.evaluation.answer import Answer, answers
from harness.evaluation.final_predictions import FinalPredictions
from harness.evaluation.leaderboard import Leaderboard
from harness.evaluation.rows import Row
from harness.evaluation.search_results import NAMED_UAR
from harness.reports.markdown import plural
from harness.reports.mlflow_notes import NOTE, is_ours, note
from harness.safe_text import first_line
from harness.study.objectives import metric_of
from harness.tracking.run_record import BEFORE_PROTOCOL, RunRecord, RunTags
from harness.tracking.saved_views import VIEW, is_tried, to_tag
from harness.tracking.shown_files import CLIPS, CONFUSION, EMOTIONS, LOGGED_IMAGES, shown_tags, write_clips, write_emotions, write_image
from harness.tracking.study_views import ViewKeys, study_views
from harness.tracking.tracker import Tracker
from harness.training.figures import confusion_figure, save

CHOSEN = " ★ chosen"
EARLIER_NAMES = "final "  # begins the names that earlier versions gave; they stay
COPIED = ("latency_median_ms", "model_mb", "multiply_adds")  # of what a row costs
logger = logging.getLogger(__name__)


def show_in_mlflow(tracker: Tracker, page: str, records: Sequence[RunRecord], boards: Sequence[Leaderboard], version: str,
                   found: Sequence[Answer] | None = None) -> None:
    """Bring a study's pages in MLflow up to date; what they show already is not written again.

    A store that does not take it keeps no report from being written: a warning says so.
    Args: page: name of the study's report. version: of the MLflow that shows the pages; its saved views depend on it.
        found: the answers of the report; None: they are computed.
    """
    try:
        _show_finals(tracker, records, boards)
        _show_notes(tracker, page, records, answers(boards) if found is None else found)
        if is_tried(version):
            _show_views(tracker, records)
    except Exception as error:  # a store fails in as many ways as there are stores
        logger.warning("MLflow does not take what its pages are to show of %s: %s", tracker.study_name, first_line(error))


def _show_finals(tracker: Tracker, records: Sequence[RunRecord], boards: Sequence[Leaderboard]) -> None:
    finals = sorted((r for r in records if r.kind == "final" and r.state == "finished"), key=lambda r: r.about.requested_at)
    latest = {final.about.cell: final for final in finals}
    for final in finals:
        standing = "current" if latest[final.about.cell] is final else "superseded"
        if final.about.standing != standing:
            tracker.tag(final.run_id, RunTags(standing=standing))
    starred = {cell for board in boards for cell in _chosen_cells(board)}
    for final in finals:
        _show_name(tracker, final, chosen=latest[final.about.cell] is final and final.about.cell in starred)
    for board in boards:
        for trained in board.folds or (board,):
            predictions = {finals.row.cell: finals for finals in trained.predictions}
            for row in [row for row in trained.finished if row.cell in latest]:
                _show_figures(tracker, latest[row.cell], _figures(trained, row, is_fold=bool(board.folds)))
                if row.cell in predictions and LOGGED_IMAGES not in latest[row.cell].tags:
                    _show_files(tracker, latest[row.cell], predictions[row.cell])


def _chosen_cells(board: Leaderboard) -> list[str]:
    """The cells of the row to take: one, or those of each fold."""
    of_row = next((finals for finals in board.predictions if board.chosen and finals.row.cell == board.chosen.cell), None)
    return [part.row.cell for part in of_row.parts] if of_row else [board.chosen.cell] if board.chosen else []


def _show_name(tracker: Tracker, final: RunRecord, chosen: bool) -> None:
    """Mark the final to take in its name, and no other."""
    first, dot, protocol = final.name.replace(CHOSEN, "").partition(BEFORE_PROTOCOL)
    name = first + CHOSEN * chosen + dot + protocol
    if name != final.name and not final.name.startswith(EARLIER_NAMES):
        tracker.rename(final.run_id, name)


def _show_figures(tracker: Tracker, final: RunRecord, figures: dict[str, float]) -> None:
    """Log the figures that a final has not, or has otherwise."""
    if new := {name: value for name, value in figures.items() if not _same(final.metrics.get(name), value)}:
        tracker.log_metrics(final.run_id, new)


def _show_files(tracker: Tracker, final: RunRecord, finals: FinalPredictions) -> None:
    """Log the confusion picture and tables over all seeds, which never change."""
    with tempfile.TemporaryDirectory() as folder:
        _write_files(finals, final, Path(folder))
        tracker.add_files(final.run_id, Path(folder))
        tracker.set_tags(final.run_id, shown_tags(Path(folder)))


def _figures(board: Leaderboard, row: Row, is_fold: bool) -> dict[str, float]:
    """Those of a row under the names that seeds use, with the ends of its interval and its rank; NaN for one that it has not, or no longer.

    Args: is_fold: of a row that pools folds, which alone has interval and rank.
    """
    statistics = None if is_fold else board.statistics.get(row.cell)
    low, high = statistics.intervals["uar"] if statistics else (math.nan, math.nan)
    rank = statistics.rank if statistics else None
    figures = {"test/uar": row.test["uar"][0], "validation/uar": row.validation_uar[0],
               "test/uar_low": round(low, 4), "test/uar_high": round(high, 4), "rank": math.nan if rank is None else rank,
               "parameters": row.parameters, **{f"cost/{name}": row.cost[name] for name in COPIED if name in row.cost}}
    return {name: float(value) for name, value in figures.items()}


def _same(before: float | None, now: float) -> bool:
    """Whether a figure is there already; one that there never was need not be noted as missing."""
    if before is None or math.isnan(before):
        return math.isnan(now)
    return math.isclose(before, now, abs_tol=1e-9)


def _write_files(finals: FinalPredictions, final: RunRecord, folder: Path) -> None:
    seeds = finals.test
    picture = folder / "test" / "confusion_matrix.png"
    title = f"test: UAR {finals.row.test['uar'][0]:.3f}, {plural(len(seeds), 'seed')}"
    save(confusion_figure(finals.confusion, seeds[0].emotions, title), picture)
    write_image(picture, CONFUSION, folder, final.run_id, int(final.started_at * 1000))
    if all(np.array_equal(seed.clips, seeds[0].clips) for seed in seeds):
        write_clips(seeds, folder / CLIPS)
    write_emotions({f"test, seed {number}": seed.scores for number, seed in zip(finals.row.seed_numbers, seeds, strict=True)},
                   folder / EMOTIONS)


def _show_notes(tracker: Tracker, page: str, records: Sequence[RunRecord], found: Sequence[Answer]) -> None:
    """Question and answer on the study's run of each corpus, and of all on its experiment; what people wrote there stays."""
    studies = [record for record in records if record.kind == "study"]
    running = sum(record.kind == "trial" and record.state == "running" for record in records)
    for study in studies:
        own = [answer for answer in found if answer.boards[0].rows[0].corpus_fingerprint == study.about.corpus_fingerprint]
        text = note(study.about.question, own, page, study.about.baseline, running)
        if is_ours(study.tags.get(NOTE, "")) and study.tags.get(NOTE) != text:
            tracker.set_tags(study.run_id, {NOTE: text})
    before = tracker.experiment_tags.get(NOTE, "")
    about = studies[-1].about if studies else RunTags()
    text = note(about.question, found, page, about.baseline, running)
    if is_ours(before) and before != text:
        tracker.set_experiment_tag(NOTE, text)


def _show_views(tracker: Tracker, records: Sequence[RunRecord]) -> None:
    before = tracker.experiment_tags
    for key, view in study_views(view_keys(records)).items():
        text = to_tag(view, before.get(VIEW + key, ""))
        if text != before.get(VIEW + key):
            tracker.set_experiment_tag(VIEW + key, text)


def view_keys(records: Sequence[RunRecord]) -> ViewKeys:
    """What the views of a study show; where it ran on several corpora, of the latest one."""
    runs = [record for record in records if record.kind in ("trial", "final", "seed")]
    corpora = list(dict.fromkeys(record.about.corpus_fingerprint for record in records if record.kind == "study"))
    if len(corpora) > 1:
        runs = [run for run in runs if run.about.corpus_fingerprint == corpora[-1]]
    names = {name for run in runs for name in run.params if "." not in name and name != "seed"}
    components = [name for name in ("protocol", "split", "recipe", "feature_space", "architecture", "augmentation") if name in names]
    second = next((run.about.second_objective for run in runs if run.about.second_objective), "")
    where = f"tags.`bench.corpus_fingerprint` = '{corpora[-1]}'" if len(corpora) > 1 else ""
    pruned = any(NAMED_UAR in run.metrics for run in runs if run.state == "pruned")  # a trial that was pruned has no other figure
    return ViewKeys(components, tuple(dict.fromkeys(_searched(runs))), where, metric_of(second) if second else "",
                    NAMED_UAR if pruned else "validation/uar")


def _searched(runs: Sequence[RunRecord]) -> Iterator[tuple[str, ...]]:
    """The searched settings of each trial."""
    for run in runs:
        noted = run.about.ranges
        settings = tuple(sorted(name for name in run.params if "." in name and (not noted or name in noted)))
        if run.kind == "trial" and settings:
            yield settings
