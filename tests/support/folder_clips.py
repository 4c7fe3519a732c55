"""Clips for the corpus `folder`: tones, their table, and what is loaded of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from registry.corpora.folder import Folder
from registry.corpus import Corpus

HEADER = "path,emotion,speaker\n"


def tone(path: Path, hz: float = 200.0, sample_rate: int = 16_000) -> Path:
    """Half a second."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * hz * np.arange(sample_rate // 2) / sample_rate), sample_rate)
    return path



def loaded(folder: Path, text: str | bytes, name: str = "labels.csv", csv: str | None = None) -> Corpus:
    """The corpus of a folder with this table."""
    (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return Folder(csv=csv).load(folder)

