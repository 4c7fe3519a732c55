"""The syntax trees of the packages: which module imports which, on how many floors; as a program, it prints the figures of the rooms."""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("registry", "harness", "experiments")


def sources(*folders: str, root: Path = ROOT) -> dict[str, ast.Module]:
    """Path below the repository -> syntax tree, of every Python file in the folders."""
    paths = [path for folder in folders for path in sorted((root / folder).rglob("*.py"))]
    return {path.relative_to(root).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


def imported_modules(tree: ast.AST) -> Iterator[str]:
    """The dotted name of everything that a module imports, in functions and for type checkers too: modules, and names in them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def module_imports(package: str, root: Path = ROOT) -> dict[str, set[str]]:
    """Module of a package -> the modules of the same package that it imports, by dotted names."""
    trees = {path.removesuffix(".py").replace("/", ".").removesuffix(".__init__"): tree
             for path, tree in sources(package, root=root).items()}
    graph = {}
    for module, tree in trees.items():
        names = {name if name in trees else name.rpartition(".")[0] for name in imported_modules(tree)}
        graph[module] = (names & trees.keys()) - {module}
    return graph


def circle(graph: dict[str, set[str]]) -> list[str]:
    """The modules of one import circle; none where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def floors(graph: dict[str, set[str]]) -> int:
    """How many modules the longest chain of imports has; modules of a circle stand on one floor."""
    graph, height = {module: set(others) for module, others in graph.items()}, dict[str, int]()
    while found := circle(graph):  # an edge of it is taken away
        graph[found[1]].discard(found[0])
    for module in TopologicalSorter(graph).static_order():
        height[module] = 1 + max((height[other] for other in graph[module]), default=0)
    return max(height.values(), default=0)


def folder_of(module: str) -> str:
    """The folder of the harness that a module lies in: `harness.data.features` -> `data`; `.` at the top."""
    return module.split(".")[1] if module.count(".") > 1 else "."


def main(root: Path) -> None:
    """Print modules and lines of each folder, floors, circles, and the lines of `harness/` and `tests/`."""
    graph = module_imports("harness", root)
    lines = {package: {path: len((root / path).read_text(encoding="utf-8").splitlines()) for path in sources(package, root=root)}
             for package in ("harness", "tests")}
    folders, sizes = Counter[str](), Counter[str]()
    for path, count in lines["harness"].items():
        folder = path.split("/")[1] if path.count("/") > 1 else "."
        folders[folder] += not path.endswith("__init__.py")
        sizes[folder] += count
    for folder in sorted(folders):
        inside = {module for module in graph if folder_of(module) == folder}
        height = floors({module: graph[module] & inside for module in inside})
        print(f"{folder:12} {folders[folder]:3} modules {sizes[folder]:6,} lines, {height} floors inside")
    longest = max(lines["harness"], key=lambda path: lines["harness"][path])
    rooms = {folder: {folder_of(other) for module in graph if folder_of(module) == folder for other in graph[module]} - {folder, "."}
             for folder in folders if folder != "."}
    print(f"floors of folders: {floors(rooms)}; of modules: {floors(graph)}; circle: {' -> '.join(circle(graph)) or 'none'}; "
          f"longest module: {longest}, {lines['harness'][longest]} lines")
    print(f"harness: {sum(lines['harness'].values()):,} lines; tests: {sum(lines['tests'].values()):,} lines")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT)
