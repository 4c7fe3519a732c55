"""Which lines of harness and registry the tests run, for `make test`, without a tracer.

Before Python 3.12, coverage.py's tracer is called for each line of every library, MLflow's and Keras's too: tests took 65 % more processor
time. Here a module of ours is compiled, where a test process imports it, with a call before each statement that notes the line;
coverage.py reports. What processes of their own run is not counted.
"""

from __future__ import annotations

import ast
import io
import sys
from collections.abc import Collection, Iterator, Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import pytest
from coverage import Coverage, CoverageData

NOTE = "__line_is_run__"  # what modules call; the dunder at its end keeps classes from renaming it
PACKAGES = ("harness", "registry")


def noting(tree: ast.Module) -> ast.Module:
    """The tree of a module with a call of `NOTE` before each statement, whose argument is the line."""
    entered: dict[ast.AST, list[ast.stmt]] = {}
    for node in ast.walk(tree):
        branches = getattr(node, "handlers", None) or getattr(node, "cases", None) or []
        lines = [getattr(branch, "pattern", branch).lineno for branch in branches]
        for place, branch in enumerate(branches):  # Python came by each `except` or `case` above, none of which is a statement
            entered[branch] = [_call(line, branch.body[0]) for line in lines[: place + 1]]
        for name in ("body", "orelse", "finalbody"):
            statements = getattr(node, name, None)
            if isinstance(statements, list):  # a conditional expression and a lambda have a body that is none
                setattr(node, name, [*entered.get(node, ()), *_noted(statements, name == "body")])
    return tree


def _noted(statements: Sequence[ast.stmt], has_head: bool) -> Iterator[ast.stmt]:
    for place, statement in enumerate(statements):
        if has_head and not place and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            yield statement  # a docstring has to be the first, and is none that is run
            continue
        decorators = (each.lineno for each in getattr(statement, "decorator_list", ()))
        calls = [_call(line, statement) for line in (*decorators, statement.lineno)]
        from_future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
        yield from (statement, *calls) if from_future else (*calls, statement)


def _call(line: int, place: Any) -> ast.stmt:
    call = ast.Expr(ast.Call(ast.Name(NOTE, ast.Load()), [ast.Constant(line)], []))
    return ast.fix_missing_locations(ast.copy_location(call, place))


class NotingLoader(SourceFileLoader):
    """Loads a module that notes which of its lines are run."""

    lines: set[int]

    def get_code(self, fullname: str) -> CodeType:
        """The module's code, not kept beside its source: other processes would call what they have not."""
        return compile(noting(ast.parse(self.get_data(self.path), self.path)), self.path, "exec", dont_inherit=True)

    def exec_module(self, module: ModuleType) -> None:
        setattr(module, NOTE, self.lines.add)
        super().exec_module(module)


class Finder:
    """Finds the modules of our packages before others do, and has them note their lines."""

    def __init__(self) -> None:
        self.lines: dict[str, set[int]] = {}

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name.partition(".")[0] not in PACKAGES:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec and isinstance(spec.loader, SourceFileLoader):
            spec.loader = NotingLoader(spec.loader.name, spec.loader.path)
            spec.loader.lines = self.lines.setdefault(spec.loader.path, set())
        return spec


class CoveredLines:
    """The plugin of pytest: each process that runs tests writes a file of lines, the one that began reports, and fails below a share."""

    def __init__(self, config: pytest.Config, least: float) -> None:
        self.config, self.least, self.finder, self.text = config, least, Finder(), ""
        self.is_worker, self.shares_work = hasattr(config, "workerinput"), bool(getattr(config.option, "numprocesses", None))
        if not self.is_worker:
            for old in config.rootpath.glob(".coverage*"):
                old.unlink()
        sys.meta_path.insert(0, self.finder)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Any:
        result = yield
        if self.is_worker or not self.shares_work:
            write(self.finder.lines, self.config.rootpath)
        if not self.is_worker and not self.config.option.collectonly:
            share, self.text = report(self.config.rootpath)
            self.text += f"{share:.2f} % of the lines are covered, {'but ' * (share < self.least)}at least {self.least:g} % must be\n"
            session.testsfailed += share < self.least  # which makes it the exit status of failed tests
        return result

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.write_sep("=", "lines that tests run")
        terminalreporter.write(self.text)


def write(lines: dict[str, set[int]], folder: Path) -> None:
    """Write which lines were run to a file of its own, as coverage.py writes those of one process of several."""
    data = CoverageData(str(folder / ".coverage"), suffix=True)
    data.add_lines({path: run for path, run in lines.items() if run})
    data.write()


def report(folder: Path, packages: Collection[str] = PACKAGES) -> tuple[float, str]:
    """The percentage of lines that were run, modules that were never imported included, and a table of what was not."""
    measured, table = Coverage(str(folder / ".coverage"), config_file=str(folder / "pyproject.toml")), io.StringIO()
    measured.combine()
    measured.get_data().touch_files([str(path) for package in packages for path in sorted((folder / package).rglob("*.py"))])
    return measured.report(file=table), table.getvalue()
