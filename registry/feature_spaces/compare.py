"""ComParE 2016: 6,373 statistics of 65 contours and their slopes over a clip, by openSMILE: free for research and education only."""

from __future__ import annotations

from typing import ClassVar

from registry.core import register
from registry.feature_spaces._opensmile import Functionals


@register("compare")
class Compare(Functionals):
    """The functionals of the Computational Paralinguistics Challenge, ComParE_2016: a large set, for an SVM to choose from.

    They are computed by the package opensmile: pip install 'ser-bench[opensmile]'. Its version is part of cache keys and signatures.
    openSMILE's licence allows research, teaching and private use; commercial use, of models trained on its features too, needs a licence of
    audEERING.

    Clips are limited to what 16 bits hold, in which openSMILE reads them, and those shorter than 60 ms are filled up with zeros.
    Silence gives fixed finite values, not all zero. With `join="vector"` the values are taken as they are; they differ in size by many
    orders of magnitude, so that they need `normalise="per_band"`, the default.

    Output shape: (1, 6373) for a clip of any length, float32, in the units of each value.
    Raises: Lacking where opensmile is not installed.
    Reference: Schuller et al., "The INTERSPEECH 2016 Computational Paralinguistics Challenge: Deception, Sincerity & Native Language",
        Interspeech 2016; Eyben, Wöllmer and Schuller, "openSMILE", ACM Multimedia 2010.
    """

    version: ClassVar[int] = 1
    feature_set: ClassVar[str] = "ComParE_2016"
    values: ClassVar[int] = 6_373
