"""Pitch shift: the clip higher or lower at the same speed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, Literal

from registry.augmentations._draws import check_range
from registry.core import register
from registry.errors import require

if TYPE_CHECKING:
    import numpy as np


@register("pitch_shift")
class PitchShift:
    """The clip stretched in time by librosa's phase vocoder, then resampled to its former length: all frequencies are scaled alike.

    Formants move with the pitch, so that a large shift makes another voice.

    Args:
        lowest_semitones, highest_semitones: the shift is drawn uniformly between them; the defaults are the published ones.
        whole_semitones: draw whole semitones only.

    Reference: Salamon and Bello, "Deep convolutional neural networks and data augmentation for environmental sound
    classification", 2017; McFee et al., "librosa", SciPy 2015.
    """

    version: ClassVar[int] = 1
    acts_on: ClassVar[Literal["waveform"]] = "waveform"
    lowest_semitones: float = -3.0
    highest_semitones: float = 2.0
    whole_semitones: bool = False

    def __post_init__(self) -> None:
        check_range(self, "lowest_semitones", "highest_semitones", -12.0, 12.0, "semitones")
        require(not self.whole_semitones or math.ceil(self.lowest_semitones) <= math.floor(self.highest_semitones),
                f"pitch_shift has no whole semitones between {self.lowest_semitones} and {self.highest_semitones}")

    def __call__(self, waveform: np.ndarray, sample_rate: int, rng: np.random.Generator) -> np.ndarray:
        """(samples,) float32 -> (samples,) float32."""
        import librosa

        from registry.audio import fix_length
        from registry.augmentations._effects import long_enough

        low, high = self.lowest_semitones, self.highest_semitones
        whole = float(rng.integers(math.ceil(low), math.floor(high), endpoint=True)) if self.whole_semitones else None
        semitones = rng.uniform(low, high) if whole is None else whole
        return fix_length(librosa.effects.pitch_shift(long_enough(waveform), sr=sample_rate, n_steps=semitones), len(waveform))
