"""What published systems claim of their models, as their study files have it, for whoever puts it beside figures."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from harness.study.files import shipped
from registry.core import checked, label_of, load_file
from registry.errors import require

FOLDER = "published"  # of the studies, below experiments/


@checked
class Claim:
    """The figures that a system reports of one of its models, as printed there.

    Args:
        wa, macro_f1: on its test part, in [0, 1]; None where it reports none.
        validation_wa: on its validation part.
        test_clips: clips of its test part.
        confusions: the pairs that it confuses most, such as `FEA→SAD 111` (true → taken for, clips).
        never_predicted: emotions that it never predicts.
        ours: what of the recipe its sources leave open, in words; no verdict is given then.
        remarks: what a reader must know of these figures.
    """

    wa: float
    macro_f1: float | None = None
    validation_wa: float | None = None
    test_clips: int = 2233
    confusions: tuple[str, ...] = ()
    never_predicted: tuple[str, ...] = ()
    ours: str = ""
    remarks: str = ""

    def __post_init__(self) -> None:
        figures = [f for f in (self.wa, self.macro_f1, self.validation_wa) if f is not None]
        require(all(0 <= f <= 1 for f in figures), f"a claim's figures lie in [0, 1], not {figures}")
        require(self.test_clips > 0, f"claim.test_clips must be positive, not {self.test_clips}")


@dataclass(frozen=True)
class ClaimedRecipe:
    """A published recipe. Args: wa: as claimed. epochs: as published. corpus: whose clips the claim is about, by its registry name."""

    wa: float
    epochs: int
    corpus: str


def published_files() -> dict[str, Path]:
    """The files of published systems: name of their study -> file, in order."""
    return {name: path for name, path in shipped().items() if path.parent.name == FOLDER}


def claimed_recipes(studies: Collection[str]) -> dict[tuple[str, str], ClaimedRecipe]:
    """(study, recipe) -> its claim, of those of the studies that are published systems; other studies claim nothing."""
    found: dict[tuple[str, str], ClaimedRecipe] = {}
    for study, path in published_files().items():
        if study in studies:
            module = load_file(path)
            corpus = label_of(type(module.STUDY.corpus))
            found |= {(study, recipe.name): ClaimedRecipe(module.CLAIMS[recipe.name].wa, recipe.training.epochs, corpus)
                      for recipe in module.STUDY.recipes if recipe.name in module.CLAIMS}
    return found
