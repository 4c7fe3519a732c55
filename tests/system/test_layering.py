"""Layering: imports run one way, each framework has one owner, nothing heavy loads early, nothing touches global random state."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
from source_trees import PACKAGES, ROOT, circle, imported_modules, module_imports, sources

OWNERS = {
    "mlflow": ("harness/tracking/",),
    "optuna": ("harness/search/", "experiments/"),
    "sqlalchemy": ("harness/tracking/", "harness/search/"),
    "dask": ("harness/execution/local_cluster.py",),
    "distributed": ("harness/execution/dask_pool.py", "harness/execution/dask_worker.py", "harness/execution/local_cluster.py"),
    "rich": ("harness/console.py", "harness/table_layout.py"),
    "librosa": ("registry/",),
    "opensmile": ("registry/feature_spaces/_opensmile.py",),
    "keras": ("registry/architectures/", "registry/augmentations/", "registry/rules/", "registry/encoders/", "registry/contracts.py",
              "registry/keras_state.py", "registry/own_layers.py", "harness/training/"),
    "tensorflow": ("harness/training/backend.py", "harness/training/fast_layers.py"),
    "jinja2": ("harness/reports/html/",),
    "markdown_it": ("harness/reports/html/",),
    "requests": ("harness/data/download.py",),
    "pooch": ("harness/data/download.py",),
}
HEAVY = ("tensorflow", "keras", "mlflow", "optuna", "librosa", "sklearn", "pandas", "scipy", "matplotlib", "soundfile", "requests",
         "pooch", "sqlalchemy", "dask", "distributed", "opensmile")
LOCAL_RANDOMNESS = {"default_rng", "Generator", "SeedSequence", "PCG64", "BitGenerator"}


ORDER = (("study",), ("data",), ("training",), ("tracking",), ("search",), ("evaluation",), ("execution", "reports"),
         ("analyses", "prediction"), ("cli",))
FLOOR = {name: floor for floor, names in enumerate(ORDER) for name in names}
TOP = {"__init__", "console", "safe_text", "saved_model", "table_layout"}  # modules that lie in no folder
PRINTS = ("cli", "execution", "analyses")  # may be handed a console: results are printed by `cli`, the others show progress
LONGEST = 300  # lines of a module


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


def opens_text_without_encoding(call: ast.Call) -> bool:
    """Whether a call reads or writes text in the encoding of the machine, which is not UTF-8 everywhere."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name not in ("read_text", "write_text", "open") or "encoding" in {keyword.arg for keyword in call.keywords}:
        return False
    modes = [argument.value for argument in call.args if isinstance(argument, ast.Constant) and isinstance(argument.value, str)]
    return name != "open" or any(set(mode) <= set("rwax+t") for mode in modes) or not (call.args or call.keywords)


def test_text_files_are_read_and_written_in_utf_8_whatever_the_machine_has() -> None:
    assert opens_text_without_encoding(ast.parse("path.open('w')").body[0].value)  # type: ignore[attr-defined]
    found = [f"{path}:{node.lineno}" for path, tree in sources(*PACKAGES).items() for node in ast.walk(tree)
             if isinstance(node, ast.Call) and opens_text_without_encoding(node)]
    assert found == []


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


def rooms(path: str) -> tuple[str, str]:
    """The folder of the harness that a file lies in, and the folder below that: the analyses do not know each other."""
    parts = path.split("/")[1:-1]
    return (parts or [""])[0], "/".join(parts)


def imports_between_folders() -> list[tuple[str, str, str]]:
    """(file, its folder, the other folder) of each import in the harness, in functions and for type checkers too."""
    names = [(path, name.split(".")) for path, tree in sources("harness").items() for name in imported_modules(tree)]
    return [(path, rooms(path)[0], parts[1]) for path, parts in names if parts[0] == "harness" and len(parts) > 1 and parts[1] in FLOOR]


def test_every_folder_of_the_harness_has_its_floor() -> None:
    folders = {path.name for path in (ROOT / "harness").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == FLOOR.keys()
    assert {path.stem for path in (ROOT / "harness").glob("*.py")} <= TOP


def test_a_folder_of_the_harness_imports_only_folders_below_it() -> None:
    between = imports_between_folders()
    assert len(between) > 200
    assert [f"{path} imports {other}" for path, own, other in between if own in FLOOR and own != other and FLOOR[other] >= FLOOR[own]] == []


def test_console_and_safe_text_import_no_folder() -> None:
    above = ("saved_model.py", "__init__.py")  # these may import every folder
    assert [(path, other) for path, own, other in imports_between_folders() if not own and not path.endswith(above)] == []


def test_the_analyses_do_not_know_each_other() -> None:
    wrong = [(path, name) for path, tree in sources("harness/analyses").items() for name in imported_modules(tree)
             if name.startswith("harness.analyses.") and name.split(".")[2] != rooms(path)[1].partition("/")[2]]
    assert wrong == []


def test_no_modules_of_the_harness_import_each_other_in_a_circle() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}}) != []
    assert circle(module_imports("harness")) == []


def test_results_are_printed_by_the_command_line_alone() -> None:
    consoles = {path for path, tree in sources("harness").items() if "harness.console.Console" in set(imported_modules(tree))}
    assert {path for path in consoles if rooms(path)[0] not in PRINTS} <= {"harness/data/download.py", "harness/__init__.py"}
    calls = [f"{path}:{node.lineno}" for path, tree in sources("harness").items() for node in ast.walk(tree) if isinstance(node, ast.Call)
             and ast.unparse(node.func).rpartition(".")[2] in ("print", "result", "table") and rooms(path)[0] != "cli"
             and (ast.unparse(node.func) == "print" or "console" in ast.unparse(node.func))]
    assert [call for call in calls if not call.startswith(("harness/training/cost_probe.py", "harness/console.py"))] == []


COVERED = {  # modules without a test file of their name -> the test that covers them
    "analyses/leakage/options.py": "tests/harness/analyses/leakage/test_run.py",
    "analyses/noise/options.py": "tests/harness/analyses/noise/test_run.py",
    "analyses/published/options.py": "tests/harness/analyses/published/test_run.py",
    "analyses/transfer/options.py": "tests/harness/analyses/transfer/test_run.py",
    "execution/dask_worker.py": "tests/harness/execution/test_dask_pool.py", "execution/job.py": "tests/harness/execution/test_worker.py",
    "execution/pool.py": "tests/system/test_survival.py", "execution/run_context.py": "tests/harness/execution/test_run_study.py",
    "reports/page_parts.py": "tests/harness/reports/test_study_report.py",
    "saved_model.py": "tests/harness/training/test_saved_model.py", "training/result.py": "tests/harness/training/test_run_trial.py"}


def test_each_module_of_the_harness_has_a_test_file_of_its_name_or_is_covered_by_a_named_one() -> None:
    modules = {path.removeprefix("harness/") for path in sources("harness") if not path.endswith("__init__.py")}
    tests = {path.relative_to(ROOT / "tests" / "harness") for path in (ROOT / "tests" / "harness").rglob("test_*.py")}
    mirrored = {path.with_name(path.name.removeprefix("test_")).as_posix() for path in tests}
    assert modules - mirrored == COVERED.keys() and mirrored <= modules
    assert [test for test in COVERED.values() if not (ROOT / test).is_file()] == []


def test_no_module_of_the_harness_is_long() -> None:
    lengths = {path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in sources("harness")}
    assert {path: length for path, length in lengths.items() if length > LONGEST} == {}
