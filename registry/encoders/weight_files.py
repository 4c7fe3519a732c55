"""Reads the weights of encoders from CTranslate2's `model.bin` and from safetensors: plain numbers in both, no code is run."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from registry.errors import BenchError

if TYPE_CHECKING:
    import numpy as np

KINDS = {0: "F32", 4: "F16", 5: "BF16"}  # CTranslate2's numbers of the types that safetensors calls so
SIZES = {"F32": 4, "F16": 2, "BF16": 2}
LONGEST_HEADER = 100 << 20  # bytes; that of the largest models has some thousand
Wanted = Callable[[str], bool]


def read(path: Path, wanted: Wanted = lambda name: True) -> dict[str, np.ndarray]:
    """The arrays of a file whose names are wanted, float32, by name; the others are passed over unread.

    Raises: BenchError for a file of another form, one that is cut short, or quantised weights.
    """
    with path.open("rb") as file:
        places = _places(path, file, wanted)
        return {name: _array(file, *place) for name, place in places.items()}


def shapes(path: Path, wanted: Wanted = lambda name: True) -> dict[str, tuple[int, ...]]:
    """The shapes of the arrays that `read` would give; no array is read."""
    with path.open("rb") as file:
        return {name: shape for name, (shape, _, _) in _places(path, file, wanted).items()}


Place = tuple[tuple[int, ...], str, int]  # shape, type, first byte


def _places(path: Path, file: BinaryIO, wanted: Wanted) -> dict[str, Place]:
    listed, end = _safetensors if path.suffix == ".safetensors" else _ctranslate2, path.stat().st_size
    try:
        places = {name: (shape, kind, begin) for name, shape, kind, begin in listed(file) if wanted(name)}
    except (struct.error, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise BenchError(f"{path} is cut short, or no file of weights ({error}): fetch it again") from error
    for name, (shape, kind, begin) in places.items():
        if kind not in SIZES:
            raise BenchError(f"{path} has {name} {list(shape)} in the type {kind}: quantised weights are not read, take a file in float16 "
                             "or float32")
        if min(shape, default=1) < 1 or begin < 0 or begin + math.prod(shape) * SIZES[kind] > end:
            raise BenchError(f"{path} is cut short or damaged at {name} {list(shape)}: fetch it again")
    return places


def _array(file: BinaryIO, shape: tuple[int, ...], kind: str, begin: int) -> np.ndarray:
    import numpy as np

    file.seek(begin)
    data = file.read(math.prod(shape) * SIZES[kind])
    if kind == "BF16":  # the upper half of a float32
        return (np.frombuffer(data, "<u2").astype("<u4") << 16).view("<f4").reshape(shape)
    return np.frombuffer(data, "<f4" if kind == "F32" else "<f2").astype(np.float32).reshape(shape)


def _ctranslate2(file: BinaryIO) -> Iterator[tuple[str, tuple[int, ...], str, int]]:
    """Version, name and revision of the format, then a count of variables, each with name, shape, type and data; aliases follow."""
    def number(form: str) -> int:
        return int(struct.unpack(f"<{form}", file.read(struct.calcsize(form)))[0])

    def text() -> str:
        return file.read(number("H")).rstrip(b"\0").decode("utf-8")

    version = number("I")
    if not 4 <= version <= 6:
        raise ValueError(f"its format has the version {version}, where 4 to 6 are known")
    text(), number("I")
    for _ in range(number("I")):
        name, shape = text(), tuple(number("I") for _ in range(number("B")))
        kind, size = number("B"), number("I")
        if shape:  # single numbers are settings
            yield name, shape, KINDS.get(kind, f"number {kind}"), file.tell()
        file.seek(size, 1)


def _safetensors(file: BinaryIO) -> Iterator[tuple[str, tuple[int, ...], str, int]]:
    """The size of a JSON header, the header with type, shape and place of each array, then the arrays."""
    size = struct.unpack("<Q", file.read(8))[0]
    if size > LONGEST_HEADER:
        raise ValueError(f"its header would have {size:,} bytes")
    for name, entry in json.loads(file.read(size)).items():
        if name != "__metadata__":
            yield name, tuple(map(int, entry["shape"])), str(entry["dtype"]), 8 + size + int(entry["data_offsets"][0])
