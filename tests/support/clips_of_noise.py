"""A corpus of the wave files in a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from registry.audio import read
from registry.corpus import Clip, Corpus
from registry.feature_space import FeatureSpace
from registry.feature_spaces.energy import Energy
from registry.feature_spaces.mel import Mel

RATE = 16_000
SPACE = FeatureSpace(features=(Mel(n_mels=8), Energy()), join="channels", duration_s=0.5)
ROOT = Path(__file__).parents[2]


def read_clip(clip: Clip) -> tuple[np.ndarray, int]:
    assert clip.path is not None
    return read(clip.path)



def write_clip(path: Path, seed: int, seconds: float = 0.4) -> None:
    waveform = np.random.default_rng(seed).uniform(-0.5, 0.5, round(seconds * RATE))
    soundfile.write(path, waveform, RATE, subtype="PCM_16")



def corpus_of(folder: Path, read_with: Callable[[Clip], tuple[np.ndarray, int]] = read_clip) -> Corpus:
    clips = tuple(Clip(id=path.stem, emotion="ANG", speaker=path.stem[0], path=path) for path in sorted(folder.glob("*.wav")))
    return Corpus(name="made", emotions=("ANG",), clips=clips, sample_rate=RATE, whole=len(clips), read_clip=read_with)
