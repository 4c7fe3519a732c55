"""eGeMAPS: 88 statistics of pitch, loudness, spectrum and voice quality over a clip, by openSMILE: free for research and education only."""

from __future__ import annotations

from typing import ClassVar

from registry.core import register
from registry.feature_spaces._opensmile import Functionals


@register("egemaps")
class Egemaps(Functionals):
    """The functionals of the extended Geneva Minimalistic Acoustic Parameter Set, eGeMAPSv02, which the field's baselines are made of.

    They are computed by the package opensmile: pip install 'ser-bench[opensmile]'. Its version is part of cache keys and signatures.
    openSMILE's licence allows research, teaching and private use; commercial use, of models trained on its features too, needs a licence of
    audEERING.

    Clips are limited to what 16 bits hold, in which openSMILE reads them, and those shorter than 60 ms are filled up with zeros.
    Silence gives fixed finite values, not all zero. With `join="vector"` the values are taken as they are.

    Output shape: (1, 88) for a clip of any length, float32, in the units of each value: semitones, Hz, dB, ms, shares.
    Raises: Lacking where opensmile is not installed.
    Reference: Eyben et al., "The Geneva Minimalistic Acoustic Parameter Set (GeMAPS) for voice research and affective computing",
        IEEE Trans. Affective Computing 7(2), 2016; Eyben, Wöllmer and Schuller, "openSMILE", ACM Multimedia 2010.
    """

    version: ClassVar[int] = 1
    feature_set: ClassVar[str] = "eGeMAPSv02"
    values: ClassVar[int] = 88
