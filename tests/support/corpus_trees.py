"""Folders of clips as users have them, and what is wrong with the corpora in them."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import soundfile

from registry.corpus import Corpus, Problem


def tones(folder: Path, *names: str, ending: str = ".wav") -> Path:
    """Short clips of these names, all of the same tone."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        soundfile.write(folder / f"{name}{ending}", 0.1 * np.sin(np.arange(400)), 16_000)
    return folder


def copied(source: Path, folder: Path) -> Path:
    """As-published files, in a folder that may be written to."""
    return Path(shutil.copytree(source, folder, dirs_exist_ok=True, copy_function=shutil.copyfile))


def gaps_aside(corpus: Corpus) -> list[Problem]:
    """The problems, without those that only say which clips a small tree lacks."""
    return [problem for problem in corpus.problems if problem.kind != "missing"]
