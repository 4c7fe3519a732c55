"""Where a corpus is published: the files that `bench data pull` fetches, as plain data beside the corpus that reads them."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from registry.core import names, registered
from registry.errors import BenchError, unknown


class NotAsPublished(BenchError):
    """One file can't be had as it was published; others may be."""


@dataclass(frozen=True, kw_only=True)
class RemoteFile:
    """One published file.

    Args:
        url: its address. path: its place below the corpus's folder, with forward slashes; a `.zip` is unpacked into that folder.
        checksum: `sha256:…` or `md5:…`, in small letters; empty where none is published. size: bytes; 0 where it is not known.
        pointer: address of the Git LFS pointer that has checksum and size, where nothing else has them.
    """

    url: str
    path: str
    checksum: str = ""
    size: int = 0
    pointer: str = ""

    def __post_init__(self) -> None:
        if not stays_inside(self.path):
            raise BenchError(f"a file is published as {self.path!r}, which would leave its folder: it is not fetched")
        algorithm = self.checksum.partition(":")[0]
        if algorithm and algorithm not in hashlib.algorithms_available:
            raise BenchError(f"{self.path} is published with a checksum of the kind {algorithm!r}, which can't be computed here")

    def pointed_to(self, pointer: str) -> RemoteFile:
        """This file with the checksum and size that the text of its Git LFS pointer gives. Raises: NotAsPublished for any other text."""
        match = re.fullmatch(r"version https://git-lfs\S+\s+oid (sha256:[0-9a-f]{64})\s+size (\d+)\s*", pointer)
        if match is None:
            raise NotAsPublished(f"{self.pointer} is not a Git LFS pointer but {pointer[:40]!r}: a proxy or a login page "
                                 "may stand before it")
        return dataclasses.replace(self, checksum=match[1], size=int(match[2]), pointer="")


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a corpus comes from.

    Args:
        title: of the corpus; its folder has the same name.
        files: what is known beforehand. listing: address of a text that lists further files. read_listing: from that text to the files.
        on_request: how to ask the authors, where nothing can be fetched; `{folder}` stands for where the corpus belongs.
    """

    title: str
    files: tuple[RemoteFile, ...] = ()
    listing: str = ""
    read_listing: Callable[[str], list[RemoteFile]] = lambda text: []
    on_request: str = ""

    def all_files(self, listing: str) -> list[RemoteFile]:
        """The files known beforehand, and those of the listing's text. Raises: BenchError when that is no such listing, or empty."""
        where = f"the list of {self.title}'s files at {self.listing}"
        try:
            listed = self.read_listing(listing) if self.listing else []
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BenchError(f"{where} has another form than expected ({type(error).__name__}: {error}): its host may have changed, or a "
                             "proxy or a login page stands before it; open it in a browser") from error
        if self.listing and not listed:
            raise BenchError(f"{where} names no clips: it may have moved; look for it where the corpus is published")
        return [*self.files, *listed]


def sources() -> dict[str, Source]:
    """The source of each registered corpus that has one, by the corpus's name."""
    found = {name: getattr(registered("corpora", name), "source", None) for name in names("corpora")}
    return {name: source for name, source in found.items() if source}


def source_named(name: str) -> Source:
    """The source of a corpus. Raises: UsageError with the near names."""
    known = sources()
    if name not in known:
        raise unknown("corpus to pull", name, known)
    return known[name]


def mirrored(url: str, mirror: str) -> str:
    """The address of the same path on a mirror; the address itself where that is empty.

    >>> mirrored("https://zenodo.org/api/records/1?page=2", "http://localhost:8000/corpora/")
    'http://localhost:8000/corpora/api/records/1?page=2'
    """
    return mirror.rstrip("/") + urlsplit(url)._replace(scheme="", netloc="").geturl() if mirror else url


def stays_inside(path: str) -> bool:
    """Whether a path with forward slashes leads to a place below its folder, on every system.

    >>> [stays_inside(path) for path in ("Actor_01/a.wav", "../a.wav", "/a.wav", "C:a.wav", "..\\\\a.wav")]
    [True, False, False, False, False]
    """
    parts = PurePosixPath(path).parts
    return bool(parts) and ".." not in parts and not path.startswith("/") and not any(sign in path for sign in "\\:\0")
