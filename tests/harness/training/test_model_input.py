"""What is no waveform, or comes at a rate that no recording has, is refused with what is expected; what is one passes unchanged."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from harness.training.model_input import checked_rate, checked_waveforms, in_full_scale
from registry.errors import UsageError

WAVEFORM = np.sin(np.arange(16_000) / 9).astype(np.float32)
OTHER = "a whole number of Hz from 4,000 to 192,000, not "


@pytest.mark.parametrize("rate", [16_000, 16_000.0, np.int64(16_000), np.float32(16_000), None])
def test_a_rate_is_a_whole_number_of_any_type_and_the_corpus_s_own_where_none_is_given(rate: Any) -> None:
    found = checked_rate({"sample_rate": rate}, 16_000)
    assert found == 16_000 and type(found) is int
    assert checked_rate(None, 22_050) == checked_rate({}, 22_050) == 22_050


@pytest.mark.parametrize(("params", "message"), [
    ({"sample_rate": 16}, OTHER + "16: give the rate of the recording, such as 16000, or leave it out for 22,050 Hz"),
    ({"sample_rate": 0}, OTHER + "0"), ({"sample_rate": -16_000}, OTHER + "-16000"), ({"sample_rate": 16_000_000}, OTHER + "16000000"),
    ({"sample_rate": float("nan")}, OTHER + "nan"), ({"sample_rate": float("inf")}, OTHER + "inf"), ({"sample_rate": True}, OTHER + "True"),
    ({"sample_rate": "16000"}, OTHER + "'16000'"), ({"sample_rate": 22_050.5}, OTHER + r"22050\.5"),
    ({"sample_rate": [16_000]}, OTHER + r"\[16000\]"),
    ({"sample_rte": 16_000}, "no parameter of a saved model is called 'sample_rte'. Did you mean 'sample_rate'"),
    ({"sample_rate": 16_000, "top_db": 3}, "is called 'top_db'. All: sample_rate"),
    (16_000, r"must be \{\"sample_rate\": Hz\}, not 16000")])
def test_another_parameter_and_a_rate_that_no_recording_has_are_refused_with_what_is_expected(params: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        checked_rate(params, 22_050)


@pytest.mark.parametrize(("waveforms", "message"), [
    ((WAVEFORM * 32_767).astype(np.int16)[None], r"floats in \[-1, 1\], not int16: divide by full scale, 32768 for 16-bit samples"),
    ((WAVEFORM * 127 + 128).astype(np.uint8)[None], "not uint8: subtract the middle and divide by it, 128 for 8-bit"),
    ([[0, 1] * 100], "not int64"), (WAVEFORM[None] > 0, "not bool: read them with soundfile.read"), (WAVEFORM[None] * 1j, "not complex"),
    (["clip.wav"], "not <U8: read them with soundfile.read"), ([[None] * 200], "waveforms must be finite"),
    ([WAVEFORM, WAVEFORM[:9_000]], "all clips of one length: pad them with zeros, or predict them one by one"),
    (WAVEFORM, r"not one of shape \(16000,\): give waveform\[None, :\]"), ([], "at least one clip"),
    (np.stack([WAVEFORM, WAVEFORM], axis=1), r"at least 100 samples, not 2: .* with channels give waveform.mean\(axis=1\)\[None, :\]"),
    (np.stack([WAVEFORM, WAVEFORM], axis=1)[None], r"of shape \(1, 16000, 2\): mix the channels, with waveforms.mean\(axis=-1\)")])
def test_what_is_no_array_of_clips_in_floats_is_refused_with_what_is_expected(waveforms: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        checked_waveforms(waveforms)


def test_floats_in_the_scale_of_whole_numbers_are_refused_and_overshoot_is_not() -> None:
    quiet, loud = WAVEFORM * 1.3, WAVEFORM * 13_963
    assert np.array_equal(in_full_scale(checked_waveforms(quiet[None].astype(np.float64))), quiet[None])
    with pytest.raises(UsageError, match=r"full scale being 1, and clips \[1\] reach 13,963: divide by full scale, 32768"):
        in_full_scale(np.stack([quiet, loud]))
