"""The plan of `bench leakage`: which cells are trained under which protocols, and the protocols that a final stands for."""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from harness.analyses.leakage.enrolment import knowing, reason_not_priced
from harness.data.copies_before_split import AugmentedBeforeSplit, AugmentedFirst
from harness.data.features import padded_samples
from harness.study.cells import Cell
from harness.study.definition import Recipe, Study, specification_text
from harness.study.trial import Trial
from harness.tracking.run_record import RunRecord, RunTags
from registry.augmentation import Augmentation
from registry.core import canonical, get, label_of
from registry.corpus import Corpus
from registry.errors import UsageError


@dataclass(frozen=True)
class PlannedCell:
    """One cell that is compared with itself under every protocol.

    Args:
        name: its label, numbered where cells share it. base: its trial under random clips, with the cell's own augmentation.
        copied: the augmentation that makes the copies: the cell's own if it makes any.
        identity: hash of all that the comparison depends on: clips, protocols, components, settings, copies, seeds.
    """

    name: str
    base: Trial
    copied: Augmentation
    identity: str

    def stands_for(self, record: RunRecord) -> str:
        """Keys of `PROTOCOLS` that a final stands for, with blanks between: two where the cell makes copies anyway."""
        protocol = protocol_of(record.about)
        both = {"copied": "speakers copied", "after": "random after"} if self.base.augmentation.copies else {}
        return both.get(protocol, protocol)


def planned_cells(study: Study, cells: Sequence[Cell], copies: tuple[Any, ...]) -> list[PlannedCell]:
    """The cells of a study, each once whatever its protocols.

    Args:
        copies: augmentations of cells that make no copies; empty for none.
    Raises: UsageError where a setting changes a split.
    """
    if any(cell.base.split not in study.protocols for cell in cells):
        raise UsageError("a split's settings can't be set here, since all protocols must draw their clips alike: write them in the study")
    alike = protocols(study)
    clips = alike[-1]
    bases = {base.signature: (cell.label, base) for cell in cells
             for base in [dataclasses.replace(cell.base, split=clips, validation_folds=1)]}
    numbers: Counter[str] = Counter()
    planned = []
    for label, base in bases.values():
        numbers[label] += 1
        copied = base.augmentation if base.augmentation.copies else dataclasses.replace(base.augmentation, copies=copies)
        basis = [base.signature, *map(specification_text, (*alike, AugmentedBeforeSplit(split=clips), copied)), list(study.seeds)]
        planned.append(PlannedCell(label if numbers[label] == 1 else f"{label} ({numbers[label]})", base, copied,
                                   hashlib.sha256(canonical(basis).encode()).hexdigest()[:8]))
    return planned


def parts(study: Study, cells: Sequence[PlannedCell], corpus: Corpus, known: Mapping[str, Any] = MappingProxyType({})) -> list[Study]:
    """The honest protocols as one study, and one study with copies before the split for each way of making them.

    Args: known: protocols whose speakers are known, by their keys.
    """
    unseen, sentences, clips = protocols(study)
    honest: list[Recipe] = []
    wrong: dict[AugmentedFirst, list[Recipe]] = {}
    for cell in cells:
        augmentation, space = cell.base.augmentation, cell.base.feature_space
        honest += [_recipe(cell, (unseen, sentences, clips), augmentation)]
        if known and not reason_not_priced(cell.base):
            honest += [dataclasses.replace(_recipe(cell, tuple(known.values()), augmentation), feature_space=knowing(space))]
        if not cell.copied.copies:
            continue
        honest += [] if augmentation.copies else [_recipe(cell, (unseen, clips), cell.copied)]
        copied = AugmentedFirst(corpus=study.corpus, augmentation=dataclasses.replace(cell.copied, on_the_fly=()),
                                sample_rate=space.sample_rate, samples=padded_samples(corpus, space), trim_db=space.trim_db)
        recipe = _recipe(cell, (AugmentedBeforeSplit(split=clips),), dataclasses.replace(augmentation, copies=()))
        wrong.setdefault(copied, []).append(dataclasses.replace(recipe, feature_space=copied.untrimmed(space)))
    first = Study(corpus=study.corpus, recipes=tuple(honest), trials=0, seeds=study.seeds, best_models=0, measure_cost=False)
    return [first, *(dataclasses.replace(first, corpus=copied, recipes=tuple(recipes)) for copied, recipes in wrong.items())]


def _recipe(cell: PlannedCell, splits: tuple[Any, ...], augmentation: Augmentation) -> Recipe:
    base = cell.base
    return Recipe(name=cell.name, feature_space=base.feature_space, architecture=base.architecture, splits=splits, training=base.training,
                  augmentation=augmentation)


def protocols(study: Study) -> tuple[Any, Any, Any]:
    """Unseen speakers, unseen sentences and random clips: the study's own random split, or its unseen speakers, and twins; else 80/20."""
    listed = {label_of(type(split)): split for split in study.protocols}
    name, share = next(((f"{kind}_{share}", share) for kind in ("random", "unseen_speakers") for share in ("80_20", "70_30")
                        if f"{kind}_{share}" in listed), ("", "80_20"))
    clips = get("splits", f"random_{share}")(**({"seed": listed[name].seed} if name else {}))
    twins = (get("splits", name)(seed=clips.seed) for name in (f"unseen_speakers_{share}", "unseen_sentences"))
    return (*twins, clips)


def protocol_of(tags: RunTags) -> str:
    """The key of `PROTOCOLS` that a run was trained under, by its split and its copies."""
    name = tags.split.partition("[")[0]
    if name in ("augmented_before_split", "unseen_sentences"):
        return {"augmented_before_split": "before", "unseen_sentences": "sentences"}[name]
    plain, copied = ("random", "after") if name.startswith("random") else ("speakers", "copied")
    return copied if "copies of" in tags.augmentation else plain
