"""The files of the feature cache: written beside and renamed into place, verified when opened, listed and cleared."""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import shutil
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.errors import BenchError, unknown

if TYPE_CHECKING:
    import numpy as np

logger = logging.getLogger(__name__)
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_verified: dict[tuple[Path, str], np.ndarray] = {}  # opened by this process: not checked again for every trial


@dataclass(frozen=True, kw_only=True)
class CacheEntry:
    """One entry of the cache, as `bench cache` lists it.

    Args:
        label: the feature space in words; `damaged` when the entry is incomplete and would be computed again.
        shape: (clips, frames, bands). bytes: on disk. last_used: seconds since the epoch.
    """

    key: str
    label: str
    corpus: str
    clips: int
    shape: tuple[int, ...]
    bytes: int
    last_used: float


def open_entry(cache: Path, key: str) -> np.ndarray | None:
    """The verified read-only memory map of an entry; None when there is none or, with a warning, when it is damaged."""
    import numpy as np

    place = (cache.resolve(), key)
    if place not in _verified and _about(cache, key).exists():
        fault = _fault(cache, key)
        if not fault:
            with contextlib.suppress(OSError):  # the time of last use; a cache that can only be read is still useful
                os.utime(_about(cache, key))
            try:
                _verified[place] = np.load(_data(cache, key), mmap_mode="r", allow_pickle=False)
            except (OSError, ValueError) as error:  # whole, but no array of numbers
                fault = str(error)
        if fault:
            logger.warning("cache entry %s is damaged (%s): it is not used, the features are computed again", key[:12], fault)
            return None
    return _verified.get(place)


def description(cache: Path, key: str) -> dict[str, Any]:
    """What was written beside an entry's features; empty where there is none that can be read."""
    try:
        return dict(json.loads(_about(cache, key).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def _fault(cache: Path, key: str) -> str | None:
    """What is wrong with an entry; None when it is as it was written."""
    try:
        about = json.loads(_about(cache, key).read_text(encoding="utf-8"))
        size = _data(cache, key).stat().st_size
        if size != about["bytes"]:
            return f"{size} bytes instead of {about['bytes']}"
        return None if _checksum(_data(cache, key)) == about["crc32"] else "its checksum differs"
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f"{type(error).__name__}: {error}"


def _checksum(path: Path) -> int:
    checksum, block = 0, bytearray(1 << 20)
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(block):
            checksum = zlib.crc32(memoryview(block)[:count], checksum)
    return checksum


def draft_of(cache: Path, key: str) -> Path:
    """The file in which this process builds an entry."""
    return cache / f"{key}.{os.getpid()}.tmp"


def allocate(draft: Path, shape: tuple[int, ...]) -> int:
    """Create a file for a float32 array of this shape. Returns the byte at which its data begins.

    Raises: DiskFull.
    """
    import numpy as np

    needed = 4 * int(np.prod(shape, dtype=np.int64))
    if shutil.disk_usage(draft.parent).free < needed:
        raise full_disk(draft.parent, needed)
    return int(np.lib.format.open_memmap(draft, mode="w+", dtype="<f4", shape=shape).offset)  # type: ignore[no-untyped-call]


def publish(draft: Path, cache: Path, key: str, about: dict[str, Any]) -> None:
    """Move the data into place, then its description: a crash between the two leaves no description, and so no entry."""
    size, crc32 = draft.stat().st_size, _checksum(draft)
    notes = draft.with_suffix(".about.tmp")
    notes.write_text(json.dumps({**about, "bytes": size, "crc32": crc32}, indent=1), encoding="utf-8")
    for path, final in ((draft, _data(cache, key)), (notes, _about(cache, key))):
        with path.open("r+b") as file:
            os.fsync(file.fileno())
        path.replace(final)


class DiskFull(BenchError):
    """A disk is full."""


def full_disk(cache: Path, needed: int) -> DiskFull:
    """The error for an entry of so many bytes."""
    free = shutil.disk_usage(cache).free
    return DiskFull(f"the features need {needed:,} bytes in {cache}, where {free:,} are free: make room "
                      "(`bench cache --clear` removes features), or choose another folder with --home")


def entries(cache: Path) -> list[CacheEntry]:
    """Every entry of a cache folder, sorted by key; none when the folder is not there."""
    keys = {path.name.split(".")[0] for ending in ("npy", "json", "tmp") for path in cache.glob(f"*.{ending}")}
    return [_entry(cache, key) for key in sorted(keys)]


def _entry(cache: Path, key: str) -> CacheEntry:
    files = [path.stat() for path in _files(cache, key)]
    size, used = sum(file.st_size for file in files), max((file.st_mtime for file in files), default=0.0)
    try:
        about = json.loads(_about(cache, key).read_text(encoding="utf-8"))
        used = _about(cache, key).stat().st_mtime
        return CacheEntry(key=key, label=about["label"], corpus=about["corpus"], clips=about["shape"][0], shape=tuple(about["shape"]),
                          bytes=size, last_used=used)
    except (OSError, ValueError, KeyError, TypeError):
        return CacheEntry(key=key, label="damaged", corpus="", clips=0, shape=(), bytes=size, last_used=used)


def clear(cache: Path, keys: Iterable[str] | None = None) -> int:
    """Remove entries, all of them when `keys` is None, and return the bytes freed; one being computed just now stays.

    Raises: BenchError for a key that is not there.
    """
    from filelock import FileLock, Timeout

    present = [entry.key for entry in entries(cache)]
    freed = 0
    for key in present if keys is None else keys:
        if key not in present:
            raise unknown("cache entry", key, present)
        try:
            with FileLock(lock_of(cache, key), timeout=0):
                freed += remove(cache, key)
        except Timeout:
            logger.warning("cache entry %s is being computed by another process: it stays", key[:12])
    return freed


def remove(cache: Path, key: str) -> int:
    """Remove an entry's files, the description first, and return the bytes freed; the caller holds its lock."""
    _verified.pop((cache.resolve(), key), None)
    freed = 0
    for path in _files(cache, key):
        freed += path.stat().st_size
        path.unlink()
    return freed


def lock_of(cache: Path, key: str) -> Path:
    """The lock file of an entry; it stays, empty, since removing one that another process waits for would break the lock."""
    return cache / f"{key}.lock"


def _files(cache: Path, key: str) -> list[Path]:
    return [*(path for path in (_about(cache, key), _data(cache, key)) if path.exists()), *sorted(cache.glob(f"{key}.*.tmp"))]


def _data(cache: Path, key: str) -> Path:
    return cache / f"{key}.npy"


def _about(cache: Path, key: str) -> Path:
    return cache / f"{key}.json"
