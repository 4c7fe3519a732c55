"""What a saved model takes: waveforms and their rate, checked first, since a wrong scale or rate gives figures too."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np

from registry.clip_audio import LOUDEST
from registry.errors import UsageError, require, unknown

SHORTEST = 100  # samples: less is no utterance at any sample rate, most likely a transposed array
LOWEST_HZ, HIGHEST_HZ = 4_000, 192_000  # of the rates at which speech is recorded
READ = 'read them with soundfile.read(path, dtype="float32")'
AS_FLOATS = {"i": "divide by full scale, 32768 for 16-bit samples", "u": "subtract the middle and divide by it, 128 for 8-bit samples"}
RESHAPED = {1: ": give waveform[None, :]", 3: ": mix the channels, with waveforms.mean(axis=-1)"}


def checked_rate(params: Any, own: int) -> int:
    """The sample rate among a model's parameters, in Hz; `own`, of its corpus, where there is none.

    Raises: UsageError for other parameters, and for what is no rate.

    >>> checked_rate({"sample_rate": 44_100.0}, 16_000), checked_rate(None, 16_000)
    (44100, 16000)
    """
    require(params is None or isinstance(params, Mapping), f'the parameters must be {{"sample_rate": Hz}}, not {params!r}')
    for name in params or {}:
        if name != "sample_rate":
            raise unknown("parameter of a saved model", str(name), ["sample_rate"])
    rate = (params or {}).get("sample_rate")
    if rate is None:
        return own
    is_number = isinstance(rate, numbers.Real) and not isinstance(rate, bool)
    require(is_number and LOWEST_HZ <= rate <= HIGHEST_HZ and float(rate).is_integer(),
            f"sample_rate must be a whole number of Hz from {LOWEST_HZ:,} to {HIGHEST_HZ:,}, not {rate!r}: give the rate of the recording, "
            f"such as 16000, or leave it out for {own:,} Hz, that of the corpus")
    return int(rate)


def checked_waveforms(model_input: Any) -> np.ndarray:
    """The input as float32 (clips, samples). Raises: UsageError for an array that a network can't predict."""
    try:
        given = np.asarray(model_input)
        require(given.dtype.kind in "fO", f"waveforms must be floats in [-1, 1], not {given.dtype}: "
                                          f"{AS_FLOATS.get(given.dtype.kind, READ)}")
        waveforms = given.astype(np.float32)
    except (TypeError, ValueError) as error:
        raise UsageError(f"the model takes floats in one array (clips, samples), all clips of one length: pad them with zeros, or predict "
                         f"them one by one ({error})") from error
    require(waveforms.ndim == 2 and len(waveforms) > 0, f"the model takes an array (clips, samples) of at least one clip, not one of shape "
                                                        f"{waveforms.shape}{RESHAPED.get(waveforms.ndim, '')}")
    require(waveforms.shape[1] >= SHORTEST, f"a waveform needs at least {SHORTEST} samples, not {waveforms.shape[1]}: the shape is (clips, "
                                            f"samples); of one recording with channels give waveform.mean(axis=1)[None, :]")
    broken = np.flatnonzero(~np.isfinite(waveforms).all(axis=1)).tolist()
    require(not broken, f"waveforms must be finite: clips {broken[:10]} hold NaN or infinite values")
    return waveforms


def in_full_scale(waveforms: np.ndarray) -> np.ndarray:
    """The waveforms as they are. Raises: UsageError for values in the scale of whole numbers."""
    peaks = np.abs(waveforms).max(axis=1)
    loud = np.flatnonzero(peaks > LOUDEST).tolist()
    require(not loud, f"waveforms must lie in [-1, 1], full scale being 1, and clips {loud[:10]} reach {peaks.max():,.6g}: divide by full "
                      "scale, 32768 for 16-bit samples")
    return waveforms
