"""The files of a feature cache, and a reader of clips that counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from clips_of_noise import read_clip

from harness.data import feature_store
from registry.corpus import Clip


class Counting:
    """Reads clips and counts how often."""

    def __init__(self) -> None:
        self.reads = 0

    def __call__(self, clip: Clip) -> tuple[np.ndarray, int]:
        self.reads += 1
        return read_clip(clip)


def forget() -> None:
    """Have this process look at the files again, as a new one would."""
    feature_store._verified.clear()


def files_of(cache: Path) -> list[str]:
    """The endings of the files in a cache, locks aside."""
    return sorted(path.suffix for path in cache.iterdir() if path.suffix != ".lock")


def data_file(cache: Path) -> Path:
    """The data of its only entry."""
    path, = cache.glob("*.npy")
    return path
