"""Another network on windows of a clip: where they lie, what is predicted of them, and that padding is in none."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_trial import CORPUS, TINY_NET, ignore, toy

from harness.data.corpora import Workspace
from harness.study.rebuild import trial_from
from harness.training import saved_model
from harness.training.run_trial import run_trial
from registry.architecture import decline, is_shipped
from registry.architectures.crops import Crops
from registry.architectures.mlp import Mlp
from registry.architectures.plain_1d import Plain1D
from registry.architectures.plain_2d import Plain2D
from registry.architectures.svm import Svm
from registry.errors import UsageError
from registry.feature_space import FeatureSpace
from registry.feature_spaces.energy import Energy
from registry.feature_spaces.mel import Mel
from registry.feature_spaces.mfcc import Mfcc


def ramp(*lengths: int, steps: int = 50) -> np.ndarray:
    """Clips of one band whose frames are their own numbers, then zeros: (clips, steps, 1)."""
    return np.array([[[i + 1.0] if i < length else [0.0] for i in range(steps)] for length in lengths], np.float32)


def starts(x: np.ndarray, frames: int, windows: int, training: bool = False, seed: int = 0) -> list[list[int]]:
    """The frame at which each window of each clip begins; each window is checked to be one run of its clip."""
    from registry.architectures._windows import TakeWindows

    taken = np.asarray(TakeWindows(frames=frames, windows=windows, seed=seed)(x, training=training))
    assert taken.shape == (len(x) * (1 if training else windows), frames, 1)
    of_clip = taken.reshape(len(x), -1, frames)
    for clip, own in zip(x[:, :, 0], of_clip, strict=True):
        for window in own:
            begins = int(window[0]) - 1
            np.testing.assert_array_equal(window, clip[begins:begins + frames])
    return [[int(window[0]) - 1 for window in own] for own in of_clip]


def test_windows_lie_from_the_beginning_to_the_end_at_even_distances() -> None:
    assert starts(ramp(50), 10, 5) == [[0, 10, 20, 30, 40]]
    assert starts(ramp(50), 30, 3) == [[0, 10, 20]]


def test_padding_is_left_out_but_for_a_frame_and_a_clip_shorter_than_a_window_is_heard_from_its_beginning() -> None:
    assert starts(ramp(29, 9, 3), 10, 5) == [[0, 5, 10, 15, 20], [0] * 5, [0] * 5]


def test_in_training_each_clip_has_one_window_at_any_place_of_its_own() -> None:
    x = np.repeat(ramp(50, 29), 200, axis=0)
    long, short = np.array(starts(x, 10, 5, training=True)).reshape(2, 200)
    assert (long.min(), long.max()) == (0, 40) and (short.min(), short.max()) == (0, 20)
    assert np.unique(short).size == 21 and np.bincount(short).max() < 30


@pytest.mark.parametrize("feature", [Mel(n_mels=20), Mel(n_mels=20, reference="clip_max", per_clip="min_max"), Mfcc(n_mfcc=13), Energy()])
@pytest.mark.parametrize("normalise", ["none", "per_band", "per_clip"])
def test_the_padding_of_real_features_is_found(feature: Any, normalise: Any) -> None:
    """Noise of 0.7 s in a space of two seconds: with hops of 512 samples, frames from the 23rd on hear zeros alone."""
    from harness.training.network import normaliser
    from registry.architectures._windows import lengths

    space = FeatureSpace(features=(feature,), join="channels", duration_s=2.0)
    noise = np.random.default_rng(0).normal(0, 0.1, 11_200).astype(np.float32)
    x = np.stack([space.extract(each, 16_000, 32_000) for each in (noise, np.tile(noise, 4))])
    for layer in normaliser(normalise, x):
        x = layer(x)
    padded, whole = np.asarray(lengths(x))
    assert 23 <= padded <= 25 and whole >= 62


def test_probabilities_are_the_mean_over_windows_and_the_networks_weights_are_all_there_are() -> None:
    crops = Crops(architecture=Plain2D(filters=(4,)), frames=20, windows=3)
    model = crops((50, 8, 1), 6)
    network = next(layer for layer in model.layers if layer.name == "plain_2d")
    x = np.random.default_rng(0).normal(size=(2, 50, 8, 1)).astype(np.float32)
    each = [network.predict_on_batch(x[:, start:start + 20]) for start in (0, 15, 30)]
    np.testing.assert_allclose(model.predict_on_batch(x), np.mean(each, axis=0), atol=1e-6)
    assert model.count_params() == network.count_params()


def test_a_trial_is_validated_tested_and_saved_as_the_mean_over_windows(tmp_path: Path) -> None:
    trial = dataclasses.replace(toy(), architecture=Crops(architecture=TINY_NET, frames=20, windows=3), opens_test=True)
    assert trial_from(trial.configuration) == trial
    result = run_trial(trial, Workspace(home=tmp_path), ignore)
    assert result.state == "finished", result.reason
    saved_model.write(result, CORPUS, tmp_path / "model")
    model = saved_model.load(tmp_path / "model")
    for part in ("validation", "test"):
        predictions = result.predictions[part]
        clips = {clip.id: clip for clip in CORPUS.clips}
        features = np.stack([model.extract(*CORPUS.read_clip(clips[name])) for name in predictions.clips])
        np.testing.assert_allclose(model.probabilities(features), predictions.probabilities, atol=1e-5)
    again = run_trial(trial, Workspace(home=tmp_path), ignore)
    assert again.history == result.history


def test_it_takes_what_the_network_takes_with_more_frames_than_a_window_has() -> None:
    crops = Crops(architecture=Plain2D(filters=(4, 4), pool_padding="valid"), frames=20)
    assert (crops.rank, crops.minimum_steps) == (3, (21, 4))
    assert decline(crops, (21, 4, 1)) is None
    assert str(decline(crops, (20, 4, 1))).startswith("crops needs at least 21 frames and 4 bands")
    assert Crops(architecture=Plain1D()).rank == 2


def test_what_is_no_network_over_frames_and_windows_that_are_none_are_refused() -> None:
    for wrong in (Svm(), Mlp(), Crops(), Plain2D):
        with pytest.raises(UsageError, match=r"crops.architecture must be another network over sequences or images"):
            Crops(architecture=wrong)
    with pytest.raises(UsageError, match=r"crops.frames must be 4 or more, which plain_2d needs, not 3"):
        Crops(architecture=Plain2D(filters=(4, 4), pool_padding="valid"), frames=3)
    with pytest.raises(UsageError, match=r"crops.windows must be 2 or more, not 1"):
        Crops(windows=1)


def test_a_network_of_a_users_own_stays_one_inside() -> None:
    class Own:
        rank = 3

        def __call__(self, input_shape: tuple[int, ...], n_classes: int) -> None: ...

    assert is_shipped(Crops()) and not is_shipped(Crops(architecture=Own()))
