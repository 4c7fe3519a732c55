"""Claimed beside reproduced: finds the runs of published recipes, puts intervals to their figures, and gives verdicts by a rule."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness.analyses.published.systems import Claim, System, systems
from harness.evaluation.final_predictions import MissingFiles, seed_predictions
from harness.evaluation.intervals import speaker_intervals
from harness.evaluation.rows import Row, plain, rows
from harness.study.definition import Recipe
from harness.tracking.run_record import counts_from_words
from harness.tracking.store import Store
from harness.tracking.tracker import Tracker
from harness.training.predictions import speaker_counts
from harness.training.scores import most_confused
from registry.core import label_of, short_label
from registry.errors import BenchError

EPOCHS = "--set training.epochs="  # the one setting that a shorter training needs


@dataclass(frozen=True)
class Reproduced:
    """What one recipe gave under one split.

    Args:
        figures: `wa`, `uar`, `macro_f1` -> (mean over seeds, low, high), the bounds a 95 % interval, NaN for too few speakers.
        best_validation_wa: over all epochs, mean over seeds.
        confused: the pairs that were confused most, over all seeds: emotion, taken for, clips, share of the emotion's clips.
        never_predicted: emotions that no test clip was taken for. kept: from an earlier report, its runs being in another store.
    """

    row: Row
    figures: dict[str, tuple[float, float, float]]
    best_validation_wa: float
    confused: tuple[tuple[str, str, int, float], ...]
    never_predicted: tuple[str, ...]
    kept: bool = False

    @property
    def clips(self) -> int:
        """Clips in the three parts, copies aside."""
        return clips_of(self.row)


@dataclass(frozen=True)
class Comparison:
    """One recipe: claimed, reproduced under its own split, and under the split of unseen speakers.

    Args:
        of: the published recipe whose claim it stands beside; the recipe itself, unless it is a variant.
    """

    system: System
    name: str
    of: str
    claim: Claim
    published_epochs: int
    shared: Reproduced | None
    unseen: Reproduced | None


def comparisons(store: Store, kept: Sequence[Reproduced] = ()) -> list[Comparison]:
    """Every recipe of a published system that has a finished final below `home`, in the order of the study files.

    Args:
        kept: what earlier reports say; it counts like a run, as far as its runs are not below `home`.
    """
    present = set(store.studies())
    made = []
    for system in systems():
        own, found, tracker = label_of(type(system.study.corpus)), [], None
        if system.name in present:
            tracker = store.experiment(system.name)
            found = [row for row in rows(tracker.records()) if row.seeds and (row.corpus == own or row.synthetic)]
        compared = [_compare(system, recipe, found, tracker, kept) for recipe in system.study.recipes]
        made += [comparison for comparison in compared if comparison.shared or comparison.unseen]
    return made


def _compare(system: System, recipe: Recipe, found: list[Row], tracker: Tracker | None, kept: Sequence[Reproduced]) -> Comparison:
    of = system.variants.get(recipe.name, recipe.name)
    labels = {split.shares_speakers: short_label(split) for split in recipe.splits}
    here = {row.seed_runs for row in found}
    earlier = {each.row.seed_runs: each for each in kept if each.row.seed_runs not in here}
    own = sorted((row for row in (*found, *(each.row for each in earlier.values())) if row.recipe == recipe.name),
                 key=lambda row: _nearness(row, recipe.training.epochs))
    shared = next((row for row in reversed(own) if row.split == labels.get(True)), None)
    unseen = next((row for row in reversed(own) if row.split == labels.get(False) and (shared is None or _same(row, shared))), None)
    return Comparison(system, recipe.name, of, system.claims[of], recipe.training.epochs,
                      *(_figures(row, tracker, earlier) if row else None for row in (shared, unseen)))


def _figures(row: Row, tracker: Tracker | None, earlier: dict[tuple[str, ...], Reproduced]) -> Reproduced | None:
    return earlier[row.seed_runs] if row.seed_runs in earlier or tracker is None else _reproduced(row, tracker)


def _nearness(row: Row, published_epochs: int) -> tuple[object, ...]:
    """Which of a recipe's rows is nearest to what was published, the last one nearest; no test figure has a say in it."""
    epochs = int(row.epochs or 0)
    return (not row.synthetic, not other_settings(row), clips_of(row) * min(epochs, published_epochs), -abs(epochs - published_epochs),
            row.seeds, row.requested_at)


def other_settings(row: Row) -> str:
    """What was set by the command line, the number of epochs aside; the backend and augmentation belong to the row anyway."""
    kept = [words for words in row.settings.split("--set ") if words.strip() and not f"--set {words}".startswith(EPOCHS)]
    return " ".join(words.strip() for words in kept)


def _same(one: Row, other: Row) -> bool:
    return all(getattr(one, field) == getattr(other, field) for field in ("corpus_fingerprint", "epochs", "backend", "settings"))


def clips_of(row: Row) -> int:
    """Clips that a row's split puts into its three parts."""
    return sum(row.clips.get(part, 0) for part in ("train", "validation", "test"))


def _reproduced(row: Row, tracker: Tracker) -> Reproduced | None:
    """The row's figures with their intervals; None when its files are gone from the store."""
    predictions = seed_predictions(tracker, row.seed_runs, row.seed_numbers)
    if isinstance(predictions, MissingFiles):
        return None
    counts = speaker_counts(predictions)  # (seeds, speakers, truth, predicted)
    bounds = speaker_intervals(counts)
    best = [r.metrics.get("validation/best_wa", math.nan) for r in tracker.records("seed") if r.run_id in row.seed_runs]
    confusion, emotions = counts.sum(axis=(0, 1)), predictions[0].emotions
    return Reproduced(row, {score: (row.test[score][0], *bounds[score]) for score in row.test}, float(np.mean(best)),
                      tuple(most_confused(confusion.tolist(), emotions)),
                      tuple(emotion for emotion, said_of_it in zip(emotions, confusion.sum(axis=0), strict=True) if not said_of_it))


def verdict(comparison: Comparison) -> str:
    """In words, by the rule that the report states."""
    found, claim = comparison.shared, comparison.claim
    if found is None:
        return "no figures under its own split"
    where = side(claim, found)
    lacking = _lacking(comparison, found)
    if lacking or not where:
        told = f": the claim lies {where} what was measured" if where else ""
        return f"can't tell {' and '.join(lacking) or 'by so few speakers'}{told}"
    return "reproduced" if where == "within" else f"not reproduced: the claim lies {where} what was measured"


def _lacking(comparison: Comparison, found: Reproduced) -> list[str]:
    """What keeps a row from being a reproduction, whatever its figures."""
    row = found.row
    told = {"on synthetic clips": row.synthetic, "on a partial corpus": not row.synthetic and not row.coverage.endswith("whole"),
            f"after {row.epochs} of {comparison.published_epochs} epochs": int(row.epochs) != comparison.published_epochs,
            f"with {other_settings(row)}": bool(other_settings(row)),
            f"with {comparison.claim.ours} of our own": bool(comparison.claim.ours)}
    return [words for words, holds in told.items() if holds]


def side(claim: Claim, found: Reproduced) -> str:
    """`within`, `above` or `below` the difference that the two test parts' sampling explains in 95 of 100 cases; empty: unknown."""
    measured, low, high = found.figures["wa"]
    if math.isnan(low):
        return ""
    sampling = 1.96 * math.sqrt(claim.wa * (1 - claim.wa) / claim.test_clips)
    half = high - measured if claim.wa > measured else measured - low
    if abs(claim.wa - measured) <= math.hypot(half, sampling):
        return "within"
    return "above" if claim.wa > measured else "below"


def from_earlier_report(path: Path) -> list[Reproduced]:
    """What an earlier report holds; nothing where there is none.

    Raises: BenchError for a file that is not one of these.
    """
    if not path.exists():
        return []
    try:
        return [_reproduced_from(said) for said in json.loads(path.read_text(encoding="utf-8"))]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BenchError(f"{path} can't be read ({type(error).__name__}: {error}); move it away, and the report is made from the runs "
                         "that are here alone") from error


def to_json(compared: list[Comparison]) -> str:
    """The rows that a report shows, as JSON: figures that do not exist are null."""
    found = [each for comparison in compared for each in (comparison.shared, comparison.unseen) if each]
    return json.dumps([_plain(each) for each in found], indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(found: Reproduced) -> dict[str, Any]:
    said = {field.name: plain(getattr(found, field.name)) for field in dataclasses.fields(Reproduced) if field.name not in ("row", "kept")}
    return {"row": plain(dataclasses.asdict(found.row)), **said}


def _reproduced_from(said: dict[str, Any]) -> Reproduced:
    row = {field.name: said["row"].get(field.name, "") for field in dataclasses.fields(Row)}  # an older report knew fewer fields
    row |= {name: tuple(row[name]) for name in ("seed_runs", "seed_numbers", "audit")}
    row |= {name: counts_from_words(row[name]) for name in ("clips", "speakers") if isinstance(row[name], str)}  # an older report's
    row |= {"epochs": int(row["epochs"] or 0), "requested_at": said["row"].get("requested_at", said["row"].get("asked_at", 0.0))}
    if not row["seed_runs"] or not row["recipe"]:
        raise ValueError("a row without its recipe or runs")
    figures = {score: (_number(value), _number(low), _number(high)) for score, (value, low, high) in said["figures"].items()}
    return Reproduced(Row(**row), figures, _number(said["best_validation_wa"]), tuple(tuple(pair) for pair in said["confused"]),
                      tuple(said["never_predicted"]), kept=True)


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
