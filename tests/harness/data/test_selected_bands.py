"""A space that has some of what the cache keeps sees its own bands, in its order, without computing again."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_trial import CORPUS

from harness.data.features import features, padded_samples
from harness.data.selected_bands import SelectedBands, selected
from registry.core import register
from registry.feature_space import FeatureSpace
from registry.feature_spaces.rms import Rms
from registry.feature_spaces.zcr import ZeroCrossingRate

COMPUTED: list[str] = []


@register("layers")
class Layers:
    """A stand-in of an encoder: level, zero crossings and their product are its layers."""

    layers: tuple[int, ...] = (0, 1, 2)

    def __call__(self, waveform: np.ndarray, sample_rate: int) -> np.ndarray:
        COMPUTED.append("a clip")
        level, crossings = Rms()(waveform, sample_rate), ZeroCrossingRate()(waveform, sample_rate)
        return np.concatenate([level, crossings, level * crossings], axis=1)[:, self.columns]

    @property
    def stored(self) -> Layers:
        return Layers()

    @property
    def columns(self) -> np.ndarray:
        return np.array(self.layers)


SPACES = [FeatureSpace(features=(Layers(layers=(2, 0)),), join="channels"),
          FeatureSpace(features=(Layers(layers=(1,)), Rms(), Layers(layers=(2, 1))), join="vector"),
          FeatureSpace(features=(Layers(layers=(1, 0)), Rms()), join="vector", statistics=("slope", "quartiles")),
          FeatureSpace(features=(Rms(),), join="vector")]


@pytest.mark.parametrize("space", SPACES, ids=lambda space: space.label)
def test_every_clip_has_the_bands_that_the_space_would_extract(space: FeatureSpace, tmp_path: Path) -> None:
    array = features(CORPUS, space, tmp_path, workers=1)
    for place in (0, len(CORPUS) - 1):
        expected = space.extract(*CORPUS.read_clip(CORPUS.clips[place]), padded_samples(CORPUS, space))
        assert array[place] == pytest.approx(expected, rel=1e-6) and array.shape == (len(CORPUS), *expected.shape)


def test_another_layer_or_statistic_computes_nothing_again(tmp_path: Path) -> None:
    space = FeatureSpace(features=(Layers(layers=(0,)),), join="vector")
    features(CORPUS, space, tmp_path, workers=1)
    COMPUTED.clear()
    other = dataclasses.replace(space, features=(Layers(layers=(2, 1)),), statistics=("slope",))
    assert features(CORPUS, other, tmp_path, workers=1).shape == (len(CORPUS), 1, 2)
    assert not COMPUTED and len(list(tmp_path.glob("*.npy"))) == 1


def test_a_space_that_has_all_bands_gets_the_array_itself() -> None:
    array = np.zeros((2, 3, 4), np.float32)
    assert selected(array, FeatureSpace(features=(Rms(),), join="channels")) is array


def test_equal_spaces_share_one_object() -> None:
    array = np.zeros((2, 1, 6), np.float32)
    first, second = (selected(array, FeatureSpace(features=(Rms(),), join="vector")) for _ in range(2))
    assert first is second and first.shape == (2, 1, 2)


def test_frames_are_kept_of_the_space_s_own_layers_alone(tmp_path: Path) -> None:
    space = FeatureSpace(features=(Layers(layers=(2, 0)),), join="channels")
    assert space.stored == space and isinstance(features(CORPUS, space, tmp_path, workers=1), np.memmap)


@pytest.mark.parametrize("taken", [slice(1, 3), [3, 0], np.array([2]), 1, (slice(None), 0), ([0, 3], slice(None), 1), np.arange(4) > 1])
def test_clips_are_taken_as_of_an_array(taken: Any) -> None:
    array = np.arange(4 * 2 * 5, dtype=np.float32).reshape(4, 2, 5)
    whole = SelectedBands(array, np.array([4, 1]))
    assert np.array_equal(whole[taken], array[:, :, [4, 1]][taken])
    assert np.array_equal(np.asarray(whole), array[:, :, [4, 1]]) and len(whole) == len(list(whole)) == 4
