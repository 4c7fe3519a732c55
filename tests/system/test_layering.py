"""Layering: imports run one way, each framework has one owner, nothing heavy loads early, nothing touches global random state."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
from source_trees import PACKAGES, ROOT, sources

OWNERS = {
    "mlflow": ("harness/tracking/",),
    "optuna": ("harness/search/", "experiments/"),
    "sqlalchemy": ("harness/search/",),
    "dask": ("harness/execution/dask_pool.py",),
    "distributed": ("harness/execution/dask_pool.py", "harness/execution/dask_worker.py"),
    "rich": ("harness/console.py",),
    "librosa": ("registry/",),
    "keras": ("registry/architectures/", "registry/augmentations/", "registry/rules/", "registry/contracts.py", "harness/training/"),
    "tensorflow": ("harness/training/backend.py",),
    "requests": ("harness/data/download.py",),
    "pooch": ("harness/data/download.py",),
}
HEAVY = ("tensorflow", "keras", "mlflow", "optuna", "librosa", "sklearn", "pandas", "scipy", "matplotlib", "soundfile", "requests",
         "pooch", "sqlalchemy", "dask", "distributed")
LOCAL_RANDOMNESS = {"default_rng", "Generator", "SeedSequence", "PCG64", "BitGenerator"}


def imported(tree: ast.AST) -> Iterator[str]:
    """The top-level package of every import that runs, in functions too; those for type checkers only do not run."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
        yield from imported(node)


def importers(package: str, *folders: str) -> list[str]:
    return [path for path, tree in sources(*folders).items() if package in imported(tree)]


def test_the_syntax_trees_of_all_three_packages_are_read() -> None:
    assert len(sources(*PACKAGES)) > 60
    assert "registry" in imported(ast.parse("def f():\n    from registry.core import get"))
    assert "keras" not in imported(ast.parse("if TYPE_CHECKING:\n    import keras"))


def test_the_registry_imports_neither_harness_nor_experiments() -> None:
    assert importers("harness", "registry") == importers("experiments", "registry") == []


def test_the_harness_never_imports_experiments() -> None:
    assert importers("experiments", "harness") == []


@pytest.mark.parametrize("framework", OWNERS)
def test_each_framework_is_imported_by_its_owner_alone(framework: str) -> None:
    found = importers(framework, *PACKAGES)
    assert found, f"nothing imports {framework}: its line in OWNERS is out of date"
    assert [path for path in found if not path.startswith(OWNERS[framework])] == []


def test_nothing_uses_global_random_state() -> None:
    found = [f"{path}:{node.lineno}" for path, tree in sources(*PACKAGES).items() for node in ast.walk(tree)
             if isinstance(node, ast.Attribute) and node.attr not in LOCAL_RANDOMNESS
             and ast.unparse(node.value) in ("np.random", "numpy.random")]
    assert found == []
    assert importers("random", *PACKAGES) == ["harness/training/backend.py"]  # for a generator of its own


def test_keras_is_seeded_in_one_place_of_the_harness() -> None:
    callers = [path for path, tree in sources("harness", "experiments").items() if "set_random_seed" in ast.unparse(tree)]
    assert callers == ["harness/training/backend.py"]


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["list"]])
def test_help_and_lists_load_no_heavy_library(arguments: list[str]) -> None:
    code = ("import contextlib, io, json, sys\nfrom harness.cli import main\n"
            "with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.suppress(SystemExit):\n    main(sys.argv[1:])\n"
            "print(json.dumps([len(out.getvalue()), sorted(sys.modules)]))")
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True, cwd=ROOT)
    printed, modules = json.loads(done.stdout)
    assert printed > 500
    assert [name for name in HEAVY if name in modules] == []
