"""The published systems: their studies of recipes, their claims, and their names on the command line."""

from __future__ import annotations

from dataclasses import dataclass

from harness.study.definition import Recipe, Study
from harness.study.files import shipped
from registry.core import checked, load_file
from registry.errors import require, unknown

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


@dataclass(frozen=True, eq=False)
class System:
    """One published system: its study, its claim of each recipe, and recipes that differ from a published one on purpose.

    Args:
        variants: recipe -> the published recipe that it corrects or restates.
    """

    name: str
    study: Study
    claims: dict[str, Claim]
    variants: dict[str, str]

    @property
    def number(self) -> str:
        """Its short name: `002`."""
        return self.name.rpartition("_")[2]

    def recipe(self, name: str) -> Recipe:
        """The recipe of that name, which the system must have."""
        return next(recipe for recipe in self.study.recipes if recipe.name == name)


def systems() -> list[System]:
    """Every published system that is shipped, in order."""
    modules = {name: load_file(path) for name, path in shipped().items() if path.parent.name == FOLDER}
    return [System(name, module.STUDY, module.CLAIMS, getattr(module, "VARIANTS", {})) for name, module in modules.items()]


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
