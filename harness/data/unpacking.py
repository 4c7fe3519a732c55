"""Zip files unpacked whole or not at all, and never outside their folder; for `harness.data.sources`."""

from __future__ import annotations

import errno
import lzma
import shutil
import stat
import struct
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from zipfile import BadZipFile, ZipFile, ZipInfo

from harness.data.download import BLOCK, Refused, check_room

MOST_EXPANSION = 25  # unpacked bytes for one of the archive: speech in a zip file has about 3
LONGEST_PART = 200  # bytes of a folder's or file's name; file systems take 255


def unpack(archive: Path, folder: Path, moved: Callable[[int, int], None] = lambda done, total: None) -> None:
    """Unpack a zip file into a new folder; what lay there is removed first.

    Refused, before anything is written, are entries that would leave the folder, links, names that come twice, and
    archives that would grow beyond reason. A refused archive is removed.
    Raises: Refused saying why.
    """
    shutil.rmtree(folder, ignore_errors=True)
    try:
        with ZipFile(archive) as opened:
            entries = _checked_entries(opened, archive)
            check_room(archive.parent, sum(entry.file_size for entry in entries))
            for done, entry in enumerate(entries, start=1):
                _extract(opened, entry, folder / entry.filename)
                moved(done, len(entries))
    except (Refused, BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, NotImplementedError, RuntimeError, ValueError,
            OSError) as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):  # the disk's fault: those two are damaged archives
            raise
        shutil.rmtree(folder, ignore_errors=True)
        archive.unlink()
        raise Refused(f"{archive.name} can't be unpacked: {error}; nothing of it was kept") from error


def _checked_entries(opened: ZipFile, archive: Path) -> list[ZipInfo]:
    """The files of an archive, once all its entries are safe."""
    for entry in opened.infolist():
        fault = unsafe(entry)
        if fault:
            raise Refused(f"its entry {entry.filename!r} {fault}")
    entries = [entry for entry in opened.infolist() if not entry.is_dir()]
    places = [PurePosixPath(entry.filename.casefold()) for entry in entries]
    if len(set(places)) < len(places) or {*places} & {parent for place in places for parent in place.parents}:
        raise Refused("it has two entries of the same name")
    total, packed = sum(entry.file_size for entry in entries), archive.stat().st_size
    if total > MOST_EXPANSION * packed:
        raise Refused(f"its {packed:,} bytes would become {total:,}, more than {MOST_EXPANSION} times as many")
    return entries


def unsafe(entry: ZipInfo) -> str | None:
    """Why an entry of a zip file must not be unpacked; None when it may be.

    >>> unsafe(ZipInfo("../evil.wav")), unsafe(ZipInfo("Actor_01/03-01-01-01-01-01-01.wav"))
    ('leaves the folder', None)
    """
    name = PurePosixPath(entry.filename)
    if name.is_absolute() or ".." in name.parts:
        return "leaves the folder"
    if not name.parts or any(sign in entry.filename for sign in "\\:\0"):
        return "has a name that means another place on some systems"
    if any(len(part.encode("utf-8", "surrogatepass")) > LONGEST_PART for part in name.parts):
        return f"has a name of more than {LONGEST_PART} bytes"
    if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a link or a device, not a file"
    return None


def _extract(opened: ZipFile, entry: ZipInfo, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with opened.open(entry) as source, target.open("xb") as file:
        shutil.copyfileobj(source, file, BLOCK)
    if target.stat().st_size != entry.file_size:
        raise Refused(f"its entry {entry.filename!r} has {target.stat().st_size:,} bytes, not {entry.file_size:,}")


def put(folder: Path, target: Path) -> list[Path]:
    """Move a finished folder into place, by one rename, or file by file into one that is there; returns the files, sorted."""
    names = [path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file()]
    if not target.exists():
        folder.replace(target)
        return [target / name for name in names]
    for name in names:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).replace(target / name)
    return [target / name for name in names]
