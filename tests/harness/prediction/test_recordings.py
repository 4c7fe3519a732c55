"""Which files a call names, and the windows of long ones."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from harness.prediction.recordings import Recording, Windows, listed, stretches
from registry import audio
from registry.errors import BenchError, UsageError

RATE = 8_000


def ramp(folder: Path, seconds: float, name: str = "long.wav") -> Recording:
    """A recording of which each sample says when it is: from 0 to 0.5, in steps that 24 bits can tell apart."""
    values = np.linspace(0, 0.5, round(seconds * RATE))
    soundfile.write(folder / name, values, RATE, subtype="FLOAT" if name.endswith(".wav") else "PCM_24")
    return Recording(name, folder / name)


def test_what_lasts_no_longer_than_twice_what_the_model_hears_is_one_clip(tmp_path: Path) -> None:
    (only,) = stretches(ramp(tmp_path, 2.0), Windows.of(1.0))
    assert (only.start_s, only.end_s, len(only.waveform), only.sample_rate) == (0, 2, 16_000, RATE)
    assert len(list(stretches(ramp(tmp_path, 2.1), Windows.of(1.0)))) == 4


def test_windows_overlap_by_half_and_the_last_ends_where_the_recording_ends(tmp_path: Path) -> None:
    found = list(stretches(ramp(tmp_path, 3.3), Windows.of(1.0)))
    assert [window.start_s for window in found] == pytest.approx([0, 0.5, 1, 1.5, 2, 2.3])
    assert {len(window.waveform) for window in found} == {RATE}
    assert found[-1].waveform[-1] == pytest.approx(0.5) and found[1].waveform[0] == pytest.approx(0.5 * 0.5 / 3.3, abs=1e-4)


def test_a_given_window_cuts_everything_that_is_longer_and_a_hop_that_leaves_gaps_is_refused(tmp_path: Path) -> None:
    windows = Windows.of(1.0, 0.5, 0.25)
    assert [window.start_s for window in stretches(ramp(tmp_path, 1.0), windows)] == pytest.approx([0, 0.25, 0.5])
    with pytest.raises(UsageError, match=r"a hop of 2 s is longer than the window of 1 s, and would leave gaps: give --hop 1 or less"):
        Windows.of(1.0, None, 2.0)


@pytest.mark.parametrize("name", ["long.wav", "long.flac"])
def test_a_recording_that_is_longer_than_a_clip_can_be_is_read_in_parts_and_gives_the_same_windows(
        tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    recording, windows = ramp(tmp_path, 7.3, name), Windows.of(1.0)
    at_once = list(stretches(recording, windows))
    monkeypatch.setattr(audio, "LONGEST_S", 5)
    monkeypatch.setattr("harness.prediction.recordings.BLOCK_S", 2)
    in_parts = list(stretches(recording, windows))
    assert len(in_parts) == 14 and [w[:2] for w in in_parts] == [w[:2] for w in at_once]
    for one, other in zip(in_parts, at_once, strict=True):
        np.testing.assert_allclose(one.waveform, other.waveform, atol=1e-6)


def test_channels_are_averaged_and_the_rate_stays_that_of_the_file(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.stack([np.full(4_800, 0.2), np.full(4_800, 0.4)], 1), 48_000, subtype="FLOAT")
    (only,) = stretches(Recording("a.wav", tmp_path / "a.wav"), Windows.of(1.0))
    assert only.sample_rate == 48_000 and only.waveform == pytest.approx(np.full(4_800, 0.3), abs=1e-6)


def test_what_a_run_would_refuse_is_refused_with_the_reason(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "scale.wav", np.full(8_000, 9_000.0), RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "short.wav", np.zeros(50), RATE)
    soundfile.write(tmp_path / "slow.wav", np.zeros(2_000), 2_000)
    (tmp_path / "text.wav").write_text("not audio")
    cut = ramp(tmp_path, 1.0, "cut.wav").path
    cut.write_bytes(cut.read_bytes()[:9_000])
    for name, reason in {"scale.wav": "they seem to be 16-bit numbers", "short.wav": "50 samples, too few for an utterance",
                         "slow.wav": "a sample rate of 2,000 Hz", "text.wav": "neither WAV, FLAC", "cut.wav": "was cut short",
                         "none.wav": "the file is not there"}.items():
        with pytest.raises(BenchError, match=reason):
            list(stretches(Recording(name, tmp_path / name), Windows.of(1.0)))


def test_folders_give_their_audio_in_order_and_say_what_they_pass_over(tmp_path: Path) -> None:
    for name in ("b.WAV", "a/x.mp3", "a/notes.txt", ".hidden/y.wav", "._z.wav", "cover.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "a" / "deep").mkdir()
    found = listed([str(tmp_path), str(tmp_path / "b.WAV"), "odd.bin", str(tmp_path / "a" / "deep")], tmp_path / "stdin")
    assert [recording.name for recording in found.recordings] == [str(tmp_path / "a/x.mp3"), str(tmp_path / "b.WAV"), "odd.bin"]
    assert found.passed_over == 2 and found.empty == (str(tmp_path / "a" / "deep"),)


def test_standard_input_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = ramp(tmp_path, 0.5).path.read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    (recording,) = listed(["-"], tmp_path / "stdin").recordings
    assert [len(window.waveform) for window in stretches(recording, Windows.of(1.0))] == [4_000]
    with pytest.raises(UsageError, match="can be read once"):
        listed(["-", "-"], tmp_path / "stdin")
