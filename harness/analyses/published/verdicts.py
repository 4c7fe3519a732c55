"""Claimed beside reproduced: the runs of published recipes, their figures with intervals, and verdicts by a rule."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness.analyses.published.systems import System, systems
from harness.evaluation.final_predictions import complete_predictions
from harness.evaluation.intervals import speaker_intervals
from harness.evaluation.rows import Row, plain, rows
from harness.study.claims import Claim
from harness.study.definition import Recipe
from harness.tracking.run_record import counts_from_words
from harness.tracking.store import Store
from harness.tracking.tracker import Tracker
from harness.training.predictions import Predictions, speaker_counts
from harness.training.scores import most_confused
from registry.core import label_of, short_label
from registry.errors import BenchError

EPOCHS = "--set training.epochs="  # the one setting that a shorter training needs
REPRODUCED, NOT_REPRODUCED, CANT_TELL, NO_FIGURES = "reproduced", "not reproduced", "can't tell", "no figures under its own split"


@dataclass(frozen=True)
class Reproduced:
    """The result of one recipe under one split.

    Args:
        figures: `wa`, `uar`, `macro_f1` -> (mean over seeds, low, high), the bounds a 95 % interval, NaN for too few speakers.
        best_validation_wa: over all epochs, mean over seeds.
        confused: the pairs that were confused most, over all seeds: emotion, taken for, clips, share of the emotion's clips.
        never_predicted: emotions that no test clip was taken for.
        left_out: seeds whose networks take every clip for one emotion, where others of the row have learnt something: figures and
            emotions are of the others. earlier: it is from an earlier report, its runs in another store.
    """

    row: Row
    figures: dict[str, tuple[float, float, float]]
    best_validation_wa: float
    confused: tuple[tuple[str, str, int, float], ...]
    never_predicted: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    earlier: bool = False

    @property
    def collapsed(self) -> bool:
        """Whether all its networks take every clip for one emotion: they have learnt nothing, by whatever luck, and speak for no claim."""
        return len(self.row.training_classes) - len(self.never_predicted) == 1


@dataclass(frozen=True)
class Comparison:
    """One recipe: claimed, reproduced under its own split, and under the split of unseen speakers.

    Args:
        published_name: the published recipe whose claim it stands beside; the recipe itself, unless it is a variant.
    """

    system: System
    name: str
    published_name: str
    claim: Claim
    published_epochs: int
    shared: Reproduced | None
    unseen: Reproduced | None

    @property
    def is_variant(self) -> bool:
        """Whether it corrects or restates a published recipe."""
        return self.name != self.published_name

    @property
    def shown(self) -> Reproduced:
        """The result under its own split; under unseen speakers where that is the only one."""
        result = self.shared or self.unseen
        assert result is not None  # a comparison without any run is not made
        return result


def comparisons(store: Store, earlier: Sequence[Reproduced] = ()) -> list[Comparison]:
    """Every recipe of a published system that has a finished final in the store, in the order of the study files.

    Args:
        earlier: results of earlier reports; each counts like a run, unless its runs are in the store.
    """
    studies, compared = set(store.studies()), []
    for system in systems():
        tracker, corpus = store.experiment(system.name) if system.name in studies else None, label_of(type(system.study.corpus))
        here = [row for row in (rows(tracker.records()) if tracker else []) if row.seeds and (row.corpus == corpus or row.synthetic)]
        ids = {row.seed_runs for row in here}
        elsewhere = {result.row.seed_runs: result for result in earlier if result.row.seed_runs not in ids}
        compared += [_compare(system, recipe, here, elsewhere, tracker) for recipe in system.study.recipes]
    return [comparison for comparison in compared if comparison.shared or comparison.unseen]


def _compare(system: System, recipe: Recipe, here: list[Row], elsewhere: dict[tuple[str, ...], Reproduced],
             tracker: Tracker | None) -> Comparison:
    published_name, epochs = system.variants.get(recipe.name, recipe.name), recipe.training.epochs
    labels = {split.shares_speakers: short_label(split) for split in recipe.splits}
    candidates = sorted((row for row in (*here, *(result.row for result in elsewhere.values())) if row.recipe == recipe.name),
                        key=lambda row: _nearness(row, epochs))[::-1]
    shared = next((row for row in candidates if row.split == labels.get(True)), None)
    unseen = next((row for row in candidates if row.split == labels.get(False) and (shared is None or _same(row, shared))), None)
    results = [(elsewhere.get(row.seed_runs) or (_reproduced(row, tracker) if tracker else None)) if row else None
               for row in (shared, unseen)]
    return Comparison(system, recipe.name, published_name, system.claims[published_name], epochs, *results)


def _nearness(row: Row, published_epochs: int) -> tuple[object, ...]:
    """Orders a recipe's rows: the greatest is nearest to what was published; test figures play no part."""
    epochs = int(row.epochs or 0)
    return (not row.synthetic, not other_settings(row), clips_of(row) * min(epochs, published_epochs), -abs(epochs - published_epochs),
            row.seeds, row.requested_at)


def other_settings(row: Row) -> str:
    """What the command line set, the number of epochs aside; the backend and augmentation belong to the row anyway."""
    settings = [words.strip() for words in row.settings.split("--set ") if not f"--set {words}".startswith(EPOCHS)]
    return " ".join(filter(None, settings))


def _same(one: Row, other: Row) -> bool:
    return all(getattr(one, field) == getattr(other, field) for field in ("corpus_fingerprint", "epochs", "backend", "settings"))


def clips_of(row: Row) -> int:
    """Clips that a row's split puts into its three parts."""
    return sum(row.clips.get(part, 0) for part in ("train", "validation", "test"))


def _reproduced(row: Row, tracker: Tracker) -> Reproduced:
    """The row's figures with their intervals. Raises: BenchError when its files are gone from the store."""
    best = {r.run_id: r.metrics.get("validation/best_wa", math.nan) for r in tracker.records("seed")}
    return of_predictions(row, complete_predictions(tracker, row), [best.get(run, math.nan) for run in row.seed_runs])


def of_predictions(row: Row, predictions: Sequence[Predictions], best_validation_wa: Sequence[float]) -> Reproduced:
    """A row's figures with their intervals, by each seed's predictions on test and its best validation WA.

    A network that takes every clip for one emotion has learnt nothing, by whatever luck, so that no figure counts it where others have.
    """
    learnt = [i for i, seed in enumerate(predictions) if np.unique(seed.predicted).size > 1] or list(range(len(predictions)))
    counted = [predictions[i] for i in learnt]
    counts = speaker_counts(counted)  # (seeds, speakers, truth, predicted)
    bounds, confusion, emotions = speaker_intervals(counts), counts.sum(axis=(0, 1)), counted[0].emotions
    means = {score: float(np.mean([getattr(seed.scores, score) for seed in counted])) for score in row.test}
    return Reproduced(row, {score: (mean, *bounds[score]) for score, mean in means.items()},
                      float(np.mean([best_validation_wa[i] for i in learnt])), tuple(most_confused(confusion.tolist(), emotions)),
                      tuple(emotion for emotion, times in zip(emotions, confusion.sum(axis=0), strict=True) if not times),
                      tuple(seed for i, seed in enumerate(row.seed_numbers) if i not in learnt))


def outcome(comparison: Comparison) -> str:
    """`REPRODUCED`, `NOT_REPRODUCED`, `CANT_TELL` or `NO_FIGURES`, by the rule that the report states."""
    if comparison.shared is None:
        return NO_FIGURES
    where = side(comparison.claim, comparison.shared)
    if _differences(comparison, comparison.shared) or not where:
        return CANT_TELL
    return REPRODUCED if where == "within" else NOT_REPRODUCED


def verdict(comparison: Comparison) -> str:
    """The outcome with its reasons, and where the claim lies."""
    found = outcome(comparison)
    if comparison.shared is None or found == REPRODUCED:
        return found
    where = side(comparison.claim, comparison.shared)
    place = f": the claim lies {where} what was measured" if where else ""
    why = " and ".join(_differences(comparison, comparison.shared).values()) or "by so few speakers"
    return f"{found} {why}{place}" if found == CANT_TELL else f"{found}{place}"


def reasons(comparison: Comparison) -> list[str]:
    """What keeps a verdict open, the kinds of reasons alone; empty where none does, or nothing was trained under its own split."""
    if comparison.shared is None:
        return []
    few = ["too few test speakers"] if not side(comparison.claim, comparison.shared) else []
    return [*_differences(comparison, comparison.shared), *few]


def _differences(comparison: Comparison, result: Reproduced) -> dict[str, str]:
    """What keeps a result from being a reproduction, wherever the claim lies: the kind of reason -> the reason."""
    row, epochs = result.row, int(result.row.epochs)
    differences = {
        "synthetic clips": ("on synthetic clips", row.synthetic),
        "on a partial corpus": ("on a partial corpus", not row.synthetic and not row.coverage.endswith("whole")),
        "after fewer epochs" if epochs < comparison.published_epochs else "after more epochs":
            (f"after {epochs} of {comparison.published_epochs} epochs", epochs != comparison.published_epochs),
        "with other settings": (f"with {other_settings(row)}", bool(other_settings(row))),
        "with parts of our own": (f"with {comparison.claim.ours} of our own", bool(comparison.claim.ours)),
        "after a training that collapsed": ("after a training that collapsed, to one emotion for every clip: another seed may not "
                                            "(--seeds 1)", result.collapsed)}
    return {kind: words for kind, (words, holds) in differences.items() if holds}


def side(claim: Claim, result: Reproduced) -> str:
    """`within`, `above` or `below` the difference that the two test parts' sampling explains in 95 of 100 cases; empty: unknown."""
    measured, low, high = result.figures["wa"]
    if math.isnan(low):
        return ""
    sampling = 1.96 * math.sqrt(claim.wa * (1 - claim.wa) / claim.test_clips)
    half = high - measured if claim.wa > measured else measured - low
    if abs(claim.wa - measured) <= math.hypot(half, sampling):
        return "within"
    return "above" if claim.wa > measured else "below"


def from_earlier_report(path: Path) -> list[Reproduced]:
    """The results in an earlier report's JSON; none where there is no such file.

    Raises: BenchError for a file that is not one of these.
    """
    if not path.exists():
        return []
    try:
        return [_from_json(fields) for fields in json.loads(path.read_text(encoding="utf-8"))]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BenchError(f"{path} can't be read ({type(error).__name__}: {error}); move it away, and the report is made from the runs "
                         "that are here alone") from error


def to_json(compared: list[Comparison]) -> str:
    """The results that a report shows, as JSON: figures that do not exist are null."""
    results = [plain(dataclasses.asdict(result)) for comparison in compared for result in (comparison.shared, comparison.unseen) if result]
    for fields in results:
        del fields["earlier"]
    return json.dumps(results, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _from_json(fields: dict[str, Any]) -> Reproduced:
    row = {field.name: fields["row"].get(field.name, "") for field in dataclasses.fields(Row)  # an older report has fewer fields
           if field.name in fields["row"] or {field.default, field.default_factory} == {dataclasses.MISSING}}
    row |= {name: tuple(row[name]) for name in ("seed_runs", "seed_numbers", "audit")}
    row |= {name: counts_from_words(row[name]) for name in ("clips", "speakers", "training_classes")
            if isinstance(row.get(name), str)}  # an older report's
    row |= {"epochs": int(row["epochs"] or 0), "requested_at": fields["row"].get("requested_at", fields["row"].get("asked_at", 0.0))}
    if not row["seed_runs"] or not row["recipe"]:
        raise ValueError("a row without its recipe or runs")
    figures = {score: (_number(value), _number(low), _number(high)) for score, (value, low, high) in fields["figures"].items()}
    return Reproduced(Row(**row), figures, _number(fields["best_validation_wa"]), tuple(tuple(pair) for pair in fields["confused"]),
                      tuple(fields["never_predicted"]), tuple(fields.get("left_out", ())), earlier=True)


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
