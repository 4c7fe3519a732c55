"""What an exported folder does to a recording is what bench does, without any of bench."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from exportable import sound

from harness.prediction import front_end
from registry import audio


@pytest.mark.parametrize(("rate", "target"), [(48_000, 16_000), (8_000, 16_000), (44_100, 16_000), (16_000, 16_000)])
def test_it_resamples_as_bench_does(rate: int, target: int) -> None:
    waveform = sound(0.731, rate)
    np.testing.assert_array_equal(front_end.resampled(waveform, rate, target), audio.resample(waveform, rate, target))


@pytest.mark.parametrize("trim_db", [None, 20.0, 40.0])
@pytest.mark.parametrize("seconds", [0.1, 0.9, 2.0])
def test_it_trims_as_bench_does(trim_db: float | None, seconds: float) -> None:
    waveform = np.concatenate([np.full(3_000, 1e-4, np.float32), sound(seconds, 16_000)])
    np.testing.assert_array_equal(front_end.trimmed(waveform, trim_db), audio.trim(waveform, trim_db))


def test_silence_stays_and_channels_are_averaged_and_what_is_no_recording_is_refused() -> None:
    assert len(front_end.trimmed(np.zeros(500, np.float32), 20.0)) == 500
    assert front_end.mono(np.stack([np.full(200, 0.2), np.full(200, 0.4)], 1)) == pytest.approx(np.full(200, 0.3))
    for wrong, reason in ((np.zeros(200, np.int16), "floats"), (np.full(200, 300.0), "divide 16-bit"), (np.zeros(20), "100 samples"),
                          (np.full(200, np.nan), "all finite")):
        with pytest.raises(ValueError, match=reason):
            front_end.mono(wrong)


def test_it_imports_nothing_of_bench() -> None:
    code = f"import runpy, sys; runpy.run_path({front_end.__file__!r}); print({{'harness', 'registry'}} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True, cwd="/")
    assert done.stdout.strip() == "set()"
