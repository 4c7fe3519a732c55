"""A user's file is loaded with the modules beside it, apart from those of other files, and is known again in another process."""

from __future__ import annotations

import importlib
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import cloudpickle
import pytest

from registry import core, own_files
from registry.errors import UsageError

ROOT = Path(__file__).parents[2]


def laid_out(folder: Path, **texts: str) -> Path:
    """A folder of modules, `parts__ops` standing for parts/ops.py; returns the file main.py."""
    for name, text in texts.items():
        path = folder / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / "main.py"


@pytest.mark.parametrize(("main", "expected"), [
    ("from parts import VALUE", 7), ("import parts\nVALUE = parts.VALUE", 7), ("import parts as p\nVALUE = p.VALUE", 7),
    ("from pack.deep import VALUE", 8), ("import pack.deep\nVALUE = pack.deep.VALUE", 8), ("from pack import deep\nVALUE = deep.VALUE", 8),
    ("from .parts import VALUE", 7), ("from parts import *", 7), ("import pack.deep as d, parts, json\nVALUE = d.VALUE + parts.VALUE", 15),
    ("try:\n    from parts import VALUE\nexcept ImportError:\n    VALUE = 0", 7)])
def test_a_file_may_import_modules_and_packages_beside_it_in_every_form(tmp_path: Path, main: str, expected: int) -> None:
    path = laid_out(tmp_path, main=main, parts="VALUE = 7", pack__deep="from .other import VALUE", pack__other="VALUE = 8")
    assert expected == core.load_file(path).VALUE
    assert "parts" not in sys.modules and "pack" not in sys.modules and not list(tmp_path.rglob("__pycache__"))


def test_an_import_inside_a_function_works_when_it_is_called_and_the_files_may_be_gone_by_then(tmp_path: Path) -> None:
    module = core.load_file(laid_out(tmp_path, main="def value():\n    from parts import VALUE\n    return VALUE", parts="VALUE = 7"))
    (tmp_path / "parts.py").unlink()
    assert module.value() == 7


def test_modules_of_one_name_beside_two_files_do_not_mix_and_a_changed_one_is_loaded_anew(tmp_path: Path) -> None:
    main = "from parts import VALUE\ndef late():\n    import parts\n    return parts.VALUE"
    first, second = (laid_out(tmp_path / name, main=main, parts=f"VALUE = {value}") for name, value in (("a", 1), ("b", 2)))
    modules = [core.load_file(first), core.load_file(second)]
    assert [(module.VALUE, module.late()) for module in modules] == [(1, 1), (2, 2)]
    assert core.load_file(first) is modules[0], "the same text is loaded once"
    (tmp_path / "a" / "parts.py").write_text("VALUE = 3")
    assert core.load_file(first).late() == 3 and modules[0].late() == 1


def test_bench_and_the_standard_library_come_before_what_lies_beside_and_no_file_imports_itself(tmp_path: Path) -> None:
    laid_out(tmp_path, json="1 / 0", registry="1 / 0", harness__study="1 / 0")
    path = laid_out(tmp_path, numpy="import json, numpy\nfrom registry.core import register\nVALUE = numpy.arange(3).sum()")
    assert core.load_file(path.with_name("numpy.py")).VALUE == 3


def test_a_mistake_in_a_module_beside_is_named_and_leaves_nothing_half_made(tmp_path: Path) -> None:
    path = laid_out(tmp_path, main="import parts", parts="x = (")
    with pytest.raises(UsageError, match=r"main.py could not be loaded: SyntaxError: .*parts.py"):
        core.load_file(path)
    (tmp_path / "parts.py").write_text("import no_such_module_anywhere")
    with pytest.raises(UsageError, match=r"No module named 'no_such_module_anywhere'"):
        core.load_file(path)
    assert not [name for name in sys.modules if name.endswith((".main", ".parts")) and name.startswith("own_")
                and str(tmp_path) in str(sys.modules[name].__file__)]


def test_a_file_that_imports_keras_prints_nothing_of_tensorflow_s(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("import keras\nVALUE = keras.config.backend()\n", encoding="utf-8")
    code = f"from pathlib import Path; from registry.own_files import load; print(load(Path({str(tmp_path / 'own.py')!r})).VALUE)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("tensorflow\n", "")


def test_a_file_whose_name_has_dots_or_hyphens_is_loaded(tmp_path: Path) -> None:
    for name in ("net-2.1", "class"):
        (tmp_path / f"{name}.py").write_text("VALUE = 1")
        assert core.load_file(tmp_path / f"{name}.py").VALUE == 1


def component(folder: Path) -> Any:
    main = ("from registry.core import register\n@register('main')\nclass Main:\n    depth: int = 1\n"
            "    def __call__(self):\n        from parts import VALUE\n        return self.depth + VALUE\n")
    return core.get("splits", str(laid_out(folder, main=main, parts="VALUE = 7")))(depth=3)


def test_another_process_knows_a_component_again_with_the_modules_beside_it_though_their_files_are_gone(tmp_path: Path) -> None:
    own = component(tmp_path)
    assert pickle.loads(pickle.dumps(own)) == own
    portable = own_files.Portable.of(own)
    for path in tmp_path.glob("*.py"):
        path.unlink()
    done = subprocess.run([sys.executable, "-c", "import pickle, sys; print(pickle.load(sys.stdin.buffer)())"], cwd=ROOT,
                          input=cloudpickle.dumps(portable), capture_output=True, check=True)
    assert done.stdout == b"10\n"
    assert own_files.known_in(b"nothing of a user's") == ()


def test_the_files_of_a_module_are_those_that_it_needs_and_those_of_bench_and_of_packages_are_none(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = component(tmp_path)
    files = own_files.files_of(type(own).__module__)
    assert files and sorted(files.texts) == ["main.py", "parts.py"] and own_files.name_within(type(own).__module__) == "main"
    laid_out(tmp_path / "path", by_name="import helper_of_by_name", helper_of_by_name="import keras", not_wanted="")
    monkeypatch.syspath_prepend(tmp_path / "path")
    importlib.import_module("by_name")
    files = own_files.files_of("by_name")
    assert files and sorted(files.texts) == ["by_name.py", "helper_of_by_name.py"], "imported in the ordinary way, as by a notebook"
    assert own_files.requirements_of(list(files.texts.values()))[0].startswith("keras==")
    assert [own_files.files_of(name) for name in ("registry.core", "numpy", "__main__", "no_such")] == [None] * 4


def test_what_is_installed_is_known_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    before = own_files.installed()
    assert own_files.installed() is before and "late_module" not in before
    (tmp_path / "late_package-1.5.dist-info").mkdir()
    (tmp_path / "late_package-1.5.dist-info" / "METADATA").write_text("Name: late-package\nVersion: 1.5\n")
    (tmp_path / "late_package-1.5.dist-info" / "top_level.txt").write_text("late_module\n")
    assert own_files.installed()["late_module"] == ["late-package"]
    assert own_files.requirements_of([b"import late_module.parts\nimport os"]) == ["late-package==1.5"]
