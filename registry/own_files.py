"""Users' own Python files: loaded with the modules beside them, under names of their own, and known again where the files are not.

A study or component may import modules that lie beside it, as a script may. Each file is loaded into a package that is named after the
text of all of them: two studies whose modules have the same name do not mix, and neither do two versions of one file. The text
goes along to worker processes and into saved models, and the modules are made from it there; nothing is read from the disk twice.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib
import importlib.machinery
import importlib.metadata
import importlib.util
import pickle
import sys
import types
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from registry.keras_state import as_installed, load_keras

OURS = frozenset({"registry", "harness", "experiments"})  # never those that lie beside a file, as in a checkout
PREFIX = "own_"


@dataclass(frozen=True)
class OwnFiles:
    """The files that a user's file needs; picklable.

    Args:
        folder: where they lie, or lay. texts: path below it, with forward slashes -> content, of all of them.
    """

    folder: str
    texts: dict[str, bytes] = field(hash=False)

    @property
    def package(self) -> str:
        """The name of the package that they are modules of: that of their folder and content."""
        digest = hashlib.sha256(repr((self.folder, sorted(self.texts.items()))).encode())
        return f"{PREFIX}{digest.hexdigest()[:12]}"

    def path_of(self, parts: Sequence[str]) -> str | None:
        """The file of a module; None where there is none, as of a folder that holds modules."""
        name = "/".join(parts)
        return next((path for path in self.texts if path == f"{name}/__init__.py" or _dotless(path.removesuffix(".py")) == name), None)

    def has(self, parts: Sequence[str]) -> bool:
        """Whether there is such a module, or a folder with some."""
        return bool(self.path_of(parts)) or any(path.startswith("/".join(parts) + "/") for path in self.texts)

    def needed_by(self, modules: Iterable[str]) -> OwnFiles:
        """Those of the files that some of their modules need."""
        paths = [path for module in modules if (path := self.path_of(module.split(".")))]
        return OwnFiles(self.folder, _with_imports(paths, self.texts.get))

    def module(self, name: str) -> types.ModuleType:
        """A module of the package, executed when it is first wanted; one whose code fails leaves nothing behind."""
        _known[self.package] = self
        before = set(sys.modules)
        try:
            with as_installed():
                return importlib.import_module(f"{self.package}.{name}")
        except BaseException:
            for new in {*sys.modules} - before:
                if new.partition(".")[0] == self.package:
                    del sys.modules[new]
            raise


_known: dict[str, OwnFiles] = {}


def load(path: Path) -> types.ModuleType:
    """The module of a file; the same one again as long as neither it nor what it imports beside it has changed."""
    return gathered(path.parent.resolve(), path.name).module(_dotless(path.stem))


def _dotless(name: str) -> str:
    return name.replace(".", "_")  # a dot would name a module in a package


def gathered(folder: Path, file: str) -> OwnFiles:
    """A file below a folder, with all modules below it that it imports, directly or not. Raises: OSError for one that can't be read."""
    return OwnFiles(str(folder), _with_imports([file], lambda path: (folder / path).read_bytes() if (folder / path).is_file() else None))


def _with_imports(files: Sequence[str], content: Callable[[str], bytes | None]) -> dict[str, bytes]:
    """Path -> content of files and of all that they import; `content` is None where there is no such file."""
    texts: dict[str, bytes] = {}
    waiting = list(files)
    while waiting:
        name = waiting.pop()
        text = content(name) if name not in texts else None
        if text is not None:
            texts[name] = text
            waiting += [path for parts in _imports(name, text) for path in _possible(parts)]
    return texts


def _imports(name: str, text: bytes) -> Iterator[list[str]]:
    """The dotted names, in parts, of the modules below its folder that a file may import; none of one that Python can't parse."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    package = list(PurePosixPath(name).parent.parts)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".") for alias in node.names if _may_lie_beside(alias.name))
        elif isinstance(node, ast.ImportFrom) and (node.level or _may_lie_beside(node.module or "")):
            above = package[: len(package) + 1 - node.level] if node.level else []
            base = [*above, *(node.module.split(".") if node.module else [])]
            if node.level <= len(package) + 1:
                yield from ([*base, alias.name] for alias in node.names)


def _imports_keras(statement: ast.stmt) -> bool:
    names = [alias.name for alias in statement.names] if isinstance(statement, ast.Import) else (
        [statement.module or ""] if isinstance(statement, ast.ImportFrom) and not statement.level else [])
    return any(name.partition(".")[0] == "keras" for name in names)


def _may_lie_beside(name: str) -> bool:
    top = name.partition(".")[0]
    return top not in sys.stdlib_module_names and top not in OURS


def _possible(parts: Sequence[str]) -> Iterator[str]:
    """Where a module, and the packages that it lies in, may be."""
    for end in range(1, len(parts) + 1):
        name = "/".join(parts[:end])
        yield from (f"{name}/__init__.py", f"{name}.py")


class _Loader(importlib.machinery.SourceFileLoader):
    """Makes a module from a text; imports of modules beside it become those of the same package."""

    def __init__(self, fullname: str, files: OwnFiles, path: str) -> None:
        super().__init__(fullname, str(Path(files.folder) / path))
        self.files, self.text, self.name_beside = files, files.texts[path], _dotless(path.removesuffix(".py"))

    def get_data(self, path: str) -> bytes:
        return self.text

    def get_code(self, fullname: str) -> types.CodeType:
        tree = ast.parse(self.text, self.path)
        if any(_imports_keras(statement) for statement in tree.body):
            load_keras()  # without the messages of TensorFlow's native code
        tree = _Beside(self.files, self.name_beside).visit(tree)
        return compile(ast.fix_missing_locations(tree), self.path, "exec", dont_inherit=True)  # kept in no __pycache__


class _Beside(ast.NodeTransformer):
    """Imports of modules beside a file by their full names, also those in functions, which run later; no file imports itself.

    So a study called `optuna.py` still gets Optuna.
    """

    def __init__(self, files: OwnFiles, own_name: str) -> None:
        self.files, self.own_name = files, own_name

    def visit_Import(self, node: ast.Import) -> list[ast.stmt]:
        return [statement for alias in node.names for statement in self._one(node, alias)]

    def _one(self, node: ast.Import, alias: ast.alias) -> list[ast.stmt]:
        if not self._is_beside(alias.name):
            return [ast.copy_location(ast.Import([alias]), node)]
        top, full = alias.name.partition(".")[0], f"{self.files.package}.{alias.name}"
        bound = [(full, alias.asname)] if alias.asname else [(full, f"_{self.files.package}"), (f"{self.files.package}.{top}", top)]
        return [ast.copy_location(ast.Import([ast.alias(name, own)]), node) for name, own in dict.fromkeys(bound)]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom:
        if not node.level and node.module and self._is_beside(node.module):
            node.module = f"{self.files.package}.{node.module}"
        return node

    def _is_beside(self, name: str) -> bool:
        return _may_lie_beside(name) and name.partition(".")[0] != self.own_name and self.files.has(name.split("."))


class _Finder:
    """Finds the modules of own files by their full names, as unpickling wants them."""

    @staticmethod
    def find_spec(fullname: str, path: Sequence[str] | None = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        package, *parts = fullname.split(".")
        files = _known.get(package)
        if files is None or (parts and not files.has(parts)):
            return None
        file = files.path_of(parts) if parts else None
        spec: importlib.machinery.ModuleSpec | None
        if file is None:
            spec = importlib.machinery.ModuleSpec(fullname, None, is_package=True)
        else:
            spec = importlib.util.spec_from_file_location(fullname, str(Path(files.folder) / file), loader=_Loader(fullname, files, file),
                                                          submodule_search_locations=[] if file.endswith("/__init__.py") else None)
        if spec and spec.submodule_search_locations is not None:
            spec.submodule_search_locations.append(files.folder)
        return spec


sys.meta_path.insert(0, _Finder)  # type: ignore[arg-type]


def files_of(module: str) -> OwnFiles | None:
    """The own files that a module, by its name, is one of; of a module that was imported in the ordinary way, those beside it.

    None for modules of bench, of installed packages, and those that lie in no file.
    """
    package = module.partition(".")[0]
    if package in _known:
        return _known[package]
    path = getattr(sys.modules.get(module), "__file__", None)
    if path is None or package in OURS or package == "__main__" or package in installed():
        return None
    depth = module.count(".") + (Path(path).name == "__init__.py")
    folder = Path(path).resolve().parents[depth]
    return gathered(folder, Path(path).resolve().relative_to(folder).as_posix())


def name_within(module: str) -> str:
    """A module's name below its own files' folder: `own_1a2b3c.parts.layers` -> `parts.layers`."""
    package, _, rest = module.partition(".")
    return rest if package in _known else module


def installed() -> dict[str, list[str]]:
    """The top-level modules of installed packages -> the names of these packages."""
    folders = [Path(entry or ".") for entry in sys.path]
    return _installed(tuple((str(folder.resolve()), folder.stat().st_mtime_ns) for folder in folders if folder.is_dir()))


@functools.lru_cache(maxsize=1)
def _installed(folders: tuple[tuple[str, int], ...]) -> dict[str, list[str]]:
    """The same, read again when a folder changes, as it does when something is installed."""
    return {name: packages for name, packages in importlib.metadata.packages_distributions().items() if name not in OURS}


def requirements_of(texts: Sequence[bytes]) -> list[str]:
    """The installed packages that files import, as `name==version`, sorted."""
    tops = {parts[0] for text in texts for parts in _imports("file.py", text) if parts}
    packages = {package for top, names in (installed() if tops else {}).items() if top in tops for package in names}
    return sorted(f"{package}=={importlib.metadata.version(package)}" for package in packages)


def known_in(blob: bytes) -> tuple[OwnFiles, ...]:
    """The own files whose classes a pickle names."""
    return tuple(files for package, files in sorted(_known.items()) if package.encode() in blob)


def receive(all_files: Sequence[OwnFiles]) -> None:
    """Make the own files of another process known here, before what needs them is unpickled."""
    _known.update({files.package: files for files in all_files})


@dataclass(frozen=True)
class Portable:
    """A function for another process, which need not know the own files whose classes it holds."""

    files: tuple[OwnFiles, ...]
    blob: bytes

    @classmethod
    def of(cls, function: Callable[..., Any]) -> Portable:
        """The function, ready to be sent."""
        import cloudpickle

        blob = cloudpickle.dumps(function)
        return cls(known_in(blob), blob)

    def __call__(self, *arguments: Any) -> Any:
        receive(self.files)
        return pickle.loads(self.blob)(*arguments)
