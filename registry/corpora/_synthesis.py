"""Source-filter synthesis of short emotional utterances, for clips that are synthesised when they are read."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import numpy as np

VOWELS_HZ = np.array([[730, 1090, 2440, 3500], [530, 1840, 2480, 3500], [270, 2290, 3010, 3600], [570, 840, 2410, 3400],
                      [300, 870, 2240, 3300], [490, 1350, 1690, 3300]], dtype=float)
"""Formants of the vowels of father, bet, beat, bought, boot and bird; Peterson & Barney 1952, men; the fourth is typical."""

BANDWIDTHS_HZ = np.array([80.0, 100.0, 140.0, 250.0])
SHORTEST_S, LONGEST_S = 1.3, 3.5


@dataclass(frozen=True)
class Manner:
    """How an utterance departs from a speaker's habit: pitch and its range in semitones, level in dB, tempo as a factor,
    spectral tilt in dB per octave (negative is duller), breath as a share of the source, final fall in semitones."""

    pitch: float
    span: float
    level_db: float
    tempo: float
    tilt: float
    breath: float
    fall: float


MANNERS = {
    "ANG": Manner(3.0, 2.5, 7.0, 1.08, 3.0, -0.03, 3.0),
    "DIS": Manner(-0.5, 0.5, 0.5, 0.86, 0.5, 0.05, 2.5),
    "FEA": Manner(4.0, -0.3, 1.0, 1.14, 0.0, 0.12, -1.0),
    "HAP": Manner(3.2, 3.0, 3.5, 1.04, 1.5, 0.01, -0.5),
    "NEU": Manner(0.0, 0.0, 0.0, 1.00, 0.0, 0.00, 1.5),
    "SAD": Manner(-1.2, -1.0, -4.0, 0.84, -2.5, 0.08, 1.0),
}


@dataclass(frozen=True)
class Voice:
    """A speaker's habit. `tract` multiplies the formants; `expressive` multiplies what an emotion changes."""

    f0_hz: float
    tract: float
    span: float
    level_db: float
    tempo: float
    tilt: float
    breath: float
    expressive: float


def generator(*parts: object) -> np.random.Generator:
    """Random numbers that depend on the parts alone, not on what was drawn before."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "little"))


def voice(rng: np.random.Generator, sex: str) -> Voice:
    """A speaker drawn at random; women's voices lie higher and their vocal tracts are shorter."""
    f0_hz, tract = (118.0, 1.0) if sex == "male" else (205.0, 1.16)
    return Voice(f0_hz=f0_hz * math.exp(rng.normal(0, 0.09)), tract=tract * math.exp(rng.normal(0, 0.04)),
                 span=rng.uniform(1.5, 3.0), level_db=rng.normal(-24, 2.0), tempo=rng.uniform(0.9, 1.1),
                 tilt=rng.normal(-7, 1.0), breath=rng.uniform(0.03, 0.08), expressive=rng.uniform(0.6, 1.3))


def syllables(rng: np.random.Generator) -> np.ndarray:
    """A sentence: shape (syllables, 3): vowel, duration in s at habitual tempo, loudness of the consonant before it."""
    count = int(rng.integers(6, 10))
    return np.stack([rng.integers(0, len(VOWELS_HZ), count), rng.uniform(0.16, 0.28, count), rng.uniform(0, 0.5, count)], axis=1)


def utterance(sentence: np.ndarray, speaker: Voice, emotion: str, rng: np.random.Generator, sample_rate: int) -> np.ndarray:
    """One clip: shape (samples,), float32, peak below 1, 1.3 to 3.5 s long.

    Args:
        sentence: what `syllables` gives.
        rng: of this clip alone; it varies how strongly and in which way the emotion is shown.
        sample_rate: Hz.
    """
    way = _manner(speaker, emotion, rng)
    starts, total = _timing(sentence[:, 1] / way.tempo, rng, sample_rate)
    f0_hz = _contour(way, starts, rng, sample_rate)
    voiced, burst = _envelopes(starts, sentence[:, 2], sample_rate)
    noise = rng.standard_normal(len(voiced)).astype(np.float32)
    source = _glottal(f0_hz, way.tilt, sample_rate) + way.breath * noise
    spoken = _formants(source * voiced + 0.25 * burst * _hiss(noise), sentence[:, 0].astype(int), starts, speaker, sample_rate)
    return _mix(spoken, way.level_db, int(starts[0]), total, rng)


def _manner(speaker: Voice, emotion: str, rng: np.random.Generator) -> Manner:
    """What is used: habit, plus the emotion as strongly as this speaker and this clip show it, plus chance; pitch in Hz."""
    m, shown = MANNERS[emotion], speaker.expressive * rng.uniform(0.5, 1.3)
    semitones = shown * m.pitch + rng.normal(0, 0.7)
    return Manner(pitch=speaker.f0_hz * 2 ** (semitones / 12), span=max(0.3, speaker.span + shown * m.span + rng.normal(0, 0.4)),
                  level_db=speaker.level_db + shown * m.level_db + rng.normal(0, 1.5),
                  tempo=speaker.tempo * m.tempo**shown * math.exp(rng.normal(0, 0.05)),
                  tilt=min(-1.0, speaker.tilt + shown * m.tilt + rng.normal(0, 0.7)),
                  breath=max(0.01, speaker.breath + shown * m.breath + rng.normal(0, 0.015)),
                  fall=shown * m.fall + rng.normal(0, 0.5))


def _timing(durations_s: np.ndarray, rng: np.random.Generator, sample_rate: int) -> tuple[np.ndarray, int]:
    """Where the syllables start and the last one ends, (syllables + 1,), and the clip's length, all in samples."""
    pauses_s = rng.uniform(0.15, 0.4, 2)
    room_s = float(pauses_s.sum())
    spoken_s = min(max(float(durations_s.sum()), SHORTEST_S - room_s), LONGEST_S - room_s)
    edges_s = np.concatenate([[0.0], np.cumsum(durations_s)]) * spoken_s / durations_s.sum()
    total = min(max(round((spoken_s + room_s) * sample_rate), math.ceil(SHORTEST_S * sample_rate)), int(LONGEST_S * sample_rate))
    return np.round((edges_s + pauses_s[0]) * sample_rate).astype(int), total


def _contour(way: Manner, starts: np.ndarray, rng: np.random.Generator, sample_rate: int) -> np.ndarray:
    """Pitch of the spoken part in Hz, (samples,): an accent on each syllable, a fall over the whole, and jitter."""
    targets = rng.normal(0, way.span, len(starts)) - way.fall * np.linspace(-0.5, 0.5, len(starts))
    at = np.arange(starts[-1] - starts[0])
    semitones = np.interp(at, starts - starts[0], targets)
    knots = np.arange(0, len(at) + 1, max(1, sample_rate // 100))
    jitter = np.interp(at, knots, rng.normal(0, 0.15, len(knots)))
    return np.clip(way.pitch * 2 ** ((semitones + jitter) / 12), 50, 600)


def _envelopes(starts: np.ndarray, consonants: np.ndarray, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Loudness over time of the voiced sound and of the consonants, each (samples of the spoken part,)."""
    at = np.arange(starts[-1] - starts[0])
    which = np.searchsorted(starts[1:-1] - starts[0], at, side="right")
    within = (at - (starts[:-1] - starts[0])[which]) / np.diff(starts)[which]  # 0 to 1 in each syllable
    burst = consonants[which] * np.exp(-(((within - 0.08) / 0.06) ** 2))
    return np.sqrt(np.sin(np.pi * np.clip(within, 0, 1))), burst


def _glottal(f0_hz: np.ndarray, tilt: float, sample_rate: int) -> np.ndarray:
    """One pulse a pitch period, (samples,), its spectrum falling by about `tilt` dB an octave above 300 Hz."""
    from scipy.signal import lfilter

    cycles = np.cumsum(f0_hz / sample_rate)
    pulses = np.diff(np.floor(cycles), prepend=0.0) * np.sqrt(sample_rate / f0_hz)
    pole = math.exp(-2 * math.pi * 300 / sample_rate)
    dull = lfilter([1 - pole], [1, -pole], pulses)
    share = min(1.0, -tilt / 12)  # -12 dB an octave: two poles; none: the bare pulses
    return (1 - share) * pulses * (1 - pole) + share * lfilter([1 - pole], [1, -pole], dull) * 2


def _hiss(noise: np.ndarray) -> np.ndarray:
    return np.diff(noise, prepend=np.float32(0))


def _formants(source: np.ndarray, vowels: np.ndarray, starts: np.ndarray, speaker: Voice, sample_rate: int) -> np.ndarray:
    """The source through each syllable's formants, the filter's state carried from one to the next; (samples,)."""
    from scipy.signal import sosfilt

    state = np.zeros((len(BANDWIDTHS_HZ), 2))
    edges, parts = starts - starts[0], []
    for vowel, begin, end in zip(vowels, edges[:-1], edges[1:], strict=True):
        part, state = sosfilt(_resonators(VOWELS_HZ[vowel] * speaker.tract, sample_rate), source[begin:end], zi=state)
        parts.append(part)
    return np.concatenate(parts)


def _resonators(formants_hz: np.ndarray, sample_rate: int) -> np.ndarray:
    """Second-order sections of unit gain at 0 Hz, (formants, 6); a formant too high for the rate is passed over."""
    radius = np.exp(-np.pi * BANDWIDTHS_HZ / sample_rate)
    a1, a2 = -2 * radius * np.cos(2 * np.pi * formants_hz / sample_rate), radius**2
    a1, a2 = (np.where(formants_hz < 0.45 * sample_rate, a, 0.0) for a in (a1, a2))
    zero, one = np.zeros_like(a1), np.ones_like(a1)
    return np.stack([1 + a1 + a2, zero, zero, one, a1, a2], axis=1)


def _mix(spoken: np.ndarray, level_db: float, begin: int, total: int, rng: np.random.Generator) -> np.ndarray:
    """The spoken part at its level (RMS, dB below full scale) in a quiet room; peaks are rounded off below 1."""
    clip = rng.standard_normal(total).astype(np.float32) * np.float32(10 ** (rng.uniform(-64, -56) / 20))
    end = min(total, begin + len(spoken))
    rms = math.sqrt(float(np.mean(spoken**2)))
    clip[begin:end] += (spoken[: end - begin] * (10 ** (level_db / 20) / rms)).astype(np.float32)
    return np.tanh(clip) * np.float32(0.999)
