"""CopyPaste: a neutral clip of the same speaker set beside the clip, which keeps its emotion."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from registry.core import register
from registry.errors import require

if TYPE_CHECKING:
    import numpy as np


@register("copypaste")
class CopyPaste:
    """The clip and a neutral training clip of its speaker, one after the other in an order drawn: neutral speech changes no emotion.

    A pair longer than the feature space's length is no longer cut at its end, where the clip itself may stand: of each a stretch is
    taken, at a place drawn, so that both fit. (The paper joins stretches of 4 s, anew in most batches; here copies are made once.)
    A neutral clip gets another neutral one, or what is joined would never be neutral. A speaker without another neutral training clip
    has copies of clips as they are. Levels stay as recorded.

    Args:
        neutral_share: of the length, in (0, 1), for the neutral stretch where not both are heard whole; what one leaves is the other's.

    Reference: Pappagari, Villalba, Żelasko, Moro-Velázquez and Dehak, "CopyPaste: an augmentation method for speech emotion
        recognition", ICASSP 2021: its neutral CopyPaste.
    """

    version: ClassVar[int] = 1
    acts_on: ClassVar[Literal["pair"]] = "pair"
    neutral_share: float = 0.5

    def __post_init__(self) -> None:
        require(0 < self.neutral_share < 1, f"copypaste.neutral_share must be in (0, 1), not {self.neutral_share}")

    def __call__(self, waveform: np.ndarray, neutral: np.ndarray, samples: int, rng: np.random.Generator) -> np.ndarray:
        """(samples',) and (samples'',) float32 -> (at most `samples`,) float32."""
        import numpy as np

        own = min(len(waveform), max(samples - round(samples * self.neutral_share), samples - len(neutral)))
        parts = [_stretch(waveform, own, rng), _stretch(neutral, samples - own, rng)]
        return np.concatenate(parts if rng.random() < 0.5 else parts[::-1])


def _stretch(waveform: np.ndarray, longest: int, rng: np.random.Generator) -> np.ndarray:
    """So many samples of a waveform, from a place drawn; all of one that is no longer."""
    start = rng.integers(max(0, len(waveform) - longest) + 1)
    return waveform[start : start + longest]
