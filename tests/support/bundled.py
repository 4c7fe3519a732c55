"""A bundle of a small study, made once, and its files packed again with changes."""

from __future__ import annotations

import json
import tempfile
from functools import cache
from pathlib import Path

from untrained_finals import finals

from harness.evaluation.bundle import bundle_files
from harness.evaluation.sealed_zip import seal
from harness.tracking.store import Store

ABOUT = {"study": "width", "bench": "0"}


@cache
def made() -> dict[str, bytes]:
    """The files of a bundle of two rows with two seeds each, training clips among them."""
    with tempfile.TemporaryDirectory() as folder:
        finals(Path(folder), "width", {2: 0.8, 3: 0.4})
        return bundle_files(Store(Path(folder)).experiment("width"), Path(folder))


def packed(path: Path, changes: dict[str, bytes] | None = None) -> Path:
    """The bundle with other contents of some files, and a manifest that fits them."""
    seal(path, made() | (changes or {}), ABOUT)
    return path


def seeds() -> list[dict[str, str]]:
    """The runs of its seeds, the better row's first."""
    runs = [run for run in json.loads(made()["runs.json"]) if run["kind"] == "seed"]
    return sorted(runs, key=lambda run: (run["tags"]["bench.cell"], run["params"]["seed"]))


def unpacked(folder: Path) -> Path:
    """The files of the bundle in a folder, as any program unpacks them."""
    for name, content in made().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder
