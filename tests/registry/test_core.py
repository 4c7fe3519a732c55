"""Declaring, checking, finding and describing components, and the texts of errors."""

from __future__ import annotations

import dataclasses
import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar, Literal

import pytest

from registry import core
from registry.core import canonical, checked, differing, register, short_label, specification
from registry.errors import BenchError, Declined, UsageError, require, unknown


@register("thing")
class Thing:
    """A component with a field of every checked type."""

    version: ClassVar[int] = 3
    count: int = 2
    gain_db: float = 1.5
    loud: bool = False
    window: Literal["hann", "hamming"] = "hann"
    trim_db: float | None = None
    sizes: tuple[int, ...] = (3, 5)
    label: str = "plain"

    def __post_init__(self) -> None:
        require(self.count > 0, f"thing.count must be positive, not {self.count}")


@checked
class Pair:
    """Two things."""

    things: tuple[Thing, ...]


@pytest.mark.parametrize(("fields", "message"), [
    ({"cuont": 3}, "no field of thing is called 'cuont'. Did you mean 'count'"),
    ({"count": 2.5}, "thing.count must be int, not 2.5"),
    ({"count": True}, "thing.count must be int, not True"),
    ({"count": 0}, "thing.count must be positive, not 0"),
    ({"gain_db": "loud"}, "thing.gain_db must be float, not 'loud'"),
    ({"loud": 1}, "thing.loud must be True or False, not 1"),
    ({"window": "han"}, "no choice for thing.window is called 'han'. Did you mean 'hann'"),
    ({"trim_db": "30"}, "thing.trim_db must be float, not '30'"),
    ({"sizes": 3}, "thing.sizes must be a tuple or list, not 3"),
    ({"sizes": (3, "5")}, "thing.sizes must be int, not '5'"),
])
def test_a_wrong_field_is_refused_with_its_value(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(BenchError, match=message):
        Thing(**fields)


def test_positional_and_missing_fields_are_refused_by_name() -> None:
    with pytest.raises(BenchError, match=r"thing takes its fields by name only"):
        Thing(3)  # type: ignore[misc]
    with pytest.raises(BenchError, match=r"Pair needs the field things"):
        Pair()  # type: ignore[call-arg]


def test_whole_numbers_become_floats_and_lists_tuples() -> None:
    """So that 30 and 30.0 are one component with one signature."""
    thing = Thing(gain_db=2, trim_db=30, sizes=[7])  # type: ignore[arg-type]
    assert (type(thing.gain_db), type(thing.trim_db), thing.sizes) == (float, float, (7,))
    assert canonical(specification(thing)) == canonical(specification(Thing(gain_db=2.0, trim_db=30.0, sizes=(7,))))


def test_components_are_frozen_comparable_and_picklable() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Thing().count = 3  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(Thing(count=4))) == Thing(count=4) != Thing()
    assert dataclasses.replace(Thing(), count=4) == Thing(count=4)


def test_a_specification_holds_name_version_and_every_field() -> None:
    data = specification(Pair(things=(Thing(), Thing(count=9))))
    assert data["things"][1] == {"component": "thing", "version": 3, "count": 9, "gain_db": 1.5, "loud": False, "window": "hann",
                                 "trim_db": None, "sizes": [3, 5], "label": "plain"}
    assert json.loads(canonical(data)) == data


def test_canonical_text_does_not_depend_on_order_and_refuses_nan() -> None:
    assert canonical({"b": 1, "a": [1, 2]}) == '{"a":[1,2],"b":1}' == canonical({"a": [1, 2], "b": 1})
    with pytest.raises(ValueError):
        canonical({"a": float("nan")})


def test_labels_show_only_what_differs_from_the_defaults() -> None:
    assert short_label(Thing()) == "thing"
    assert short_label(Thing(count=9, window="hamming")) == "thing[count=9, window=hamming]"
    assert differing(Thing(count=2, loud=True)) == {"loud": True}


@pytest.mark.parametrize("kind", core.KINDS)
def test_names_are_sorted_and_every_component_is_found_under_its_own(kind: str) -> None:
    names = core.names(kind)
    assert names == sorted(names) and not any(name.startswith("_") for name in names)
    assert [core.get(kind, name).name for name in names] == names


@pytest.mark.parametrize("kind", core.KINDS)
def test_every_component_has_a_description_of_one_sentence(kind: str) -> None:
    for name, description in core.catalogue(kind):
        assert description.endswith("."), f"{kind} {name}: {description!r}"


def test_the_catalogue_imports_no_heavy_library() -> None:
    """So that `bench list` answers at once."""
    code = ("import sys; from registry import core; [core.catalogue(kind) for kind in core.KINDS]; import registry.contracts;"
            "print(sorted({'keras', 'librosa', 'sklearn', 'pandas', 'scipy', 'numpy', 'soundfile'} & set(sys.modules)))")
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                            cwd=Path(core.__file__).parents[1])
    assert result.stdout.strip() == "[]"


def test_an_unknown_name_or_kind_is_answered_with_the_near_ones() -> None:
    with pytest.raises(BenchError, match=r"no architecture is called 'residual_3d'. Did you mean 'residual_2d' or 'residual_1d'"):
        core.get("architectures", "residual_3d")
    with pytest.raises(BenchError, match=r"no kind of component is called 'architecture'. Did you mean 'architectures'"):
        core.names("architecture")


def test_a_kind_is_written_with_a_hyphen_or_an_underscore() -> None:
    assert core.names("feature_spaces") == core.names("feature-spaces") and core.get("feature_spaces", "mel").name == "mel"


def test_a_users_own_file_is_found_by_its_path(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("from __future__ import annotations\nfrom typing import ClassVar\nfrom registry.core import register\n"
                    "@register('mine')\nclass Mine:\n    version: ClassVar[int] = 1\n    depth: int = 3\n", encoding="utf-8")
    cls = core.get("architectures", str(file))
    assert cls(depth=4).depth == 4
    assert pickle.loads(pickle.dumps(cls(depth=4))) == cls(depth=4)


def test_two_own_files_of_the_same_name_do_not_displace_each_other(tmp_path: Path) -> None:
    made = []
    for folder, default in (("a", 1), ("b", 2)):
        (tmp_path / folder).mkdir()
        file = tmp_path / folder / "json.py"
        file.write_text(f"from registry.core import register\n@register('json')\nclass Mine:\n    depth: int = {default}\n",
                        encoding="utf-8")
        made.append(core.get("splits", str(file))())
    assert [pickle.loads(pickle.dumps(each)).depth for each in made] == [1, 2]
    assert sys.modules["json"] is json


@pytest.mark.parametrize(("text", "message"), [
    (None, "there is no file"),
    ("x = (", "could not be loaded: SyntaxError"),
    ("import no_such_module_anywhere", "could not be loaded: ModuleNotFoundError"),
    ("x = 1", "declares no component called 'own': decorate its class with @register"),
    ("from registry.core import register\n@register('other')\nclass Other:\n    pass", "declares no component called 'own'"),
])
def test_an_own_file_that_does_not_work_says_why(tmp_path: Path, text: str | None, message: str) -> None:
    file = tmp_path / "own.py"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        core.get("splits", str(file))


@pytest.mark.parametrize(("text", "kind"), [
    ("from registry.core import register\n@register('own')\nclass Own:\n    depth: int = 1\nOwn(dept=2)", UsageError),
    ("open('no such file')", BenchError), ("from registry.errors import BenchError\nraise BenchError('no corpus')", BenchError)])
def test_a_mistake_in_a_file_is_the_callers_and_an_absent_file_is_not(tmp_path: Path, text: str, kind: type[BenchError]) -> None:
    (tmp_path / "own.py").write_text(text, encoding="utf-8")
    with pytest.raises(BenchError) as caught:
        core.load_file(tmp_path / "own.py")
    assert type(caught.value) is kind


def test_a_file_that_failed_to_load_leaves_no_half_made_module(tmp_path: Path) -> None:
    file = tmp_path / "broken_study.py"
    file.write_text("raise OSError('disk')", encoding="utf-8")
    with pytest.raises(BenchError, match="OSError: disk"):
        core.load_file(file)
    assert not [name for name in sys.modules if name.startswith("broken_study")]


def test_an_installed_packages_components_are_listed_without_import_and_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    about = tmp_path / "nice_features-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: nice-features\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[bench.feature_spaces]\nthing = nice_features:Thing\nmel = nice_features:Other\n")
    (tmp_path / "nice_features.py").write_text("class Thing:\n    name = 'thing'\n")
    monkeypatch.syspath_prepend(tmp_path)
    entries = dict(core.catalogue("feature-spaces"))
    assert entries["thing"] == "from nice-features" and entries["mel"].startswith("Mel")
    assert "nice_features" not in sys.modules
    with pytest.raises(UsageError, match="Did you mean 'thing'"):
        core.get("feature-spaces", "thingy")
    assert core.get("feature-spaces", "thing").__name__ == "Thing"
    assert core.get("feature-spaces", "mel").__module__ == "registry.feature_spaces.mel"


def test_an_unknown_name_without_near_ones_lists_all() -> None:
    assert str(unknown("split", "zzz", ["b", "a"])) == "no split is called 'zzz'. All: a, b"


def test_declined_is_a_bench_error_so_that_one_handler_suffices() -> None:
    assert issubclass(Declined, BenchError)
    with pytest.raises(BenchError, match=r"^no$"):
        require(False, "no")
