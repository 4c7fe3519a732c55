"""The folds of a cell as one row: every clip is tested once, by networks that saw neither it nor, as a protocol says, its speaker.

Each fold has a search, a best trial and finals of its own, chosen on its own validation part. Seed by seed the test predictions of all
folds are put together, and figures, intervals and ranks are computed from these, over all speakers.
"""

from __future__ import annotations

import hashlib
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from harness.evaluation.final_predictions import FinalPredictions, MissingFiles
from harness.evaluation.intervals import SCORES, mean_sd
from harness.evaluation.rows import NO_FIGURE, Row, last_end
from harness.safe_text import plural
from harness.study.folds import pooled_label
from harness.training.predictions import joined

AUDITS = 3  # wordings of leak audits that a row shows; folds differ in their counts
Finals = FinalPredictions | MissingFiles


def pooled_rows(rows: Sequence[Row], finals: Mapping[str, Finals]) -> tuple[list[Row], dict[str, Finals]]:
    """A row for the folds of each cell, and key -> its predictions, or what is missing of them.

    A row without finals of all its folds, or without a seed that all of them have, has no figures. Where the store has lost predictions,
    figures are means over the folds.
    Args: rows: of the folds. finals: cell -> predictions of a fold's finals, or the files that it lacks.
    """
    cells: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        cells.setdefault((row.corpus_fingerprint, row.pooled_cell), []).append(row)
    pooled, files = [], {}
    for folds in cells.values():
        row, of_row = _pooled(sorted(folds, key=lambda row: row.fold), finals)
        pooled.append(row)
        if of_row:
            files[row.cell] = of_row
    return pooled, files


def _pooled(folds: list[Row], finals: Mapping[str, Finals]) -> tuple[Row, Finals | None]:
    """The row of one cell's folds with its predictions, None where there are none to look for."""
    done = [row for row in folds if row.seeds]
    seeds = [seed for seed in done[0].seed_numbers if all(seed in row.seed_numbers for row in done)] if done else []
    row = _without_figures(folds, done)
    if len(done) < row.folds or not seeds:
        return row, None
    row = replace(row, seeds=len(seeds), seed_numbers=tuple(seeds),
                  seed_runs=tuple(fold.seed_runs[fold.seed_numbers.index(seed)] for seed in seeds for fold in done))
    files = [finals[fold.cell] for fold in done if fold.cell in finals]
    parts = [of_fold for of_fold in files if isinstance(of_fold, FinalPredictions)]
    test = [joined([part.test[part.row.seed_numbers.index(seed)] for part in parts]) for seed in seeds if len(parts) == len(done)]
    reasons = [f"fold {fold.fold}: {missing.reason}" for fold in done if isinstance(missing := finals.get(fold.cell), MissingFiles)]
    if test and (twice := len(test[0].clips) - len(set(test[0].clips.tolist()))):
        reasons.append(f"{plural(twice, 'clip')} {'is' if twice == 1 else 'are'} tested in several folds")
    if reasons or not test:
        means = {score: mean_sd([statistics.fmean(fold.test[score][0] for fold in done)]) for score in SCORES}
        row = replace(row, test=means, validation_uar=mean_sd([statistics.fmean(fold.validation_uar[0] for fold in done)]))
        return row, MissingFiles(f"{'; '.join(reasons)}; its figures are means over folds") if reasons else None
    validation = [[part.validation[part.row.seed_numbers.index(seed)] for part in parts] for seed in seeds]
    row = replace(row, test={score: mean_sd([getattr(seed.scores, score) for seed in test]) for score in SCORES},
                  validation_uar=mean_sd([float(np.mean([part.scores.uar for part in of_seed])) for of_seed in validation]),
                  clips={"test": len(test[0].clips)}, speakers={"test": len(set(test[0].speakers.tolist()) - {""})})
    return row, FinalPredictions(row, test, [part for of_seed in validation for part in of_seed], parts[0].history, tuple(parts))


def _without_figures(folds: list[Row], done: list[Row]) -> Row:
    """What the folds of a cell have in common, and the sums of what they cost."""
    first = (done or folds)[0]
    audits = list(dict.fromkeys(text for row in done for text in row.audit))
    more = [f"and {len(audits) - AUDITS} more wordings, of other folds"] if len(audits) > AUDITS else []
    training = sum((Counter(row.training_classes) for row in done), Counter[str]())
    return replace(
        first, split=pooled_label(first.pooled_split, first.folds), cell=first.pooled_cell, pooled_cell="", fold=0, folds_done=len(done),
        seeds=0, test={}, validation_uar=NO_FIGURE, seed_runs=(), seed_numbers=(), clips={}, speakers={},
        trials=dict(sorted(sum((Counter(row.trials) for row in folds), Counter[str]()).items())),
        test_openings=sum(row.test_openings for row in folds), deleted_openings=sum(row.deleted_openings for row in folds),
        fit_seconds=sum(row.fit_seconds for row in done),
        parameters=round(statistics.fmean(row.parameters for row in done or folds)), chosen=_chosen_settings([row.chosen for row in done]),
        audit=(*audits[:AUDITS], *more), leaks=", ".join(dict.fromkeys(row.leaks for row in done if row.leaks)),
        training_classes=dict(training), requested_at=max((row.requested_at for row in done), default=0.0),
        ended_at=last_end(row.ended_at for row in done),
        epochs_trained=statistics.fmean(row.epochs_trained for row in done) if done else first.epochs_trained,
        cost=next((row.cost for row in done if row.cost), {}),
        split_fingerprint=hashlib.sha256(" ".join(row.split_fingerprint for row in done).encode()).hexdigest()[:16])


def _chosen_settings(chosen: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Searched setting -> its value, or that the folds chose different ones."""
    settings = {setting for of_fold in chosen for setting in of_fold}
    values = {setting: {of_fold.get(setting, "") for of_fold in chosen} for setting in sorted(settings)}
    return {setting: next(iter(texts)) if len(texts) == 1 else "differs between folds" for setting, texts in values.items()}
