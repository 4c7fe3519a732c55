"""What keeps librosa's effects from warning of clips that are shorter than one of their frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

FRAME = 2048  # of librosa's phase vocoder


def long_enough(waveform: np.ndarray) -> np.ndarray:
    """The waveform, zero-padded at the end to one frame of the phase vocoder."""
    from registry.audio import fix_length

    return fix_length(waveform, max(FRAME, len(waveform)))
