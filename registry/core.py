"""How components are declared and looked up: a decorator that checks fields, and names from files without importing them."""

from __future__ import annotations

import ast
import dataclasses
import functools
import importlib.metadata
import json
import types
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from registry import own_files
from registry.errors import BenchError, UsageError, unknown

T = TypeVar("T")


@typing.dataclass_transform(frozen_default=True, kw_only_default=True)
def checked(cls: type[T]) -> type[T]:
    """Make a frozen keyword-only dataclass whose construction refuses unknown fields and wrong types with a clear error.

    Fields annotated `int`, `float`, `bool`, `str`, `Literal[…]`, `X | None` or `tuple[X, ...]` are checked; others are
    left to `__post_init__`. A whole number is accepted, and stored, where a float is expected.
    """
    checked_class = dataclasses.dataclass(frozen=True, kw_only=True)(cls)
    plain_init = checked_class.__init__

    @functools.wraps(plain_init)
    def __init__(self: Any, *args: Any, **fields: Any) -> None:
        name = label_of(type(self))
        hints = field_types(type(self))  # type: ignore[arg-type]
        for key in fields:
            if key not in hints:
                raise unknown(f"field of {name}", key, hints)
        if args:
            raise UsageError(f"{name} takes its fields by name only, not {args!r}; its fields: {', '.join(hints)}")
        missing = [f.name for f in dataclasses.fields(self) if f.name not in fields and not _has_default(f)]
        if missing:
            raise UsageError(f"{name} needs the field{'s'[: len(missing) > 1]} {', '.join(missing)}")
        plain_init(self, **{key: _fit(f"{name}.{key}", value, hints[key]) for key, value in fields.items()})

    checked_class.__init__ = __init__  # type: ignore[method-assign]
    return checked_class


@typing.dataclass_transform(frozen_default=True, kw_only_default=True)
def register(name: str) -> Callable[[type[T]], type[T]]:
    """Declare a component of the subpackage that the decorated class's file lies in; `name` is the file's name."""

    def declare(cls: type[T]) -> type[T]:
        cls.name = name  # type: ignore[attr-defined]
        return checked(cls)

    return declare


def _has_default(field: dataclasses.Field[Any]) -> bool:
    return field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING


_annotations = functools.cache(typing.get_type_hints)  # compiling them takes longer than all else in the construction of a component


def field_types(cls: Any) -> dict[str, Any]:
    """The fields of a component class with their resolved annotations."""
    hints = _annotations(cls)
    return {f.name: hints[f.name] for f in dataclasses.fields(cls)}


def _fit(where: str, value: Any, hint: Any) -> Any:
    """The value as its annotation wants it, or `UsageError`."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        if value not in arguments:
            raise unknown(f"choice for {where}", str(value), map(str, arguments))
        return value
    if origin in (types.UnionType, typing.Union):
        return None if value is None and type(None) in arguments else _fit(where, value, _first_real(arguments))
    if origin is tuple and isinstance(value, (tuple, list)):
        return tuple(_fit(where, item, arguments[0]) for item in value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError as error:
            raise UsageError(f"{where} is larger than any float") from error
    wrong_bool = isinstance(value, bool) and hint is not bool
    if hint in (int, float, bool, str) and (wrong_bool or not isinstance(value, hint)):
        raise UsageError(f"{where} must be {'True or False' if hint is bool else hint.__name__}, not {value!r}")
    if origin is tuple:
        raise UsageError(f"{where} must be a tuple or list, not {value!r}")
    return value


def _first_real(arguments: tuple[Any, ...]) -> Any:
    return next(a for a in arguments if a is not type(None))


def label_of(cls: type) -> str:
    """The registered name of a component class, or its class name."""
    return str(getattr(cls, "name", cls.__name__))


ORIGINS = ("files_sha256", "package_version")  # of what a component computes with
BESIDE_FIELDS = ("component", "version", *ORIGINS)  # what a specification has beside the fields


def specification(component: Any) -> Any:
    """A component as plain JSON data: name, version and every field; signatures and cache keys hash it.

    Fields that a class names in `later_fields` are left out at their default: results of before it had them stay valid. A component whose
    numbers depend on a file, as on the weights of an encoder, has the property `files_sha256`, which stands beside its fields; one whose
    numbers a package computes that bench does not require has `package_version`, as `opensmile==2.6.0`.
    """
    if dataclasses.is_dataclass(component) and not isinstance(component, type):
        left_out = {*getattr(component, "later_fields", ())} - {*differing(component)}
        fields = {f.name: specification(getattr(component, f.name)) for f in dataclasses.fields(component) if f.name not in left_out}
        origins = {key: value for key in ORIGINS if (value := getattr(component, key, None)) is not None}
        return {"component": label_of(type(component)), "version": getattr(component, "version", 1), **origins, **fields}
    if isinstance(component, (tuple, list)):
        return [specification(item) for item in component]
    return component


def canonical(data: Any) -> str:
    """The one JSON text of plain data: sorted keys, no spaces."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def differing(component: Any) -> dict[str, Any]:
    """The fields of a component that differ from their defaults."""
    return {f.name: getattr(component, f.name) for f in dataclasses.fields(component)
            if _has_default(f) and getattr(component, f.name) != _default(f)}


def _default(field: dataclasses.Field[Any]) -> Any:
    return field.default if field.default is not dataclasses.MISSING else field.default_factory()  # type: ignore[misc, operator]


def short_label(component: Any) -> str:
    """Name and non-default fields, for people: `mel[n_mels=40]`."""
    texts = {key: short_label(value) if dataclasses.is_dataclass(value) else value for key, value in differing(component).items()}
    changes = ", ".join(f"{key}={text}" for key, text in texts.items())
    return label_of(type(component)) + (f"[{changes}]" if changes else "")


# Lookup: a subpackage is the registry of its kind; a module's file name is the component's name.

KINDS = {"corpora": "corpus", "feature-spaces": "feature space", "augmentations": "augmentation", "architectures": "architecture",
         "splits": "split protocol"}


def kind_named(text: str) -> str:
    """The kind that a text names, with a hyphen or an underscore. Raises UsageError with the near names.

    >>> kind_named("feature_spaces")
    'feature-spaces'
    """
    kind = text.replace("_", "-")
    if kind not in KINDS:
        raise unknown("kind of component", text, KINDS)
    return kind


def names(kind: str) -> list[str]:
    """The names of a kind (`corpora`, `feature-spaces`, `augmentations`, `architectures`, `splits`), sorted."""
    return sorted({*_shipped(kind), *_installed(kind)})


def describe(path: Path) -> str:
    """The first docstring line of a Python file, read without importing it."""
    text = ast.get_docstring(ast.parse(path.read_bytes())) or ""
    return text.partition("\n")[0].strip()


def catalogue(kind: str) -> list[tuple[str, str]]:
    """Names and one-line descriptions of a kind, without importing any component; of an installed package's, where they come from."""
    installed = {name: f"from {entry.dist.name if entry.dist else entry.module}" for name, entry in _installed(kind).items()}
    return sorted({**installed, **{name: describe(path) for name, path in _shipped(kind).items()}}.items())


def get(kind: str, name: str) -> type[Any]:
    """The component class registered under a name.

    A path (`my_net.py`) runs a user's own file instead: for names that the user gives, never for those from a file or a store.
    Raises: BenchError with the near names when there is none.
    """
    return _from_file(Path(name)) if name.endswith(".py") else registered(kind, name)


def registered(kind: str, name: str) -> type[Any]:
    """The component class of the registry, or of an installed package's entry points `bench.<kind>`, of this name; no file is run.

    Raises: BenchError with the near names when there is none.
    """
    if name in _shipped(kind):
        return _component(importlib.import_module(f"registry.{_package(kind)}.{name}"), name)
    entry = _installed(kind).get(name)
    if entry is None:
        raise unknown(KINDS[kind_named(kind)], name, names(kind))
    return typing.cast(type[Any], entry.load())


def _package(kind: str) -> str:
    return kind_named(kind).replace("-", "_")


def _shipped(kind: str) -> dict[str, Path]:
    """The files of a kind in its subpackage, by name."""
    return {path.stem: path for path in sorted((Path(__file__).parent / _package(kind)).glob("*.py")) if not path.stem.startswith("_")}


def _installed(kind: str) -> dict[str, importlib.metadata.EntryPoint]:
    """What installed packages offer of a kind, by name; nothing is imported."""
    return {entry.name: entry for entry in importlib.metadata.entry_points(group=f"bench.{_package(kind)}")}


def declared(module: types.ModuleType, name: str) -> type[Any] | None:
    """The class that a module itself registers under a name; None when it has none."""
    classes = (value for value in vars(module).values() if isinstance(value, type) and value.__module__ == module.__name__)
    return next((cls for cls in classes if cls.__dict__.get("name") == name), None)


def _component(module: types.ModuleType, name: str) -> type[Any]:
    component = declared(module, name)
    if component is None:
        raise UsageError(f"{module.__file__} declares no component called {name!r}: decorate its class with @register({name!r})")
    return component


def _from_file(path: Path) -> type[Any]:
    return _component(load_file(path), path.stem)


def load_file(path: Path) -> types.ModuleType:
    """Import one Python file that lies outside any package, with the modules beside it that it imports.

    Raises: UsageError when it is missing or wrong (syntax, names, fields); BenchError when the disk or what it reads is at fault.
    """
    if not path.is_file():
        raise UsageError(f"there is no file {path}")
    try:
        return own_files.load(path)
    except (Exception, SystemExit) as error:
        reason = f": {error}" if isinstance(error, BenchError) else f" could not be loaded: {type(error).__name__}: {error}"
        outside = isinstance(error, (BenchError, OSError, MemoryError)) and not isinstance(error, UsageError)
        raise (BenchError if outside else UsageError)(f"{path}{reason}") from error
