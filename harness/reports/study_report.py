"""Writes a study's Markdown report and its pictures: same runs, same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from filelock import FileLock

from harness.evaluation.leaderboard import Leaderboard, read_leaderboards
from harness.evaluation.rows import Row
from harness.evaluation.search_results import cell_searches
from harness.evaluation.search_worth import SearchWorth, read_worth
from harness.evaluation.study_records import record_of
from harness.reports import baseline_section, cost_section, folds_section, front_section, search_section, voices_section
from harness.reports.leaderboard_section import Draw, leaderboard_markdown, losses
from harness.reports.leaderboard_tables import ENDS
from harness.reports.markdown import escape, plural
from harness.reports.pages import new_pictures, noise_page, refuse_less, staying, study_page, write_beside
from harness.reports.pictures import Pictures
from harness.tracking.openings import Opening, all_openings, repeated
from harness.tracking.run_record import RunRecord, RunTags
from harness.tracking.store import Store

MARKS = """Marks: **shared speakers**: speakers of the test part are also in training, so figures say little about new voices;
**partial**: clips of the corpus were missing, how many stands beside its name; **synthetic**: no human speech, figures only show that
the machinery works; **one seed**: what another training would give is not known; **chosen**: the row of highest validation UAR, the one
to take. ± is the standard deviation over seeds, […] a 95 % interval and [–] that there is none. Validation UAR chose trial, epoch and row;
test figures chose nothing, they sort the tables."""


def write_report(store: Store, study_name: str, data: Path | None = None) -> tuple[Path, list[Leaderboard]]:
    """Write `reports/<study>.md`, its pictures and its record below `home`; returns the report's path and its leaderboards.

    Args: data: where the corpora are, for what runs of earlier code did not note of each clip.
    Raises: BenchError when the store holds no runs of the study, or lacks files whose figures the report has: it stays as it is.
    """
    home = store.home
    if study_name not in store.studies():
        raise store.no_study(study_name)
    path, noise = study_page(store, study_name), noise_page(store, study_name)
    with staying(path):
        records, boards = read_leaderboards(store, study_name, data)
        refuse_less(path, losses(boards))
    (home / ".bench").mkdir(parents=True, exist_ok=True)
    with FileLock(home / ".bench" / "reports.lock"), new_pictures(path) as folder:  # two starts of a study may end at the same time
        pictures = Pictures(path, folder)
        tracker = store.experiment(study_name)
        worths = [read_worth(tracker, records, board) for board in boards]
        text = study_markdown(study_name, records, boards, pictures.of, pictures.critical_difference, pictures.pareto,
                              tracker.openings(records), len(tracker.deleted("trial")), pictures.search,
                              worths, pictures.search_front, pictures.voices, pictures.known_voices)
        record_of(study_name, records, boards, worths).write(folder)
        write_beside(path, text + (f"\nHow recall falls with noise: [{noise.name}]({quote(noise.name)}).\n" if noise.exists() else ""))
    return path, boards


def study_markdown(study_name: str, records: list[RunRecord], boards: Sequence[Leaderboard], draw: Draw, diagram: folds_section.Draw,
                   front: cost_section.Draw | None = None, openings: Sequence[Opening] | None = None, deleted_trials: int = 0,
                   search: search_section.Draw | None = None, worths: Sequence[SearchWorth | None] = (),
                   search_front: front_section.Draw | None = None, voices: voices_section.Draw | None = None,
                   known_voices: voices_section.DrawKnown | None = None) -> str:
    """The whole report as Markdown.

    Args:
        draw: gives the paths of a row's pictures by what they show. diagram: gives the path of a critical-difference diagram.
        front: of the picture of UAR against latency; None: there is none. openings: of the ledger; None: those of the records.
        search_front: gives the path of the picture of a search with two objectives; None: there is none.
        voices, known_voices: give the path of the picture of rows on new and heard speakers, and with known clips; None: there is none.
        deleted_trials: how many were deleted in MLflow. search: gives the paths of the pictures of searches; None: there are none.
        worths: what searching was worth on each leaderboard; empty where that was not looked at.
    """
    rows = [row for board in boards for row in board.rows]
    openings = all_openings({}, records) if openings is None else openings
    written = any(run.kind == "seed" and run.about.as_written for run in records)
    about = next((run.about for run in reversed(records) if run.kind == "study"), RunTags())
    parts = [f"# {escape(study_name)}", escape(about.question), _totals(rows, openings, deleted_trials, written), MARKS,
             *voices_section.voices_markdown(boards, voices), *voices_section.known_markdown(boards, known_voices),
             *baseline_section.baseline_markdown(boards, about.baseline)]
    searches = cell_searches(records)
    for board, worth in zip(boards, worths or [None] * len(boards), strict=True):
        found = search_section.search_markdown(board, searches, search, worth)
        found = found[0], "\n\n".join(filter(None, (found[1], front_section.front_markdown(board, records, search_front))))
        parts += leaderboard_markdown(about.study_file or study_name, board, draw, front, found)
    parts += folds_section.folds_markdown([row for board in boards for fold in board.folds or (board,) for row in fold.rows], diagram)
    notes = list(dict.fromkeys(f"{run.about.corpus}: {line}" for run in records for line in run.about.clip_notes))
    if notes:
        parts += ["## Clips", "What was done about their names and files.", "\n".join(f"- {escape(line)}" for line in notes)]
    declined = sorted({line for run in records for line in run.about.declined})
    if declined:
        parts += ["## Declined", "What can't work, and why; none of it was trained.", "\n".join(f"- {escape(line)}" for line in declined)]
    parts += _failures(records)
    return "\n\n".join(part for part in parts if part) + "\n"


def _totals(rows: list[Row], openings: Sequence[Opening], deleted_trials: int, written: bool) -> str:
    """Args: written: whether there are finals with the settings as written, too."""
    counts = {state: sum(row.trials.get(state, 0) for row in rows) for state in (*ENDS, "killed", "running")}
    words = ", ".join(f"{n} {ENDS.get(state, state)}" for state, n in counts.items() if n or state in ENDS)
    deleted = sum(not opening.in_store for opening in openings)
    again = repeated(openings)
    rest = (f"{deleted} of them in runs that are no longer in the store: they were deleted, and `bench restore` brings back what MLflow "
            "still has." if deleted else f"{again} of them for a seed that had been scored before." if again else
            "once for each seed of each final.")
    if deleted_trials:
        words += f"; {deleted_trials} more were deleted in MLflow, and `bench restore` brings them back"
    if not deleted and not again and written:
        rest = "once for each seed of each final, and of the settings as written where the best trial has others."
    return f"Trials: {sum(counts.values())} attempted, {words}. The sealed test parts were opened {plural(len(openings), 'time')}, {rest}"


def _failures(records: list[RunRecord]) -> list[str]:
    lines = [f"- {escape(run.name)} ({escape(run.about.split)}): {escape(run.about.reason or 'no reason recorded')}"
             for run in records if run.kind in ("trial", "seed") and run.state == "failed"]
    return ["## Failed", "\n".join(lines)] if lines else []
