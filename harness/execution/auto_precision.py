"""Resolves `Training(precision="auto")` before signatures are made: each network is measured once on a machine, and the home keeps it."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from filelock import FileLock

from harness.data.features import padded_samples
from harness.study.cells import Cell
from harness.study.trial import NUMBERS_VERSION
from harness.training import precision
from registry.core import canonical, specification
from registry.corpus import Corpus

AUTO, FLOAT32, BFLOAT16 = "auto", *precision.BOTH
WORTH = 1.1  # times as fast: for less, nobody gives up figures that are the same on any machine


def resolved(cells: Sequence[Cell], corpus: Corpus, home: Path, say: Callable[[str], None]) -> list[Cell]:
    """The cells, those of precision `auto` with the one that trains their network faster here. Args: say: is told which, and why."""
    if not any(is_auto(cell) for cell in cells):
        return list(cells)
    name, has_bfloat16 = _machine()
    if not has_bfloat16:
        say(f"training.precision=auto: {FLOAT32}, since {name} does not compute in bfloat16")
        return [_with(cell, FLOAT32) for cell in cells]
    (home / ".bench").mkdir(parents=True, exist_ok=True)
    with FileLock(home / ".bench" / "precision.lock"):  # two starts must resolve the same
        kept = _kept(home)
        for label, (key, cell, shape) in _networks(cells, corpus, name).items():
            if key not in kept:
                say(f"training.precision=auto: measuring {label} …")
                kept[key] = precision.seconds_of_a_clip(cell.base, shape, len(corpus.emotions))
                _keep(home, kept)
            say(f"training.precision=auto: {_in_words(label, kept[key])}")
    return [_with(cell, _faster(kept[_network(cell, corpus, name)[0]])) for cell in cells]


def foreseen(cells: Sequence[Cell], corpus: Corpus, home: Path) -> tuple[list[Cell], list[str]]:
    """The cells with what `auto` was resolved to in this home, else with float32; and a line for each network. Nothing is measured."""
    if not any(is_auto(cell) for cell in cells):
        return list(cells), []
    (name, has_bfloat16), kept = _machine(), _kept(home)
    if not has_bfloat16:
        return [_with(cell, FLOAT32) for cell in cells], [f"{FLOAT32}, since {name} does not compute in bfloat16"]
    later = f"{FLOAT32} or {BFLOAT16}, measured on this machine when the run starts"
    lines = [_in_words(label, kept[key]) if key in kept else f"{label}: {later}"
             for label, (key, _, _) in _networks(cells, corpus, name).items()]
    return [_with(cell, _faster(kept.get(_network(cell, corpus, name)[0], {}))) for cell in cells], lines


def is_auto(cell: Cell) -> bool:
    """Whether a cell's precision is to be measured."""
    return bool(cell.base.training.precision == AUTO)


def _machine() -> tuple[str, bool]:
    """What computes here, and whether it does in bfloat16: a GPU does."""
    from harness.training.backend import set_up

    name, has_bfloat16 = precision.processor()
    gpus = [device for device in set_up() if device.startswith(("gpu", "cuda"))]
    return (f"{name}, {len(gpus)} GPU{'s'[: len(gpus) != 1]}", True) if gpus else (name, has_bfloat16)


def _networks(cells: Sequence[Cell], corpus: Corpus, machine: str) -> dict[str, tuple[str, Cell, tuple[int, ...]]]:
    """Label of a network -> the key of its measurement, one of its cells, and the shape of its input."""
    return {cell.label: _network(cell, corpus, machine) for cell in cells if is_auto(cell)}


def _network(cell: Cell, corpus: Corpus, machine: str) -> tuple[str, Cell, tuple[int, ...]]:
    import numpy as np

    base, space = cell.base, cell.base.feature_space
    samples = padded_samples(corpus, space)
    shape = space.extract(np.zeros(samples, np.float32), space.sample_rate, samples).shape
    facts = {"architecture": specification(base.architecture), "shape": shape, "normalise": space.normalise, "join": space.join,
             "batch_size": base.training.batch_size, "optimizer": base.training.optimizer, "threads": base.training.threads,
             "classes": len(corpus.emotions), "backend": base.backend, "machine": machine, "numbers_version": NUMBERS_VERSION}
    return hashlib.sha256(canonical(facts).encode()).hexdigest()[:16], cell, shape


def _with(cell: Cell, chosen: str) -> Cell:
    base: Any = cell.base
    return replace(cell, base=replace(base, training=replace(base.training, precision=chosen))) if is_auto(cell) else cell


def _faster(seconds: dict[str, float]) -> str:
    return BFLOAT16 if seconds and seconds[FLOAT32] >= WORTH * seconds[BFLOAT16] else FLOAT32


def _in_words(label: str, seconds: dict[str, float]) -> str:
    ms = [seconds[name] * 1e3 for name in (FLOAT32, BFLOAT16)]
    return f"{_faster(seconds)} for {label} ({ms[0]:.2f} ms a clip in float32, {ms[1]:.2f} in bfloat16, measured on this machine)"


def _kept(home: Path) -> dict[str, dict[str, float]]:
    """Key -> precision -> seconds, as far as it can be read."""
    try:
        return {key: {name: float(found[name]) for name in precision.BOTH}
                for key, found in json.loads((home / ".bench" / "precision.json").read_text(encoding="utf-8")).items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _keep(home: Path, kept: dict[str, dict[str, float]]) -> None:
    path = home / ".bench" / "precision.json"
    draft = path.with_name(f"{path.name}.{uuid.uuid4().hex[:6]}.tmp")
    draft.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    draft.replace(path)
