"""The file of a bundle: a zip archive with the SHA-256 of each of its files, and of itself, so that any changed byte is found.

The same files give the same bytes. Nothing is ever unpacked to disk.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from registry.errors import BenchError

MANIFEST, FORMAT, VERSION = "manifest.json", "bench bundle", 1
SEAL = b"SHA-256 of all bytes before these digits: "  # the archive's comment, before 64 digits
DIGITS, DATE = 64, (1980, 1, 1, 0, 0, 0)
LARGEST = 4 * 1024**3  # bytes of all files together, unpacked


@dataclass(frozen=True)
class Sealed:
    """What lies in a file. Args: about: its manifest. files: name -> content, without the manifest. faults: what was changed, in words."""

    about: Mapping[str, Any]
    files: Mapping[str, bytes]
    faults: tuple[str, ...]


def seal(path: Path, files: Mapping[str, bytes], about: Mapping[str, Any]) -> str:
    """Write files with their manifest, beside and renamed into place; returns the SHA-256 of the whole file."""
    listed = {name: {"sha256": hashlib.sha256(files[name]).hexdigest(), "bytes": len(files[name])} for name in sorted(files)}
    manifest = json.dumps({"format": FORMAT, "version": VERSION, **about, "files": listed}, indent=1, ensure_ascii=False)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in [(MANIFEST, f"{manifest}\n".encode()), *((name, files[name]) for name in sorted(files))]:
            entry = zipfile.ZipInfo(name, DATE)
            entry.create_system, entry.external_attr = 3, 0o644 << 16  # the same on every system
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED, 6)
        archive.comment = SEAL + b"0" * DIGITS
    content = packed.getvalue()[:-DIGITS]
    content += hashlib.sha256(content).hexdigest().encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.tmp")
    beside.write_bytes(content)
    beside.replace(path)
    return hashlib.sha256(content).hexdigest()


def unseal(path: Path) -> Sealed:
    """The files of a sealed file, and what was changed in it since.

    Raises: BenchError for a file that is none, is cut short, is of a later version, or whose names lead out of it.
    """
    try:
        content = path.read_bytes()
    except IsADirectoryError as error:
        raise BenchError(f"{path} is a folder: give the FILE.zip that `bench bundle` wrote") from error
    except OSError as error:
        raise BenchError(f"{path}: {error.strerror}; give the FILE.zip that `bench bundle` wrote") from error
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        cut = content[:2] == b"PK"
        raise BenchError(f"{path} is {'cut short or damaged at its end' if cut else 'no zip file'} ({error}): "
                         f"{'get it again' if cut else 'give the FILE.zip that `bench bundle` wrote'}") from error
    with archive:
        _require_harmless(archive, path)
        faults = [] if _is_sealed(content, archive.comment) else [_unsealed(archive.comment)]
        about = _manifest(archive, path)
        files = {}
        for entry in archive.infolist():
            if entry.filename != MANIFEST:
                read = _read(archive, entry)
                files[entry.filename] = read or b""
                faults += [] if read is not None else [f"{entry.filename} can't be unpacked: its bytes were changed"]
    return Sealed(about, files, tuple(dict.fromkeys([*faults, *_changed(about["files"], files)])))


def _require_harmless(archive: zipfile.ZipFile, path: Path) -> None:
    names = archive.namelist()
    for name in names:
        parts = PurePosixPath(name).parts
        if not name or name.startswith("/") or ".." in parts or "\\" in name or ":" in name or any(ord(sign) < 32 for sign in name):
            raise BenchError(f"{path} has the name {name!r}, which leads out of it: it was not made by `bench bundle`; don't unpack it")
    if len(set(names)) < len(names):
        raise BenchError(f"{path} has two files of one name: it was not made by `bench bundle`")
    if (size := sum(entry.file_size for entry in archive.infolist())) > LARGEST:
        raise BenchError(f"{path} would unpack to {size / 1e9:.1f} GB, and {LARGEST / 1e9:.1f} GB are the most: it was not made by `bench "
                         "bundle`")


def _is_sealed(content: bytes, comment: bytes) -> bool:
    return comment.startswith(SEAL) and content[-DIGITS:] == hashlib.sha256(content[:-DIGITS]).hexdigest().encode()


def _unsealed(comment: bytes) -> str:
    return ("the archive's own SHA-256 differs: some byte of it was changed" if comment.startswith(SEAL) else
            "the archive has no SHA-256 of itself: it was packed again by another program, or its end was changed")


def _manifest(archive: zipfile.ZipFile, path: Path) -> Mapping[str, Any]:
    """Raises: BenchError for a file without a manifest, or with one of a later version."""
    if MANIFEST not in archive.namelist():
        raise BenchError(f"{path} is no bundle: it has no {MANIFEST}; give the FILE.zip that `bench bundle` wrote")
    content = _read(archive, archive.getinfo(MANIFEST))
    try:
        about = json.loads(content or b"")
        is_bundle, version = about["format"] == FORMAT, int(about["version"])
        listed = {str(name): (str(fact["sha256"]), int(fact["bytes"])) for name, fact in about["files"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BenchError(f"{path}: its {MANIFEST} was changed or is damaged ({type(error).__name__}): get the bundle again") from error
    if not is_bundle:
        raise BenchError(f"{path} is no bundle of bench: its {MANIFEST} is of the format {about['format']!r}")
    if version > VERSION:
        raise BenchError(f"{path} is a bundle of version {version}, made by bench {about.get('bench', '?')}, and this bench reads version "
                         f"{VERSION}: update bench")
    return {**about, "files": listed}


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes | None:
    """The content of an entry; None where its bytes were changed."""
    try:
        return archive.read(entry)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError, OSError):
        return None


def _changed(listed: Mapping[str, tuple[str, int]], files: Mapping[str, bytes]) -> list[str]:
    """Where the files are others than the manifest says."""
    missing = [f"{name} is missing" for name in listed if name not in files]
    unknown = [f"{name} is not in the {MANIFEST}" for name in files if name not in listed]
    other = [f"{name} has another SHA-256 than the {MANIFEST} says" for name, content in files.items()
             if name in listed and hashlib.sha256(content).hexdigest() != listed[name][0]]
    return [*missing, *unknown, *other]
