"""What published systems claim of their models, beside what their recipes gave here: the rows of `reports/published-systems.md`."""

from __future__ import annotations

import math
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np

from harness.leaderboard import Row, rows
from harness.run_files import read_confusion, read_predictions
from harness.statistics import speaker_intervals
from harness.study import Recipe, Study
from harness.study_files import shipped
from harness.tracking import Tracker, studies
from registry.core import checked, load_file, short_label
from registry.errors import UsageError, require, unknown

FOLDER = "published"  # of the studies, below experiments/


@checked
class Claim:
    """What a system reports of one of its models, as printed there.

    Args:
        wa, macro_f1: on its test part, in [0, 1]; None where it tells none.
        validation_wa: on its validation part.
        test_clips: clips of its test part.
        confusions: the pairs that it confuses most, such as `FEA→SAD 111` (true → taken for, clips).
        never_predicted: emotions that it never predicts.
        remarks: what a reader must know of these figures.
    """

    wa: float
    macro_f1: float | None = None
    validation_wa: float | None = None
    test_clips: int = 2233
    confusions: tuple[str, ...] = ()
    never_predicted: tuple[str, ...] = ()
    remarks: str = ""

    def __post_init__(self) -> None:
        figures = [f for f in (self.wa, self.macro_f1, self.validation_wa) if f is not None]
        require(all(0 <= f <= 1 for f in figures), f"a claim's figures lie in [0, 1], not {figures}")
        require(self.test_clips > 0, f"claim.test_clips must be positive, not {self.test_clips}")


@dataclass(frozen=True, eq=False)
class System:
    """One published system: its study, what it claims of each recipe, and recipes that differ from a published one on purpose.

    Args:
        variants: recipe -> the published recipe that it corrects or restates.
    """

    name: str
    path: Path
    study: Study
    claims: dict[str, Claim]
    variants: dict[str, str]

    @property
    def number(self) -> str:
        """How people call it: `002`."""
        return self.name.rpartition("_")[2]

    def recipe(self, name: str) -> Recipe:
        """The recipe of a name, which the system has."""
        return next(recipe for recipe in self.study.recipes if recipe.name == name)


def systems() -> list[System]:
    """Every published system that is shipped, in order."""
    return [_system(name, path, load_file(path)) for name, path in shipped().items() if path.parent.name == FOLDER]


def _system(name: str, path: Path, module: ModuleType) -> System:
    return System(name, path, module.STUDY, module.CLAIMS, getattr(module, "VARIANTS", {}))


def chosen(names: list[str], with_variants: bool = False) -> list[tuple[System, str]]:
    """The (system, recipe) pairs that names stand for: systems (`002`, `system_002`) or recipes; all published ones without names.

    Raises: UsageError with the near names.
    """
    known = systems()
    recipes = {recipe.name: system for system in known for recipe in system.study.recipes}
    numbers = {key: system for system in known for key in (system.number, system.name)}
    pairs: list[tuple[System, str]] = []
    for name in names or [system.number for system in known]:
        if name in recipes:
            pairs.append((recipes[name], name))
        elif name in numbers:
            system = numbers[name]
            pairs += [(system, r.name) for r in system.study.recipes if with_variants or r.name in system.claims]
        else:
            raise unknown("published system or recipe", name, [*(s.number for s in known), *recipes])
    return list(dict.fromkeys(pairs))


@dataclass(frozen=True)
class Reproduced:
    """What one recipe gave under one split.

    Args:
        figures: `wa`, `uar`, `macro_f1` -> (mean over seeds, low, high), the bounds a 95 % interval.
        best_validation_wa: over all epochs, mean over seeds. confusion: counts summed over seeds.
    """

    row: Row
    figures: dict[str, tuple[float, float, float]]
    best_validation_wa: float
    emotions: tuple[str, ...]
    confusion: list[list[int]]

    @property
    def clips(self) -> int:
        """Clips in all parts, copies aside."""
        return clips_of(self.row)

    @property
    def never_predicted(self) -> tuple[str, ...]:
        """Emotions that no test clip was taken for."""
        return tuple(e for i, e in enumerate(self.emotions) if not any(line[i] for line in self.confusion))


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


def comparisons(home: Path) -> list[Comparison]:
    """Every recipe of a published system that has a finished final below `home`, in the order of the study files."""
    present = set(studies(home))
    made = []
    for system in systems():
        if system.name in present:
            tracker = Tracker(home, system.name)
            found = [row for row in rows(tracker.records()) if row.seeds]
            compared = [_compare(system, recipe, found, tracker) for recipe in system.study.recipes]
            made += [comparison for comparison in compared if comparison.shared or comparison.unseen]
    return made


def _compare(system: System, recipe: Recipe, found: list[Row], tracker: Tracker) -> Comparison:
    """The rows of most clips, then most epochs, are shown; the twin is that of the same clips and epochs."""
    of = system.variants.get(recipe.name, recipe.name)
    own = sorted((row for row in found if row.recipe == recipe.name), key=lambda r: (not r.synthetic, clips_of(r), int(r.epochs or 0)))
    labels = {split.shares_speakers: short_label(split) for split in recipe.splits}
    shared = next((row for row in reversed(own) if row.split == labels.get(True)), None)
    twins = [row for row in own if row.split == labels.get(False) and (shared is None or _same(row, shared))]
    pair = [_reproduced(row, tracker) if row else None for row in (shared, twins[-1] if twins else None)]
    return Comparison(system, recipe.name, of, system.claims[of], recipe.training.epochs, *pair)


def _same(one: Row, other: Row) -> bool:
    return (one.corpus_fingerprint, one.epochs, one.backend) == (other.corpus_fingerprint, other.epochs, other.backend)


def clips_of(row: Row) -> int:
    """Clips of a row's corpus that its split uses."""
    parts = dict(part.rsplit(" ", 1) for part in row.clips.split(", ") if part)
    return sum(int(count) for part, count in parts.items() if part != "copies")


def _reproduced(row: Row, tracker: Tracker) -> Reproduced:
    with tempfile.TemporaryDirectory() as folder:
        files = [[tracker.files(run, f"test/{name}.csv", Path(folder)) for name in ("predictions", "confusion_matrix")]
                 for run in row.seed_runs]
        if not all(path for pair in files for path in pair):
            raise UsageError(f"the files of {row.label} on {row.split} are gone from the MLflow store: run it again")
        tables = [read_predictions(path) for path, _ in files if path]
        confusions = [read_confusion(path) for _, path in files if path]
    emotions = confusions[0][0]
    bounds = speaker_intervals(by_speaker(tables, emotions))
    best = [r.metrics.get("validation/best_wa", math.nan) for r in tracker.records("seed") if r.run_id in row.seed_runs]
    return Reproduced(row, {score: (row.test[score][0], *bounds[score]) for score in row.test}, float(np.mean(best)), emotions,
                      np.sum([counts for _, counts in confusions], axis=0).tolist())


def by_speaker(tables: list[list[dict[str, str]]], emotions: tuple[str, ...]) -> np.ndarray:
    """Confusion counts of each seed's predictions: (seeds, speakers, truth, predicted)."""
    speakers = {speaker: i for i, speaker in enumerate(sorted({line["speaker"] for line in tables[0]}))}
    index = {emotion: i for i, emotion in enumerate(emotions)}
    counts = np.zeros((len(tables), len(speakers), len(emotions), len(emotions)), dtype=np.int64)
    for seed, table in enumerate(tables):
        for line in table:
            predicted = max(emotions, key=lambda emotion: float(line[emotion]))
            counts[seed, speakers[line["speaker"]], index[line["truth"]], index[predicted]] += 1
    return counts


def verdict(comparison: Comparison) -> str:
    """In words, by the rule that the report states."""
    found, claim = comparison.shared, comparison.claim
    if found is None:
        return "not run under its own split"
    where = _where(claim.wa, *found.figures["wa"], claim.test_clips)
    incomplete = []
    if found.row.synthetic:
        incomplete.append("synthetic clips")
    elif not found.row.coverage.endswith("whole"):
        incomplete.append("a partial corpus")
    if int(found.row.epochs) < comparison.published_epochs:
        incomplete.append(f"{found.row.epochs} of {comparison.published_epochs} epochs")
    if incomplete:
        return f"can't tell on {' and '.join(incomplete)}: the claim lies {where} what was measured"
    return "reproduced" if where == "within" else f"not reproduced: the claim lies {where} what was measured"


def _where(claimed: float, measured: float, low: float, high: float, test_clips: int) -> str:
    """`within`, `above` or `below` the difference that the two test parts' sampling alone explains in 95 of 100 cases."""
    sampling = 1.96 * math.sqrt(claimed * (1 - claimed) / test_clips)
    side = high - measured if claimed > measured else measured - low
    if abs(claimed - measured) <= math.hypot(side, sampling):
        return "within"
    return "above" if claimed > measured else "below"
