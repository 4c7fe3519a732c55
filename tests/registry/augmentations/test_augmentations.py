"""Augmentations do to a known signal what they say, and nothing outside training."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from registry.augmentation import Augmentation
from registry.augmentations.copypaste import CopyPaste
from registry.augmentations.frequency_mask import FrequencyMask
from registry.augmentations.gain import Gain
from registry.augmentations.mixup import Mixup
from registry.augmentations.noise import Noise
from registry.augmentations.noise_sigma import NoiseSigma
from registry.augmentations.pitch_shift import PitchShift
from registry.augmentations.speed import Speed
from registry.augmentations.time_mask import TimeMask
from registry.augmentations.time_shift import TimeShift
from registry.augmentations.time_stretch import TimeStretch
from registry.core import names
from registry.errors import UsageError
from registry.feature_space import FeatureSpace
from registry.feature_spaces.energy import Energy

RATE = 16_000
PUBLISHED = (NoiseSigma(), TimeStretch(), TimeShift(), PitchShift(), Gain())


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def tone(hz: float = 440.0, seconds: float = 2.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


def peak_hz(waveform: np.ndarray) -> float:
    """The strongest frequency of the middle half, where no edge disturbs it, to a fraction of a hertz."""
    middle = waveform[len(waveform) // 4 : 3 * len(waveform) // 4]
    return float(np.abs(np.fft.rfft(middle * np.hanning(len(middle)), 2**19)).argmax() * RATE / 2**19)


def decibels(power_ratio: float) -> float:
    return float(10 * np.log10(power_ratio))


def batch(clips: int = 6, frames: int = 30, bands: int = 20) -> np.ndarray:
    return rng().normal(5, 1, (clips, frames, bands)).astype(np.float32)


def trained(component: Any, x: np.ndarray, seed: int = 0) -> np.ndarray:
    return np.asarray(component.layer(seed)(x, training=True))


@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_at_another_speed_length_and_pitch_change_together(factor: float) -> None:
    played = Speed(lowest_factor=factor, highest_factor=factor)(tone(440, 2), RATE, rng())
    assert len(played) == pytest.approx(2 * RATE / factor, abs=1) and played.dtype == np.float32
    assert peak_hz(played) == pytest.approx(440 * factor, rel=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_noise_at_10_db_measures_10_db(seed: int) -> None:
    clip = tone()
    noise = Noise(lowest_snr_db=10, highest_snr_db=10)(clip, RATE, rng(seed)) - clip
    assert decibels(np.mean(clip**2) / np.mean(noise**2)) == pytest.approx(10, abs=0.5)


def values(waveform: np.ndarray) -> list[tuple[float, int]]:
    """Each value of a piecewise constant waveform, and for how many samples."""
    ends = [0, *(np.flatnonzero(np.diff(waveform)) + 1).tolist(), len(waveform)]
    return [(float(waveform[start]), end - start) for start, end in itertools.pairwise(ends)]


def test_a_pair_that_fits_is_both_clips_whole_in_either_order() -> None:
    own, neutral = np.full(300, 0.5, np.float32), np.full(200, 0.1, np.float32)
    pairs = [values(CopyPaste()(own, neutral, 500, rng(seed))) for seed in range(40)]
    expected = [(0.5, 300), (pytest.approx(0.1), 200)]
    assert all(pair in (expected, expected[::-1]) for pair in pairs)
    assert 10 < sum(pair == expected for pair in pairs) < 30


@pytest.mark.parametrize(("own", "neutral", "share", "lengths"), [
    (900, 900, 0.5, (500, 500)), (900, 900, 0.25, (750, 250)), (900, 300, 0.5, (700, 300)), (200, 900, 0.5, (200, 800)),
    (1500, 100, 0.5, (900, 100)), (1, 5000, 0.5, (1, 999)),
])
def test_of_a_pair_that_is_too_long_a_stretch_of_each_is_taken_and_what_one_leaves_is_the_others(
        own: int, neutral: int, share: float, lengths: tuple[int, int]) -> None:
    pair = CopyPaste(neutral_share=share)(np.full(own, 1, np.float32), np.full(neutral, 2, np.float32), 1000, rng())
    assert sorted(values(pair)) == [(1.0, lengths[0]), (2.0, lengths[1])]


def test_a_stretch_begins_anywhere_in_its_clip_and_is_one_run_of_it() -> None:
    ramp = np.arange(1000, dtype=np.float32)
    starts = []
    for seed in range(200):
        pair = CopyPaste()(ramp, np.full(1000, -1, np.float32), 200, rng(seed))
        stretch = pair[pair >= 0]
        np.testing.assert_array_equal(stretch, stretch[0] + np.arange(100))
        starts.append(stretch[0])
    assert min(starts) < 50 and max(starts) > 850 and max(starts) <= 900


def test_noise_is_white_and_its_ratio_lies_between_the_fields() -> None:
    clip = tone()
    ratios = [decibels(np.mean(clip**2) / np.mean((Noise()(clip, RATE, rng(seed)) - clip) ** 2)) for seed in range(40)]
    assert 4.5 < min(ratios) < 7 and 13 < max(ratios) < 15.5
    power = np.abs(np.fft.rfft(Noise()(clip, RATE, rng()) - clip)) ** 2
    low, high = np.array_split(power, 2)
    assert decibels(low.mean() / high.mean()) == pytest.approx(0, abs=0.5)


def test_noise_is_measured_on_speech_and_not_on_padding() -> None:
    """Half a second of tone in a space of two seconds gets noise of the tone's power, in that half second only."""
    space = FeatureSpace(features=(Energy(),), join="channels", duration_s=2.0)
    clip, component = tone(seconds=0.5), Noise(lowest_snr_db=10, highest_snr_db=10)
    seen: list[np.ndarray] = []

    def change(waveform: np.ndarray, sample_rate: int) -> np.ndarray:
        seen.append(component(waveform, sample_rate, rng()) - waveform)
        return component(waveform, sample_rate, rng())

    energy = space.extract(clip, RATE, 32_000, change)
    assert decibels(np.mean(clip**2) / np.mean(seen[0] ** 2)) == pytest.approx(10, abs=0.5)
    assert energy[5, 0] == pytest.approx(0.125 * 1.1, rel=0.1) and not energy[18:].any()


def test_a_change_gets_the_waveform_at_the_rate_of_the_space() -> None:
    got: list[tuple[int, int]] = []

    def note(waveform: np.ndarray, sample_rate: int) -> np.ndarray:
        got.append((len(waveform), sample_rate))
        return waveform

    space = FeatureSpace(features=(Energy(),), join="channels", sample_rate=22_050, duration_s=3.0)
    space.extract(tone(seconds=1.0), RATE, 66_150, note)
    assert got == [(22_050, 22_050)]


@pytest.mark.parametrize("level", [0.1, 1.0])
def test_noise_by_sigma_is_of_the_published_strength_whatever_the_clips_level(level: float) -> None:
    clip = level * tone()
    assert np.std(NoiseSigma()(clip, RATE, rng()) - clip) == pytest.approx(0.005, rel=0.02)


@pytest.mark.parametrize("component", [Noise(), Gain(), TimeShift(), PitchShift(), TimeStretch()])
def test_silence_stays_silence(component: Any) -> None:
    assert not component(np.zeros(RATE, np.float32), RATE, rng()).any()


def test_a_shift_loses_no_sample_and_moves_by_no_more_than_it_says() -> None:
    clip = np.arange(8_000, dtype=np.float32)
    shifts = []
    for seed in range(60):
        rolled = TimeShift(most_samples=100)(clip, RATE, rng(seed))
        np.testing.assert_array_equal(np.sort(rolled), clip)
        shifts.append((int(np.flatnonzero(rolled == 0)[0]) + 4_000) % 8_000 - 4_000)
        np.testing.assert_array_equal(rolled, np.roll(clip, shifts[-1]))
    assert -100 <= min(shifts) < -50 and 50 < max(shifts) <= 100


@pytest.mark.parametrize("semitones", [-3.0, 2.0, 0.5])
def test_a_tones_pitch_moves_by_the_twelfth_root_of_two_a_semitone(semitones: float) -> None:
    clip = tone(440)
    shifted = PitchShift(lowest_semitones=semitones, highest_semitones=semitones)(clip, RATE, rng())
    assert len(shifted) == len(clip)
    assert peak_hz(shifted) == pytest.approx(440 * 2 ** (semitones / 12), rel=0.002)


@pytest.mark.parametrize("rate", [0.9, 1.0, 1.1])
def test_a_stretched_tone_lasts_one_over_the_rate_at_the_same_pitch(rate: float) -> None:
    clip = tone(440)
    played = TimeStretch(lowest_rate=rate, highest_rate=rate)(clip, RATE, rng())
    assert len(played) == round(len(clip) / rate)
    assert peak_hz(played) == pytest.approx(440, rel=0.002)
    assert np.std(played) == pytest.approx(np.std(clip), rel=0.15)  # a phase vocoder blurs a little


def test_a_gain_multiplies_by_one_factor_between_its_fields_and_clips_nothing() -> None:
    clip = tone() * 1.9  # peak 0.95
    factors = []
    for seed in range(30):
        louder = Gain()(clip, RATE, rng(seed))
        factors.append(float(np.std(louder) / np.std(clip)))
        np.testing.assert_allclose(louder, clip * factors[-1], atol=1e-5)
    assert 0.5 <= min(factors) < 0.7 and 1.3 < max(factors) <= 1.5
    assert np.abs(Gain(lowest_factor=1.5)(clip, RATE, rng())).max() == pytest.approx(1.425, rel=1e-3)


@pytest.mark.parametrize("component", [*PUBLISHED, Noise()])
def test_other_random_numbers_give_another_waveform(component: Any) -> None:
    first, second = (component(tone(), RATE, rng(seed)) for seed in (0, 1))
    assert first.shape != second.shape or not np.array_equal(first, second)


@pytest.mark.parametrize(("component", "axis"), [(FrequencyMask(masks=1, width=4), 2), (TimeMask(masks=1, width=4), 1)])
def test_a_mask_covers_one_run_of_at_most_its_width_with_the_clips_own_mean(component: Any, axis: int) -> None:
    x = batch(clips=200)
    masked = trained(component, x)
    changed = masked != x
    across = changed.all(axis=3 - axis)  # (clips, cells of the axis)
    np.testing.assert_array_equal(changed.any(axis=3 - axis), across)
    np.testing.assert_array_equal(np.unique(across.sum(axis=1)), [0, 1, 2, 3, 4])
    starts = np.diff(np.pad(across, ((0, 0), (1, 0))).astype(int), axis=1) > 0
    assert starts.sum(axis=1).max() == 1
    means = np.broadcast_to(x.mean(axis=(1, 2), keepdims=True), x.shape)
    np.testing.assert_allclose(masked[changed], means[changed], rtol=1e-5)


def test_masks_reach_every_band_and_clips_get_masks_of_their_own() -> None:
    x = batch(clips=300)
    changed = (trained(FrequencyMask(masks=2, width=6), x) != x).any(axis=1)
    assert changed.any(axis=0).all()
    assert len(np.unique(changed, axis=0)) > 50


def test_a_mask_wider_than_the_spectrogram_covers_at_most_all_of_it() -> None:
    x = batch(clips=50, bands=3)
    widths = (trained(FrequencyMask(masks=1, width=100), x) != x).all(axis=1).sum(axis=1)
    assert set(widths.tolist()) == {0, 1, 2, 3}


def test_mixup_blends_a_batch_with_itself_in_reverse_and_labels_alike() -> None:
    x, y = batch(clips=4), np.eye(4, dtype=np.float32)
    layer = Mixup(alpha=1.0).layer(3)
    mixed, share = np.asarray(layer(x, training=True)), float(layer.share)
    assert 0 < share < 1
    np.testing.assert_allclose(mixed, share * x + (1 - share) * x[::-1], rtol=1e-5)
    targets = np.asarray(layer.mix_targets(y))
    np.testing.assert_allclose(targets[0], [share, 0, 0, 1 - share], atol=1e-6)
    np.testing.assert_allclose(targets.sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("alpha", [0.2, 1.0, 4.0])
def test_the_share_of_mixup_is_drawn_from_its_beta_distribution(alpha: float) -> None:
    layer = Mixup(alpha=alpha).layer(0)
    shares = []
    for _ in range(400):
        layer(np.zeros((2, 1, 1), np.float32), training=True)
        shares.append(float(layer.share))
    assert np.mean(shares) == pytest.approx(0.5, abs=0.07)
    assert np.var(shares) == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.2)


@pytest.mark.parametrize("component", [FrequencyMask(), TimeMask(), Mixup()])
def test_a_layer_is_the_identity_outside_training_and_draws_by_its_seed(component: Any) -> None:
    x, layer = batch(), component.layer(0)
    np.testing.assert_array_equal(np.asarray(layer(x, training=False)), x)
    np.testing.assert_array_equal(np.asarray(layer(x)), x)
    first, again, other = trained(component, x), trained(component, x), trained(component, x, seed=5)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other) and not np.array_equal(first, x)
    layer(x, training=True)
    assert not np.array_equal(np.asarray(layer(x, training=True)), first), "a second batch must not get the masks of the first"


def test_a_model_with_the_layers_trains_is_saved_and_predicts_as_without_them(tmp_path: Path) -> None:
    import keras

    inputs = keras.Input((30, 20))
    x = inputs
    for component in (FrequencyMask(), FrequencyMask(), TimeMask(), Mixup()):
        x = component.layer(1)(x)
    dense = keras.layers.Dense(3, activation="softmax")
    outputs = dense(keras.layers.GlobalAveragePooling1D()(x))
    model = keras.Model(inputs, outputs)
    plain = keras.Model(inputs, dense(keras.layers.GlobalAveragePooling1D()(inputs)))
    model.compile("sgd", "categorical_crossentropy")
    model.fit(batch(clips=7), np.eye(3, dtype=np.float32)[[0, 1, 2, 0, 1, 2, 0]], batch_size=4, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    expected = plain.predict(batch(), verbose=0)
    np.testing.assert_allclose(model.predict(batch(), verbose=0), expected, atol=1e-6)
    np.testing.assert_allclose(loaded.predict(batch(), verbose=0), expected, atol=1e-6)


def test_an_augmentation_is_named_by_what_it_does_and_is_false_when_it_does_nothing() -> None:
    both = Augmentation(copies=(Noise(highest_snr_db=20.0), PitchShift()), on_the_fly=(FrequencyMask(),))
    assert both.label == "copies of noise[highest_snr_db=20.0]+pitch_shift, on the fly frequency_mask"
    assert Augmentation(on_the_fly=(Mixup(alpha=0.4),)).label == "on the fly mixup[alpha=0.4]"
    assert bool(both) and not Augmentation() and Augmentation().label == ""
    assert len(Augmentation(copies=(Noise(), Noise())).copies) == 2


@pytest.mark.parametrize(("fields", "message"), [
    ({"on_the_fly": (Noise(),)}, "noise acts on waveforms, but features are computed once, before training: list it under copies"),
    ({"copies": (FrequencyMask(),)}, "frequency_mask acts on spectrograms or batches.*list it under on_the_fly"),
    ({"copies": (Mixup(),)}, "list it under on_the_fly"),
    ({"on_the_fly": (CopyPaste(),)}, "copypaste acts on waveforms, .*: list it under copies"),
    ({"copies": (CopyPaste(),), "pad_first": True}, "pad_first=True would put silence between them: leave out one or the other"),
    ({"copies": (Energy(),)}, "is not a registered augmentation"),
    ({"copies": (Noise,)}, "give an instance of one of `bench list augmentations`"),
    ({"copys": ()}, "Did you mean 'copies'"),
])
def test_an_augmentation_refuses_what_can_not_work_there(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Augmentation(**fields)


@pytest.mark.parametrize("wrong", [
    lambda: Noise(lowest_snr_db=20), lambda: NoiseSigma(sigma=0), lambda: Gain(lowest_factor=0), lambda: PitchShift(lowest_semitones=3),
    lambda: TimeStretch(lowest_rate=0), lambda: TimeShift(most_samples=0), lambda: FrequencyMask(width=0), lambda: TimeMask(masks=0),
    lambda: Mixup(alpha=0), lambda: CopyPaste(neutral_share=1.0),
])
def test_a_field_that_makes_no_sense_is_refused_with_its_value(wrong: Any) -> None:
    with pytest.raises(UsageError, match=r"(must be|needs) .*, not "):
        wrong()


def test_every_published_and_asked_augmentation_is_registered() -> None:
    assert names("augmentations") == ["copypaste", "frequency_mask", "gain", "mixup", "noise", "noise_sigma", "pitch_shift", "speed",
                                      "time_mask", "time_shift", "time_stretch"]


def test_whole_semitones_are_drawn_where_asked_each_of_them() -> None:
    clip = tone(440)
    shifts = {round(12 * np.log2(peak_hz(PitchShift(whole_semitones=True)(clip, RATE, rng(seed))) / 440), 1) for seed in range(40)}
    assert shifts == {-3.0, -2.0, -1.0, 0.0, 1.0, 2.0}
    with pytest.raises(UsageError, match="no whole semitones between"):
        PitchShift(lowest_semitones=0.2, highest_semitones=0.8, whole_semitones=True)
