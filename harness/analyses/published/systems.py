"""The published systems: their studies of recipes, their claims, and their names on the command line."""

from __future__ import annotations

from dataclasses import dataclass

from harness.study.claims import Claim, published_files
from harness.study.definition import Recipe, Study
from registry.core import load_file
from registry.errors import unknown


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
    modules = {name: load_file(path) for name, path in published_files().items()}
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
