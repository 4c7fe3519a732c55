"""Audio files beyond what libsndfile checks: whether one holds all that it says, and those whose length its writer did not know."""

from __future__ import annotations

import io
import re
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import soundfile

UNKNOWN_LENGTH = 2**63 - 1  # samples, by libsndfile: of a FLAC file that was written into a pipe
BLOCK = 65_536  # samples
AGAIN = "copy or download this clip again"
UNCLOSED = {b"RIFF": (4, b"\x08\0\0\0"), b"RIFX": (4, b"\0\0\0\x08"), b".snd": (8, b"\xff\xff\xff\xff")}
"""First bytes of a file -> where, and by which bytes, libsndfile sees that its writer did not come back to fill in the size."""
UNKNOWN_BYTES = 0x7F000000  # from here on, sizes are what programs write that do not know them yet, such as 0x7FFFF000 and 0xFFFFFFFF
PADDING = 8  # bytes that the size of a W64 may count and the file lack, which is filled up to a multiple of 8; others to an even number
CHUNKS = re.compile(r"^ *(data|SSND|BODY|Data Size|riff|Riff size) *: (\d+) \(should be (\d+)\)", re.M)
"""In libsndfile's log of a file: the size that a part with audio has by its header, and what the file holds of it. RIFF (of WAV)
and FORM (of AIFF) count what may follow the audio, and so are not among them; in W64 and RF64 only the whole file's size is checked."""
SPHERE = re.compile(rb"^sample_count -i (\d+)", re.M)
WHOLE = re.compile(r"^ *(RIFF|FORM) *: \d+ \(should be", re.M)
"""In that log: the size of the whole file is another than its header says."""
CUT = re.compile(r"truncated|^Data length \d+ should be", re.M)
KBITS = {1: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320), 2: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)}
"""MPEG version -> kbit/s of layer 3, by the index in a frame's header, from 1."""
EDGES = 5  # frames of an MP3 that hold its header, and what an encoder puts before and after the sound, which is not read
HEADER = re.compile(rb"(?:Xing|Info)...[\x01\x03\x05\x07\x09\x0b\x0d\x0f](....)|VBRI.{10}(....)", re.S)
"""What counts an MP3's frames, in its first one; the bytes before the count say that it is there."""
MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def opened(path: Path) -> soundfile.SoundFile:
    """The file, open. One whose writer left its size at 0 is opened as holding all that follows."""
    import soundfile

    file = soundfile.SoundFile(path)
    if file.frames:
        return file
    content = bytearray(path.read_bytes())
    at, unknown = UNCLOSED.get(bytes(content[:4]), (0, b""))
    written = int.from_bytes(content[4:8], "little" if content.startswith(b"RIFF") else "big")
    if not unknown or written + 8 == len(content):  # it is closed, and empty
        return file
    file.close()
    content[at : at + len(unknown)] = unknown
    return soundfile.SoundFile(io.BytesIO(content))


def decoded(file: soundfile.SoundFile, most: int) -> np.ndarray:
    """The samples of an open file, (samples, channels), float32; of a length that is not known, about `most` at most."""
    if file.frames < UNKNOWN_LENGTH:
        return np.asarray(file.read(file.frames, dtype="float32", always_2d=True))
    parts: list[np.ndarray] = []
    file.seekable = lambda: False
    while sum(map(len, parts)) <= most and (not parts or len(parts[-1]) == BLOCK):
        parts.append(file.read(BLOCK, dtype="float32", always_2d=True))
    return np.concatenate(parts)


def says_length(path: Path, file: soundfile.SoundFile) -> bool:
    """Whether an open file says how many samples it holds; of an MP3 that does not, libsndfile guesses it by the first frame."""
    if file.format != "MP3":
        return file.frames < UNKNOWN_LENGTH
    content = path.read_bytes()
    at = content.find(b"\xff", _after_id3(content))
    first = _frame(content, at)
    return first is None or HEADER.search(content[at : at + first.size]) is not None


def shortfall(path: Path, file: soundfile.SoundFile) -> str:
    """What an open file lacks of what it says, or what of it would not be read, and what to do; empty for a whole one.

    Only headers are looked at. A file whose length its writer did not know yet, as in a pipe, promises nothing.
    """
    if file.format == "OGG":
        return _ogg(path.read_bytes())
    if file.format == "MP3":
        return _mp3(path.read_bytes(), file.frames)
    if file.format == "NIST":
        return _cut("samples", max(map(int, SPHERE.findall(path.read_bytes())), default=0), file.frames)
    log, size = file.extra_info, path.stat().st_size
    for part, promised, held in ((part, int(promised), int(held)) for part, promised, held in CHUNKS.findall(log)):
        counts_headers = part == "data" and size - promised in (0, 8) and not WHOLE.search(log)  # as some programs do: nothing is missing
        if promised - held > (PADDING if part == "riff" else promised % 2) and promised < UNKNOWN_BYTES and not counts_headers:
            return _cut("bytes", promised, held)
    return f"was cut short; {AGAIN}" if CUT.search(log) else ""


def _cut(unit: str, promised: int, held: int) -> str:
    return f"was cut short: its header says {promised:,} {unit}, and {held:,} are there; {AGAIN}" if held < promised else ""


def _ogg(content: bytes) -> str:
    """Each stream of an Ogg file begins and ends with a page that is marked so; behind a wrong checksum libsndfile reads no more."""
    ended: dict[int, bool] = {}
    at = content.find(b"OggS")
    while 0 <= at <= len(content) - 27:
        flags, serial, segments = struct.unpack_from("<5xB8xI8xB", content, at)
        end = at + 27 + segments + sum(content[at + 27 : at + 27 + segments])
        if end > len(content):
            break
        if flags & 2 and ended and all(ended.values()):
            return "holds several streams one after the other, of which only the first would be read: write them as one"
        if int.from_bytes(content[at + 22 : at + 26], "little") != _checksum(content[at:end]):
            return f"is damaged: from byte {at:,} on its checksums are wrong, and nothing more would be read; {AGAIN}"
        ended[serial] = bool(flags & 4)
        at = content.find(b"OggS", end)
    return "" if all(ended.values()) else f"was cut short: its last page is missing; {AGAIN}"


def _checksum(page: bytes) -> int:
    """The CRC-32 of an Ogg page, which is zlib's in mirror image and not inverted; its own place counts as zeros."""
    crc = zlib.crc32((page[:22] + bytes(4) + page[26:]).translate(MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{crc:032b}"[::-1], 2)


class _Frame(NamedTuple):
    """A frame of an MP3. Args: size: in bytes. samples: that it gives of each channel. kind: what all frames of a file share."""

    size: int
    samples: int
    kind: int


def _mp3(content: bytes, readable: int) -> str:
    """What an MP3 lacks of its last frame, or of the frames that its Xing, Info or VBRI header counts.

    Args: readable: samples that are read; where no header counts the frames, libsndfile guesses them by the bit rate of the first one.
    """
    at = content.find(b"\xff", _after_id3(content))
    first = _frame(content, at)
    if first is None:
        return ""  # of a kind that is not known here
    header = HEADER.search(content[at : at + first.size])
    promised, count = int.from_bytes(header[1] or header[2]) if header else 0, 0
    while at >= 0 and (frame := _frame(content, at)):
        if at + frame.size > len(content):
            return f"was cut short: its last frame is incomplete; {AGAIN}"
        at, count = _next(content, at + frame.size, first.kind), count + 1
    if missing := _cut("frames", promised, count):
        return missing
    if (count - EDGES) * first.samples > readable:
        return (f"has no header that counts all of its frames, so that {readable:,} of about {count * first.samples:,} samples would be "
                "read: convert it, for example with `ffmpeg -i IN.mp3 OUT.flac`")
    return ""


def _after_id3(content: bytes) -> int:
    """Where the sound begins behind tags, whose size is written in seven bits a byte."""
    at = 0
    while content[at : at + 3] == b"ID3" and at + 10 <= len(content):
        at += 10 + sum(byte << shift for byte, shift in zip(content[at + 6 : at + 10], (21, 14, 7, 0), strict=True))
    return at


def _frame(content: bytes, at: int) -> _Frame | None:
    """The frame of layer 3 that begins here."""
    header = int.from_bytes(content[at : at + 4]) if 0 <= at <= len(content) - 4 else 0
    version, kbits, rate = header >> 19 & 3, header >> 12 & 15, header >> 10 & 3
    if header >> 21 != 0x7FF or version == 1 or header >> 17 & 3 != 1 or kbits in (0, 15) or rate == 3:
        return None
    samples, hz = (1152 if version == 3 else 576), (44_100, 48_000, 32_000)[rate] >> {3: 0, 2: 1, 0: 2}[version]
    size = samples // 8 * KBITS[1 if version == 3 else 2][kbits - 1] * 1000 // hz + (header >> 9 & 1)
    return _Frame(size, samples, header & 0xFFFE0C00)


def _next(content: bytes, at: int, kind: int) -> int:
    """Where the next frame of a kind begins: here, or behind other bytes if yet another frame follows it; -1 where there is none."""
    here = at
    while at >= 0:
        frame = _frame(content, at)
        if frame and frame.kind == kind and (at == here or _frame(content, at + frame.size)):
            return at
        at = content.find(b"\xff", at + 1)
    return -1
