"""The lines that tests run are counted as coverage.py's own tracer counts them."""

from __future__ import annotations

import importlib
import inspect
import sys
from pathlib import Path

import pytest
from coverage import Coverage
from covered_lines import NOTE, Finder, report, write

MODULE = '''"""A module with every kind of statement."""
from __future__ import annotations

import dataclasses
from enum import Enum


class Colour(Enum):
    """A class whose names are counted."""

    RED = 1
    GREEN = 2


@dataclasses.dataclass(
    frozen=True,
)
class Point:
    """A point."""

    x: int = 0

    @property
    def __private(self) -> int:
        """Never called."""
        return self.x

    def kind(self) -> str:
        """Where it lies."""
        match self.x:
            case 0:
                return "zero"
            case 1 | 2:
                return "small"
            case _:
                return "large"


def sign(x: int) -> int:
    if x > 0:
        return 1
    elif x < 0:
        return -1
    else:
        return 0


def tried(
    text: str,
    default: int = 0,
) -> int:
    try:
        number = int(text)
    except TypeError:
        number = 1
    except ValueError:
        number = default
    else:
        number += 1
    finally:
        total = [number for _ in range(2)
                 if number]
    with open(__file__) as file:
        file.readline()
    for each in total:
        while each:
            each -= 1
            if not each:
                break
        else:
            pass
    global TOTAL
    TOTAL = (
        sum(total),
        lambda: sign(
            0),
    )
    return number


def never():
    yield 1


assert Colour.RED.value == 1, \\
    "a colour"
'''
CALLS = (("sign", 3), ("sign", 0), ("tried", "5"), ("tried", "x", 2))


def use(module: object) -> None:
    for name, *arguments in CALLS:
        getattr(module, name)(*arguments)
    assert module.Point(1).kind() == "small"  # type: ignore[attr-defined]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a package of one module, and another module that nobody imports."""
    (tmp_path / "measured").mkdir()
    (tmp_path / "measured" / "__init__.py").touch()
    (tmp_path / "measured" / "kinds.py").write_text(MODULE)
    (tmp_path / "measured" / "alone.py").write_text("A = 1\nB = 2\n")
    (tmp_path / "pyproject.toml").write_text("[tool.coverage.report]\nshow_missing = true\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def imported(name: str) -> object:
    for known in ("measured", "measured.kinds"):
        sys.modules.pop(known, None)
    importlib.invalidate_caches()
    return importlib.import_module(name)


def test_the_lines_are_those_that_coverage_s_tracer_finds(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(project / "measured" / "kinds.py")
    traced = Coverage(data_file=None, config_file=False, include=[path])
    before = sys.gettrace()
    with traced.collect():
        use(imported("measured.kinds"))
    sys.settrace(before)
    finder = Finder()
    monkeypatch.setattr("covered_lines.PACKAGES", ("measured",))
    monkeypatch.setattr(sys, "meta_path", [finder, *sys.meta_path])
    use(imported("measured.kinds"))
    write(finder.lines, project)
    noted = Coverage(str(project / ".coverage"), config_file=False)
    noted.combine()
    assert noted.analysis2(path)[1:4] == traced.analysis2(path)[1:4]
    assert [MODULE.splitlines()[line - 1].strip() for line in noted.analysis2(path)[3]] == [
        "return self.x", 'return "zero"', "case _:", 'return "large"', "return -1", "number = 1", "pass", "yield 1"]


def test_the_report_counts_modules_that_no_test_imports(project: Path) -> None:
    write({str(project / "measured" / "kinds.py"): set(range(len(MODULE.splitlines()) + 1))}, project)
    share, table = report(project, ["measured"])
    lines = {line.split()[0]: line.split()[1:] for line in table.splitlines() if line.startswith("measured")}
    assert lines["measured/alone.py"] == ["2", "2", "0%", "1-2"]
    assert lines["measured/kinds.py"][1:] == ["0", "100%"]
    statements = int(lines["measured/kinds.py"][0])
    assert share == pytest.approx(100 * statements / (statements + 2))


def test_a_module_that_notes_its_lines_keeps_its_documentation(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("covered_lines.PACKAGES", ("measured",))
    monkeypatch.setattr(sys, "meta_path", [Finder(), *sys.meta_path])
    module = imported("measured.kinds")
    assert NOTE in vars(module)
    assert module.__doc__ == "A module with every kind of statement."
    assert inspect.getsource(module.sign) in MODULE and module.Point.kind.__doc__ == "Where it lies."  # type: ignore[attr-defined]
