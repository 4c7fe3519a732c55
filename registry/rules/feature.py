"""What every feature obeys: shapes, silence, clips of one sample, the same values twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from registry.errors import require

if TYPE_CHECKING:
    import numpy as np

RATE = 16_000


def noise(samples: int) -> np.ndarray:
    """Quiet white noise, the same each time."""
    import numpy as np

    return np.random.default_rng(0).normal(0, 0.1, samples).astype(np.float32)


def grows(feature: Any) -> None:
    """One and two seconds of noise give finite float32 (frames, bands), more frames for the longer clip; one each with `whole_clip`."""
    one, two = _measured(feature, noise(RATE)), _measured(feature, noise(2 * RATE))
    if getattr(feature, "whole_clip", False):
        require(len(one) == len(two) == 1, f"With whole_clip, one second gave {one.shape} and two gave {two.shape}: give one frame.")
    else:
        require(len(two) > len(one), f"One second gave {one.shape}, two gave {two.shape}: the frames must grow.")
    foreseen = feature.shape(RATE) if hasattr(feature, "shape") else one.shape
    require(foreseen == one.shape, f"One second gave {one.shape}, and its method shape says {foreseen}.")
    require(one.shape[1] == two.shape[1], f"One second gave {one.shape}, two gave {two.shape}: the bands must stay.")


def survives_edges(feature: Any) -> None:
    """Silence, a one-sample clip and one shorter than a frame give finite values of at least one frame."""
    import numpy as np

    for waveform in (np.zeros(RATE, np.float32), np.zeros(1, np.float32), noise(1), noise(100)):
        _measured(feature, waveform)


def _measured(feature: Any, waveform: np.ndarray) -> np.ndarray:
    import numpy as np

    given = f"{len(waveform)} samples of {'noise' if np.any(waveform) else 'silence'}"
    output = feature(waveform.copy(), RATE)
    require(isinstance(output, np.ndarray), f"For {given} it gave {type(output).__name__}: return a numpy array.")
    require(output.ndim == 2 and min(output.shape) > 0, f"For {given} it gave the shape {output.shape}: return (frames, bands).")
    require(output.dtype == np.float32, f"For {given} it gave {output.dtype}: return output.astype(np.float32).")
    bad = int((~np.isfinite(output)).sum())
    require(bad == 0, f"For {given} it gave {bad} values that are not finite: guard logarithms and divisions.")
    return output


def repeats(feature: Any) -> None:
    """The same waveform gives the same values twice, and is left as it was."""
    import numpy as np

    waveform = noise(RATE)
    first, second = feature(waveform, RATE), feature(waveform, RATE)
    require(np.array_equal(waveform, noise(RATE)), "The waveform was changed in place: work on a copy.")
    require(np.array_equal(first, second), "Two calls differ: draw nothing at random, or from a Generator with a seed field.")


RULES = (grows, survives_edges, repeats)
