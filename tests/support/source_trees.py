"""The syntax trees of the packages."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("registry", "harness", "experiments")


def sources(*folders: str) -> dict[str, ast.Module]:
    """Path below the repository -> syntax tree, of every Python file in the folders."""
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in found}

