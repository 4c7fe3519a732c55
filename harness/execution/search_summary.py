"""What the search of a protocol found, on the study's own MLflow run: curves over trials, importances, epochs, pictures and best trials."""

from __future__ import annotations

import csv
import math
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from harness.evaluation.search_figures import search_pictures
from harness.evaluation.search_front import front_figure, search_points
from harness.evaluation.search_results import CellSearch, cell_searches, epoch_count
from harness.execution.run_context import RunContext
from harness.safe_text import safe_file_name
from harness.training.figures import save

LONGEST_NAME = 80  # letters of a cell in the name of a metric


def log_search(run: RunContext, split: str) -> None:
    """Log what the searches of the cells of a protocol found; nothing where nothing was searched."""
    records = [record for record in run.tracker.records("trial") if record.about.split == split
               and record.about.corpus_fingerprint == run.prepared.corpus.fingerprint[:16]]
    searches = [search for search in cell_searches(records).values() if search.searched and search.best]
    if not searches:
        return
    protocol, names = metric_name(split), metric_names(searches)
    run.tracker.log_points(run.parent, [point for search, name in zip(searches, names, strict=True)
                                        for point in _curves(f"{protocol}/search", search, name)])
    run.tracker.log_metrics(run.parent, _figures(f"{protocol}/search", searches, names))
    count = epoch_count([trial for search in searches for trial in search.trials])
    if count.pruned:
        run.console.say(f"{split}: the search trained {count.spent:,} of the {count.full:,} epochs that it would have taken without "
                        f"pruning: {100 * count.saved_share:.0f} % saved")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "search" / safe_file_name(split)
        place.mkdir(parents=True)
        for stem, (_, figure) in search_pictures(searches, [search.label for search in searches]).items():
            save(figure, place / f"{stem}.png")
        for objective, points in search_points(records).items():
            save(front_figure(points, objective), place / f"front_{objective}.png")
        _write_best(searches, place / "best_trials.csv")
        run.tracker.add_files(run.parent, Path(folder))


def metric_name(text: str) -> str:
    """A text without the signs that MLflow refuses in the name of a metric.

    >>> metric_name("speaker_folds[fold=2]")
    'speaker_folds_fold_2_'
    """
    return re.sub(r"[^\w.-]", "_", text)


def metric_names(searches: Sequence[CellSearch]) -> list[str]:
    """The cells in names of metrics, each another: by its label, and where several have the same, by its key, too."""
    labels = [metric_name(re.sub(r"\s*×\s*", "-", search.label))[:LONGEST_NAME] for search in searches]
    return [label if labels.count(label) == 1 else f"{label}-{search.cell}" for label, search in zip(labels, searches, strict=True)]


def _curves(prefix: str, search: CellSearch, name: str) -> list[tuple[str, float, int, int]]:
    """Name, value, time and step of each point; a trial's points have its time, so that logging twice gives the same as once."""
    return [(f"{prefix}_{what}/{name}", value, int(trial.started_at * 1000), trial.number)
            for trial, best in zip(search.trials, search.best_so_far, strict=True)
            for what, value in (("uar", trial.uar), ("best_so_far", best)) if not math.isnan(value)]


def _figures(prefix: str, searches: Sequence[CellSearch], names: Sequence[str]) -> dict[str, float]:
    count = epoch_count([trial for search in searches for trial in search.trials])
    shares = {f"{prefix}_importance/{name}/{metric_name(setting)}": share
              for search, name in zip(searches, names, strict=True) for setting, share in search.importances.items()}
    return {**shares, f"{prefix}_epochs/trained": count.spent, f"{prefix}_epochs/full": count.full,
            f"{prefix}_epochs/saved_share": count.saved_share, f"{prefix}_epochs/saved_by_pruning": count.pruned,
            f"{prefix}_epochs/saved_by_early_stopping": count.stopped}


def _write_best(searches: Sequence[CellSearch], path: Path) -> None:
    settings = list(dict.fromkeys(setting for search in searches for setting in search.ranges))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["cell", "trial", "state", "validation_uar", "epochs", *settings])
        writer.writerows([search.label, trial.number, trial.state, round(trial.uar, 4), trial.epochs,
                          *(trial.settings.get(setting, "") for setting in settings)] for search in searches for trial in search.top)
