"""The worker processes of the feature cache: damaged clips are named, mistakes in features raised, killed workers reported."""

from __future__ import annotations

import dataclasses
import os
import signal
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import soundfile
from cache_files import files_of
from clips_of_noise import RATE, SPACE, corpus_of

from harness.data.feature_workers import DamagedClips, worker_count
from harness.data.features import features
from registry.core import register
from registry.errors import BenchError
from registry.feature_space import FeatureSpace


def test_damaged_clips_are_named_by_worker_processes_and_without_a_duration_too(folder: Path, cache: Path) -> None:
    (folder / "c1.wav").write_bytes(b"RIFF, but nothing more")
    with pytest.raises(DamagedClips) as caught:
        features(corpus_of(folder), dataclasses.replace(SPACE, duration_s=None), cache, workers=2)
    assert list(caught.value.clips) == ["c1"]
    assert files_of(cache) == []


def test_samples_that_are_not_finite_make_a_clip_damaged(folder: Path, cache: Path) -> None:
    soundfile.write(folder / "c2.wav", np.array([0.1, np.nan, 0.2] * 1000), RATE, subtype="FLOAT")
    with pytest.raises(DamagedClips, match=r"c2: .*c2\.wav holds samples that are not finite"):
        features(corpus_of(folder), SPACE, cache, workers=1)


def test_of_many_damaged_clips_ten_are_named_and_the_rest_counted() -> None:
    text = str(DamagedClips({f"c{i:02}": "gone" for i in range(14)}))
    assert text.startswith("14 damaged clips")
    assert "c09: gone" in text and "c10" not in text and "4 more" in text


def test_all_cores_are_taken_for_a_large_corpus_and_one_for_a_small_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("joblib.cpu_count", lambda: 8)
    assert [worker_count(0, clips) for clips in (6, 450, 7442)] == [1, 2, 8]
    assert worker_count(3, 6) == 3


@register("dying")
class Dying:
    """A feature that ends its process, as the system does when memory runs out."""

    version: ClassVar[int] = 1

    def __call__(self, waveform: np.ndarray, sample_rate: int) -> np.ndarray:
        if waveform.any():
            os.kill(os.getpid(), signal.SIGKILL)
        return np.zeros((3, 1), np.float32)


def test_a_worker_that_is_killed_is_an_error_with_advice(folder: Path, cache: Path) -> None:
    with pytest.raises(BenchError, match="--feature-workers 1"):
        features(corpus_of(folder), FeatureSpace(features=(Dying(),), join="channels"), cache, workers=2)
    assert files_of(cache) == []


@register("unsteady")
class Unsteady:
    """A feature whose shape depends on more than the number of samples."""

    version: ClassVar[int] = 1

    def __call__(self, waveform: np.ndarray, sample_rate: int) -> np.ndarray:
        return np.zeros((3 if waveform.any() else 2, 1), np.float32)


def test_a_feature_of_varying_shape_is_not_taken_for_a_damaged_clip(folder: Path, cache: Path) -> None:
    with pytest.raises(BenchError, match=r"\(3, 1\) for clip c0 but \(2, 1\) for silence") as caught:
        features(corpus_of(folder), FeatureSpace(features=(Unsteady(),), join="channels"), cache, workers=1)
    assert not isinstance(caught.value, DamagedClips)


@register("buggy")
class Buggy:
    """A feature with a mistake in it."""

    version: ClassVar[int] = 1

    def __call__(self, waveform: np.ndarray, sample_rate: int) -> np.ndarray:
        if waveform.any():
            raise ZeroDivisionError("a mistake")
        return np.zeros((3, 1), np.float32)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_mistake_in_a_feature_is_raised_with_the_clip_noted(folder: Path, cache: Path, workers: int) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        features(corpus_of(folder), FeatureSpace(features=(Buggy(),), join="channels"), cache, workers=workers)
    assert "while computing buggy of clip c0" in caught.value.__notes__
    assert files_of(cache) == []
