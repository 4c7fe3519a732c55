"""A file that holds less than it says is refused in every common format; one that promises nothing, or lacks only padding, is read."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from cut_files import FORMATS, RATE, TONE, cut, sound, wav, without_header_frame

from registry import audio
from registry.errors import BenchError


def faults(path: Path) -> set[str]:
    """What reading a file, and looking at its header only, says of it."""
    told = set()
    for look in (audio.read, audio.measured):
        try:
            look(path)
        except BenchError as error:
            told.add(str(error))
    return told


@pytest.mark.parametrize("kind", FORMATS)
def test_a_whole_file_is_read_whole(tmp_path: Path, kind: str) -> None:
    path = sound(tmp_path / "clip", kind)
    waveform, rate = audio.read(path)
    header = audio.measured(path)
    assert (rate, header.sample_rate, header.channels) == (RATE, RATE, 1)
    assert len(waveform) == header.samples == pytest.approx(len(TONE), abs=1017)  # ADPCM fills up its last block


@pytest.mark.parametrize("share", [0.3, 0.6, 0.98])
@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_that_was_cut_short_is_refused_in_every_format(tmp_path: Path, kind: str, share: float) -> None:
    path = cut(sound(tmp_path / "clip", kind), share)
    with pytest.raises(BenchError, match="copy or download this clip again") as refused:
        audio.read(path)
    assert str(path) in str(refused.value)
    if kind != "flac" and not (kind in ("caf", "opus") and share < 0.9):  # these can't be opened, or not be decoded
        assert "was cut short" in str(refused.value)
        assert faults(path) == {str(refused.value)}  # known from the header alone


def test_the_message_says_how_much_is_there(tmp_path: Path) -> None:
    told, = faults(cut(sound(tmp_path / "clip.wav", "wav"), 0.5))
    assert told == (f"{tmp_path / 'clip.wav'} was cut short: its header says 64,000 bytes, and 31,978 are there; copy or download this "
                    "clip again")
    assert "its last page is missing" in next(iter(faults(cut(sound(tmp_path / "clip.ogg", "ogg"), 0.98))))
    assert "its last frame is incomplete" in next(iter(faults(cut(sound(tmp_path / "clip.mp3", "mp3"), 0.98))))


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0xFFFFFFFE, 0x80000000, 0x7FFFFFFF, 0x7FFFF000, 0x7FFF0000, 0])
def test_a_wav_whose_writer_did_not_know_its_length_is_read_to_its_end(tmp_path: Path, size: int) -> None:
    assert len(audio.read(wav(tmp_path / "piped.wav", size, riff_size=size))[0]) == len(TONE)


def test_other_files_from_a_pipe_are_read_to_their_end(tmp_path: Path) -> None:
    flac = sound(tmp_path / "a.flac", "flac")
    content = bytearray(flac.read_bytes())
    content[21] &= 0xF0  # the count of samples: the last 36 bits before the checksum
    content[22:26] = bytes(4)
    flac.write_bytes(content)
    assert soundfile.info(flac).frames > 2**60
    assert len(audio.read(flac)[0]) == audio.measured(flac).samples == len(TONE)
    for size in (0, 0xFFFFFFFF):
        au = sound(tmp_path / "a.au", "au")
        au.write_bytes(au.read_bytes()[:8] + struct.pack(">I", size) + au.read_bytes()[12:])
        assert len(audio.read(au)[0]) == len(TONE)


def test_an_empty_wav_with_notes_behind_it_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE, 2 * RATE, 2, 16)
    content = form + b"data" + bytes(4) + b"LIST" + struct.pack("<I", 12) + b"INFOISFT" + bytes(4)
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(content)) + b"WAVE" + content)
    with pytest.raises(BenchError, match="holds no samples"):
        audio.read(path)


@pytest.mark.parametrize(("size", "more"), [(64_001, b""), (64_044, b""), (64_036, b""), (64_000, b"LIST\x10\x27\0\0INFO")])
def test_a_header_that_is_odd_but_lacks_no_audio_is_taken(tmp_path: Path, size: int, more: bytes) -> None:
    """A byte of padding that is counted, headers that are counted as audio, and notes behind the audio that were cut."""
    assert len(audio.read(wav(tmp_path / "odd.wav", size, after=more))[0]) == len(TONE)


@pytest.mark.parametrize("missing", [1, 36, 44])
def test_a_wav_that_lacks_as_much_as_a_header_or_a_single_byte_is_refused(tmp_path: Path, missing: int) -> None:
    path = sound(tmp_path / "clip.wav", "wav")
    path.write_bytes(path.read_bytes()[:-missing])
    told, = faults(path)
    assert f"its header says 64,000 bytes, and {64_000 - missing:,} are there" in told


def test_two_bytes_that_are_missing_are_a_sample_and_refused(tmp_path: Path) -> None:
    told, = faults(wav(tmp_path / "clip.wav", 64_002))
    assert "its header says 64,002 bytes, and 64,000 are there" in told


@pytest.mark.parametrize("kind", ["ogg", "opus"])
def test_an_ogg_that_lacks_a_page_in_its_middle_is_refused(tmp_path: Path, kind: str) -> None:
    path = sound(tmp_path / "clip.ogg", kind, np.tile(TONE, 10))
    content = path.read_bytes()
    starts = [i for i in range(len(content)) if content.startswith(b"OggS", i)]
    path.write_bytes(content[: starts[4]] + content[starts[5] :])
    with pytest.raises(BenchError, match=r"of its 320,000 samples can be decoded"):
        audio.read(path)


@pytest.mark.parametrize("kind", ["ogg", "opus"])
def test_an_ogg_with_a_damaged_byte_is_refused_by_its_header_too(tmp_path: Path, kind: str) -> None:
    """libsndfile gives what comes before it, and says that this is all."""
    path = sound(tmp_path / "clip.ogg", kind, np.tile(TONE, 5))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x55
    path.write_bytes(content)
    told, = faults(path)
    assert re.search(r"is damaged: from byte [\d,]+ on its checksums are wrong", told)


def test_two_ogg_files_in_one_are_refused_since_only_the_first_would_be_read(tmp_path: Path) -> None:
    one, other = (sound(tmp_path / name, "ogg").read_bytes() for name in ("a.ogg", "b.ogg"))
    (tmp_path / "both.ogg").write_bytes(one + other.replace(other[14:18], b"\x01\x02\x03\x04"))
    assert "holds several streams" in next(iter(faults(tmp_path / "both.ogg")))
    (tmp_path / "junk.ogg").write_bytes(one + bytes(500))
    assert len(audio.read(tmp_path / "junk.ogg")[0]) == len(TONE)


def test_an_mp3_that_counts_no_frames_is_read_where_its_length_can_be_known(tmp_path: Path) -> None:
    for mode, taken in (("CONSTANT", True), ("VARIABLE", False)):
        path = tmp_path / f"{mode}.mp3"
        soundfile.write(path, TONE, RATE, format="MP3", bitrate_mode=mode, compression_level=0.5)
        without_header_frame(path)
        if taken:
            assert len(audio.read(path)[0]) >= len(TONE)
            assert "its last frame is incomplete" in next(iter(faults(cut(path, 0.98))))
        else:
            assert "no header that counts all of its frames" in next(iter(faults(path)))


def test_the_length_of_an_mp3_that_counts_no_frames_is_counted_and_no_guess(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp3"
    quiet_between = np.repeat([0, 1.0, 0, 1], 20_000) * np.random.default_rng(0).normal(0, 0.2, 80_000)
    soundfile.write(path, quiet_between, 44_100, format="MP3", bitrate_mode="VARIABLE", compression_level=0.4)
    without_header_frame(path)
    assert soundfile.info(path).frames > 100_000
    assert len(audio.read(path)[0]) == audio.measured(path).samples == pytest.approx(80_000, abs=3_000)
    with pytest.raises(BenchError, match="does not say how long it is, so that its segments can't be found"):
        audio.measured(path, any_length=True)


def test_tags_before_and_behind_an_mp3_are_no_frames(tmp_path: Path) -> None:
    path = sound(tmp_path / "clip.mp3", "mp3")
    path.write_bytes(b"ID3\x04\0\0\0\0\x01\x00" + b"\xff\xfb\x90\xc4" + bytes(124) + path.read_bytes() + b"TAG" + b"\xff" * 125)
    assert len(audio.read(path)[0]) == len(TONE)


def test_what_is_no_sound_file_is_refused_with_the_way_out(tmp_path: Path) -> None:
    film = tmp_path / "clip.mp4"
    film.write_bytes(b"\0\0\0\x20ftypisom" + bytes(200))
    told, = faults(film)
    assert "neither WAV, FLAC, Ogg, MP3 nor AIFF" in told and "ffmpeg" in told
    (tmp_path / "folder.wav").mkdir()
    assert "Is a directory" in next(iter(faults(tmp_path / "folder.wav")))
    assert "the file is not there" in next(iter(faults(tmp_path / "gone.wav")))
