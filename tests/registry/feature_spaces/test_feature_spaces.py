"""What each feature measures on signals whose answer is known, and what a feature space does before the join."""

from __future__ import annotations

import warnings
from typing import Any

import librosa
import numpy as np
import pytest

from registry.audio import read
from registry.core import get, names, specification
from registry.errors import BenchError
from registry.feature_space import FeatureSpace
from registry.feature_spaces.chroma import Chroma
from registry.feature_spaces.energy import Energy
from registry.feature_spaces.mel import Mel
from registry.feature_spaces.mfcc import Mfcc
from registry.feature_spaces.rms import Rms
from registry.feature_spaces.zcr import ZeroCrossingRate

RATE = 16_000
ALL = ["chroma", "energy", "mel", "mfcc", "rms", "zcr"]


def tone(frequency_hz: float, seconds: float = 1.0, amplitude: float = 1.0, rate: int = RATE) -> np.ndarray:
    time = np.arange(round(seconds * rate)) / rate
    return (amplitude * np.sin(2 * np.pi * frequency_hz * time + 0.1)).astype(np.float32)


def noise(samples: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.1, samples).astype(np.float32)


def build(name: str, **fields: Any) -> Any:
    return get("feature-spaces", name)(**fields)


def test_the_six_features_are_registered() -> None:
    assert set(ALL) <= set(names("feature-spaces"))


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("samples", [1, 511, 512, 1023, 1024, 48_000])
def test_all_features_give_the_same_number_of_frames(name: str, samples: int) -> None:
    """One frame, and one more for each whole hop: so that any of them can be joined."""
    values = build(name)(noise(samples), RATE)
    assert values.shape[0] == 1 + samples // 512
    assert values.dtype == np.float32


@pytest.mark.parametrize("name", ["zcr", "energy", "rms"])
@pytest.mark.parametrize(("samples", "frames"), [(110_361, 216), (80_080, 157)])
def test_published_frame_counts_time_domain(name: str, samples: int, frames: int) -> None:
    assert build(name, frame_length=2048)(noise(samples), RATE).shape == (frames, 1)


@pytest.mark.parametrize(("samples", "frames"), [(110_361, 216), (80_080, 157)])
def test_published_frame_counts_mel(samples: int, frames: int) -> None:
    assert Mel(n_fft=2048, n_mels=128)(noise(samples), RATE).shape == (frames, 128)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("waveform", [np.zeros(48_000, np.float32), np.zeros(1, np.float32), np.ones(1, np.float32)])
def test_silence_and_one_sample_give_finite_values_without_warnings(name: str, waveform: np.ndarray) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        assert np.isfinite(build(name)(waveform, RATE)).all()


@pytest.mark.parametrize("frequency_hz", [200.0, 1000.0, 3000.0])
def test_zero_crossing_rate_of_a_tone_is_twice_its_frequency_over_the_rate(frequency_hz: float) -> None:
    rates = ZeroCrossingRate()(tone(frequency_hz), RATE)[2:-2]
    assert rates == pytest.approx(2 * frequency_hz / RATE, abs=2 / 1024)


def test_energy_of_a_full_scale_sine_is_one_half() -> None:
    assert Energy()(tone(500), RATE)[1:-2] == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize(("frame_length", "hop_length"), [(1024, 512), (2048, 512), (512, 160), (400, 160)])
def test_energy_is_rms_squared(frame_length: int, hop_length: int) -> None:
    waveform = noise(20_000)
    energy = Energy(frame_length=frame_length, hop_length=hop_length)(waveform, RATE)
    rms = Rms(frame_length=frame_length, hop_length=hop_length)(waveform, RATE)
    assert energy == pytest.approx(rms**2, rel=1e-4)


def test_energy_is_the_sum_of_squares_over_the_whole_frame_length_at_the_edge() -> None:
    """The first frame is half padding, and still divided by frame_length."""
    assert Energy()(np.ones(4096, np.float32), RATE)[:3, 0] == pytest.approx([0.5, 1.0, 1.0])


@pytest.mark.parametrize("frequency_hz", [300.0, 1000.0, 2500.0, 5000.0])
def test_a_pure_tone_peaks_in_its_mel_band(frequency_hz: float) -> None:
    centres = librosa.mel_frequencies(n_mels=66, fmin=0, fmax=RATE / 2)[1:-1]
    values = Mel()(tone(frequency_hz), RATE)
    assert abs(int(values[10].argmax()) - int(np.abs(centres - frequency_hz).argmin())) <= 1


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_mel_power_equals_librosa(power: float) -> None:
    waveform = noise(30_000)
    ours = Mel(scale="power", power=power, n_mels=40)(waveform, RATE)
    theirs = librosa.feature.melspectrogram(y=waveform, sr=RATE, n_fft=1024, hop_length=512, n_mels=40, power=power)
    np.testing.assert_allclose(ours, theirs.T, rtol=1e-5)


def test_mel_decibels_equal_librosa_on_real_speech(real_corpora: Any) -> None:
    waveform, rate = read(sorted((real_corpora / "CREMA-D" / "AudioWAV").glob("*.ogg"))[0])
    plain = librosa.feature.melspectrogram(y=waveform, sr=rate, n_fft=1024, hop_length=512, n_mels=64)
    np.testing.assert_allclose(Mel()(waveform, rate), librosa.power_to_db(plain).T, atol=1e-3)
    np.testing.assert_allclose(Mel(reference="clip_max")(waveform, rate), librosa.power_to_db(plain, ref=np.max).T, atol=1e-3)


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_half_the_amplitude_is_six_decibels_less_whatever_the_power(power: float) -> None:
    mel = Mel(power=power, top_db=None)
    loud, quiet = mel(noise(16_000), RATE), mel(noise(16_000) / 2, RATE)
    assert loud - quiet == pytest.approx(6.0206, abs=1e-3)


def test_clip_max_reference_puts_the_loudest_value_at_0_db_and_top_db_bounds_the_range() -> None:
    values = Mel(reference="clip_max", top_db=60.0)(tone(1000), RATE)
    assert values.max() == pytest.approx(0.0, abs=1e-5)
    assert values.min() == pytest.approx(-60.0, abs=1e-4)


def test_min_max_maps_each_clip_to_0_to_1_and_silence_to_0() -> None:
    mel = Mel(n_mels=40, per_clip="min_max")
    values = mel(noise(16_000), RATE)
    assert (values.min(), values.max()) == (0.0, 1.0)
    assert not mel(np.zeros(16_000, np.float32), RATE).any()


def test_silence_lies_at_the_floor_of_100_db_below_one() -> None:
    assert Mel()(np.zeros(4000, np.float32), RATE) == pytest.approx(-100.0)


def test_mfcc_equals_librosa() -> None:
    waveform = noise(30_000)
    theirs = librosa.feature.mfcc(y=waveform, sr=RATE, n_mfcc=20, n_fft=1024, hop_length=512)
    np.testing.assert_allclose(Mfcc()(waveform, RATE), theirs.T, atol=2e-3)


def test_loudness_changes_only_the_first_mfcc() -> None:
    change = Mfcc(n_mfcc=13)(noise(16_000), RATE) - Mfcc(n_mfcc=13)(noise(16_000) / 2, RATE)
    assert change[:, 0] == pytest.approx(6.0206 * np.sqrt(128), abs=1e-2)
    assert change[:, 1:] == pytest.approx(0.0, abs=1e-2)


@pytest.mark.parametrize(("frequency_hz", "pitch_class"), [(440.0, 9), (880.0, 9), (1046.5, 0), (1318.5, 4)])
def test_a_tone_peaks_in_its_pitch_class_in_every_octave(frequency_hz: float, pitch_class: int) -> None:
    values = Chroma(n_fft=2048)(tone(frequency_hz), RATE)[2:-2]
    assert (values.argmax(axis=1) == pitch_class).all()
    assert values.max(axis=1) == pytest.approx(1.0)


def test_chroma_equals_librosa_for_a_fixed_and_for_an_estimated_tuning() -> None:
    waveform = tone(450.0) + noise(RATE)
    for tuning in (0.0, None):
        theirs = librosa.feature.chroma_stft(y=waveform, sr=RATE, n_fft=1024, hop_length=512, tuning=tuning)
        np.testing.assert_allclose(Chroma(tuning=tuning)(waveform, RATE), theirs.T, atol=1e-4)


@pytest.mark.parametrize(("name", "fields", "said"), [
    ("mel", {"n_mels": 0}, "n_mels"), ("mel", {"fmin_hz": 500.0, "fmax_hz": 400.0}, "fmax_hz"),
    ("mel", {"hop_length": 0}, "hop_length"), ("mel", {"n_fft": 511}, "even"),
    ("mel", {"top_db": -1.0}, "top_db"), ("mel", {"n_mel": 3}, "n_mels"), 
    ("mel", {"scale": "dB"}, "db"), ("mfcc", {"n_mfcc": 200}, "n_mels = 128"),
    ("mfcc", {"hop_length": 0}, "hop_length"), ("chroma", {"tuning": 2.0}, "tuning"), ("zcr", {"frame_length": 401}, "even"),
    ("energy", {"hop_length": 0}, "hop_length"), ("rms", {"hop_length": -1}, "-1"),
])
def test_a_field_out_of_range_is_refused_by_name(name: str, fields: dict[str, Any], said: str) -> None:
    with pytest.raises(BenchError, match=said):
        build(name, **fields)


def test_mel_bands_above_half_the_sample_rate_are_refused() -> None:
    with pytest.raises(BenchError, match="4000 Hz"):
        Mel(fmax_hz=8000.0)(noise(4000), 8000)


def test_joined_shapes() -> None:
    features = (ZeroCrossingRate(frame_length=2048), Energy(frame_length=2048))
    assert FeatureSpace(features=features, join="channels").joined_shape(216, 2) == (216, 2)
    assert FeatureSpace(features=features, join="end_to_end").joined_shape(216, 2) == (432, 1)
    assert FeatureSpace(features=features, join="image").joined_shape(216, 2) == (216, 2, 1)


def test_joined_features_stand_side_by_side_in_the_order_given() -> None:
    waveform = noise(48_000)
    values = FeatureSpace(features=(Energy(), Mfcc(), ZeroCrossingRate()), join="channels").extract(waveform, RATE, 48_000)
    assert values.shape == (94, 22)
    np.testing.assert_array_equal(values[:, :1], Energy()(waveform, RATE))
    np.testing.assert_array_equal(values[:, 21:], ZeroCrossingRate()(waveform, RATE))


def test_features_with_different_hops_are_refused() -> None:
    space = FeatureSpace(features=(Energy(), ZeroCrossingRate(hop_length=256)), join="channels")
    with pytest.raises(BenchError, match="energy 94, zcr 188"):
        space.extract(noise(48_000), RATE, 48_000)


def test_clips_are_padded_with_silence_or_cut_to_the_duration() -> None:
    space = FeatureSpace(features=(Energy(),), join="channels")
    assert not space.extract(tone(500, 1.0), RATE, 48_000)[34:].any()
    short, long = space.extract(tone(500, 3.0), RATE, 48_000), space.extract(tone(500, 5.0), RATE, 48_000)
    np.testing.assert_array_equal(long, short)


def test_clips_are_resampled_to_the_rate_of_the_space() -> None:
    """A 1 kHz tone recorded at 48 kHz crosses zero as often, per 16 kHz sample, as one made at 16 kHz."""
    space = FeatureSpace(features=(ZeroCrossingRate(),), join="channels")
    values = space.extract(tone(1000, 3.0, 0.5, rate=48_000), 48_000, 48_000)
    assert values[4:-4] == pytest.approx(2 * 1000 / RATE, abs=2 / 1024)


@pytest.mark.parametrize(("longest", "rate", "samples"), [
    (80_080 / 16_000, 22_050, 110_361), (80_080 / 16_000, 16_000, 80_080), (80_083 / 16_000, 16_000, 80_083),
    (24_413 / 24_414, 24_414, 24_413),
])
def test_the_longest_clip_gives_exactly_its_samples(longest: float, rate: int, samples: int) -> None:
    assert FeatureSpace(features=(Energy(),), join="channels", sample_rate=rate, duration_s=None).samples(longest) == samples


def test_a_vector_has_the_statistics_of_the_clip_s_own_frames_whatever_its_length() -> None:
    space = FeatureSpace(features=(Mfcc(n_mfcc=3), ZeroCrossingRate()), join="vector", statistics=("mean", "quartiles"))
    short, whole = noise(RATE), noise(2 * RATE)
    values = space.extract(short, RATE, space.samples(0))
    assert values.shape == (1, (3 + 1) * 4) and space.joined_shape(*values.shape) == (16,)
    assert values[0, :3] == pytest.approx(Mfcc(n_mfcc=3)(short, RATE).mean(axis=0), rel=1e-5)  # no padding is heard
    assert values[0, 12] == pytest.approx(ZeroCrossingRate()(short, RATE).mean(), rel=1e-5)
    assert space.extract(whole, RATE, space.samples(0)).shape == values.shape


def test_a_vector_hears_a_clip_up_to_its_duration() -> None:
    space = FeatureSpace(features=(Energy(),), join="vector", duration_s=1.0)
    loud_end = np.concatenate([tone(200, 1.0), 100 * tone(200, 1.0)])
    assert np.array_equal(space.extract(loud_end, RATE, space.samples(0)), space.extract(tone(200, 1.0), RATE, space.samples(0)))


@pytest.mark.parametrize("statistics", [(), ("mean", "mean")])
def test_statistics_are_named_once_each(statistics: tuple[Any, ...]) -> None:
    with pytest.raises(BenchError, match="statistics must be some of mean, std, quartiles, slope, each once"):
        FeatureSpace(features=(Energy(),), join="vector", statistics=statistics)


def test_statistics_leave_the_specification_of_other_spaces_as_it_was() -> None:
    assert "statistics" not in specification(FeatureSpace(features=(Energy(),), join="channels"))


def test_the_label_of_a_vector_names_its_statistics_and_the_duration_that_it_ends_at() -> None:
    whole = FeatureSpace(features=(Energy(),), join="vector", duration_s=None, statistics=("mean", "slope"))
    assert whole.label == "energy vector mean+slope"
    cut = FeatureSpace(features=(Energy(),), join="vector", normalise="none")
    assert cut.label == "energy vector mean+std duration_s=3.0 normalise=none"
