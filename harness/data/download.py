"""Fetches corpora and models from where they are published: a file is there whole and as published, or not at all."""

from __future__ import annotations

import json
import logging
import shutil
import stat
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

from harness.console import Console
from harness.data.feature_store import FULL
from registry.errors import BenchError
from registry.source import NotAsPublished, RemoteFile, Source, mirrored, stays_inside

if TYPE_CHECKING:
    from requests import Response, Session

CONTINUES = "what is complete is kept, and the same command continues"
BUSY = (429, 500, 502, 503, 504)
TRIES, PAUSE_S, LONGEST_PAUSE_S, TIMEOUT_S = 5, 1.0, 60.0, 30.0  # the pause is doubled after each further failure
THREADS = 8
BLOCK, MARGIN = 1 << 16, 50 << 20  # bytes read at a time; bytes of the disk that are left free
LONGEST_TEXT = 64 << 20  # bytes of a listing, and of a file whose size is not known
UNKNOWN: dict[str, Any] = {"checksum": None, "size": 0}  # what is published of a file without a checksum


def pull(source: Source, data: Path, console: Console, mirror: str = "") -> None:
    """Fetch what is missing of a corpus into the layout that its loader reads, or of a model into the folder of models.

    Args:
        data: it goes into a folder of its own below. mirror: address of a server that has the paths of the published files.
    Raises: BenchError saying what could not be fetched and what to do; what is complete stays, and is not fetched again.
    """
    from filelock import FileLock, Timeout

    folder = data / source.title
    if source.on_request:
        raise BenchError(source.on_request.format(folder=folder))
    staging = folder / ".bench-download"
    staging.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(staging / "lock", timeout=0):
            _Pull(source, folder, staging, console, mirror).run()
            shutil.rmtree(staging)
    except Timeout:
        raise BenchError(f"{source.title} is being pulled into {data} already: wait for that, or stop it") from None
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise BenchError(f"the disk of {data} is full; make room: {CONTINUES}") from error


class _Pull:
    """One pull: files are fetched into the hidden folder `staging`, verified, and moved into place.

    `files` holds each one's checksum and size as published and, as `changed_ns`, its time of change when it was verified. It is kept in
    `.bench-download.json`, so that a repeated pull sends requests only for what is missing.
    """

    def __init__(self, source: Source, folder: Path, staging: Path, console: Console, mirror: str) -> None:
        self.source, self.folder, self.staging, self.console, self.mirror = source, folder, staging, console, mirror
        self.stamp, self.stop = folder / ".bench-download.json", threading.Event()
        self.finished, self.files = _read_stamp(self.stamp)
        self.session = session(self.stop, encrypted=not mirror.startswith("http:"))
        self.moved, self.refused = 0, list[NotAsPublished]()

    def run(self) -> None:
        """Fetch what is missing; what is known is kept also when that fails or is stopped."""
        if self.finished and all(map(self._is_whole, self.files)):
            self.console.say(f"{self.source.title}: everything is there, nothing to fetch")
            return
        self.finished = False
        try:
            with self.console.progress():
                listing = self._text(self.source.listing) if self.source.listing else ""
                self._fetch_missing({remote.path: remote for remote in self.source.all_files(listing)})
            self.finished = True
        finally:
            draft = self.staging / self.stamp.name
            draft.write_text(json.dumps({"finished": self.finished, "files": self.files}, indent=0, sort_keys=True), encoding="utf-8")
            draft.replace(self.stamp)

    def _fetch_missing(self, remotes: dict[str, RemoteFile]) -> None:
        self.files = {path: known for path, known in self.files.items() if path in remotes}
        unread = [remote for path, remote in remotes.items() if not (remote.pointer and path in self.files)]
        self._each(f"reading checksums of {self.source.title}", unread, self._read_checksum)
        missing = [remote for path, remote in remotes.items() if not self._is_whole(path) and (path in self.files or not remote.pointer)]
        size = sum(self.files.get(remote.path, UNKNOWN)["size"] for remote in missing)
        _check_room(self.staging, size)
        self.console.say(f"{self.source.title}: files to fetch: {len(missing):,}, {size / 1e6:,.0f} MB")
        self._each(f"fetching {self.source.title}", missing, self._fetch)
        if self.refused:
            first = "\n  ".join(sorted(map(str, self.refused))[:3])
            raise BenchError(f"{len(self.refused)} of {len(remotes):,} files are not there as published; {CONTINUES} with them:\n  {first}")

    def _is_whole(self, path: str) -> bool:
        """Whether a file is there as published; it is read only where its time of change is not the one noted."""
        place, known = self.folder / path, self.files.get(path)
        if known is None or not place.is_file() or place.stat().st_size != known["size"]:
            return False
        if known.get("changed_ns") != place.stat().st_mtime_ns and _checksum(place, known["checksum"]) != known["checksum"]:
            return False
        known["changed_ns"] = place.stat().st_mtime_ns
        return True

    def _each(self, title: str, remotes: list[RemoteFile], work: Callable[[RemoteFile], None]) -> None:
        """Do the work for every file, on several threads; only a fault that concerns more than one file keeps the others from it."""
        with self.console.bar(title, len(remotes)) as self.bar, ThreadPoolExecutor(max_workers=THREADS) as threads:
            self.done, self.total = 0, len(remotes)
            futures = [threads.submit(work, remote) for remote in remotes]
            try:
                for future in as_completed(futures):
                    try:
                        future.result()
                    except NotAsPublished as error:
                        self.refused.append(error)
                    self.done += 1
                    self._show(0)
            except BaseException:  # also Ctrl-C: what is being fetched stops at its next block
                self.stop.set()
                threads.shutdown(cancel_futures=True)
                raise

    def _show(self, moved: int) -> None:
        self.moved += moved
        self.bar.update(self.done, self.total, note=f"{self.moved / 1e6:,.0f} MB")

    def _read_checksum(self, remote: RemoteFile) -> None:
        """Note what is published of a file; its time of change stays known while that is the same."""
        if remote.pointer:
            remote = remote.pointed_to(self._text(remote.pointer))
        if remote.checksum and self.files.get(remote.path, {}).get("checksum") != remote.checksum:
            self.files[remote.path] = {"checksum": remote.checksum, "size": remote.size}

    def _fetch(self, remote: RemoteFile) -> None:
        """Fetch one file and put it into its place; instead of an archive, what it holds."""
        try:
            with _translated(mirrored(remote.url, self.mirror)):
                file = self._verified(remote)
            members = unpack(file, self.staging / "unpacked") if remote.path.endswith(".zip") else {remote.path: file}
        except NotAsPublished:
            self.files.pop(remote.path, None)  # what is published of it is read again the next time
            (self.staging / f"{remote.path}.part").unlink(missing_ok=True)
            raise
        if remote.path.endswith(".zip"):
            del self.files[remote.path]
        for path, member in members.items():
            (place := self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            member.replace(place)
            known = self.files.setdefault(path, {"checksum": _checksum(place), "size": place.stat().st_size})
            known["changed_ns"] = place.stat().st_mtime_ns

    def _verified(self, remote: RemoteFile, attempt: int = 1) -> Path:
        """A file as published, in the staging folder; what an attempt that broke off left of it there is continued."""
        import pooch
        from requests.exceptions import RequestException

        pooch.get_logger().setLevel(logging.WARNING)
        part, known = self.staging / f"{remote.path}.part", self.files.get(remote.path, UNKNOWN)
        part.parent.mkdir(parents=True, exist_ok=True)

        def download(url: str, draft: str, _: object) -> None:
            begin = part.stat().st_size if part.exists() and part.stat().st_size < known["size"] else 0
            with self._open(url, begin, known["size"]) as response, part.open("ab" if response.status_code == 206 else "wb") as file:
                for block in self._blocks(response, (known["size"] or LONGEST_TEXT) - file.tell()):
                    file.write(block)
                    self._show(len(block))
            part.replace(draft)

        resumed = part.exists()
        try:
            return Path(pooch.retrieve(remote.url, known["checksum"], remote.path, self.staging, downloader=download))
        except (RequestException, ValueError) as error:  # a ValueError is pooch's: the checksum differs
            if attempt == TRIES or not (resumed or isinstance(error, RequestException)):
                raise
        self.stop.wait(PAUSE_S * attempt)
        return self._verified(remote, attempt + 1)

    def _text(self, url: str) -> str:
        with _translated(url), self._open(url) as response:
            return b"".join(self._blocks(response, LONGEST_TEXT)).decode("utf-8", errors="replace")

    @contextmanager
    def _open(self, url: str, begin: int = 0, size: int = 0) -> Iterator[Response]:
        """The answer from a byte on, or the whole file (status 200) where the server can't begin there."""
        address = mirrored(url, self.mirror)
        with _translated(address):
            response = self.session.get(address, headers={"Range": f"bytes={begin}-"} if begin else {}, stream=True, timeout=TIMEOUT_S)
        with response:
            if response.status_code not in (200, 206):
                raise NotAsPublished(f"{address} answers {response.status_code} {response.reason}: open it in a browser to see why")
            if not size and not {"Content-Length", "Transfer-Encoding"} & set(response.headers):
                raise NotAsPublished(f"{address} comes without a length, so that nothing tells whether it is whole")
            yield response

    def _blocks(self, response: Response, most: int) -> Iterator[bytes]:
        """The body of an answer, of so many bytes at most."""
        for block in response.iter_content(BLOCK):
            most -= len(block)
            if self.stop.is_set():
                raise BenchError("the pull has ended")
            if most < 0:
                raise NotAsPublished(f"{response.url} sends more bytes than are published there")
            yield block


def session(stop: threading.Event, encrypted: bool) -> Session:
    """What sends requests, again where a server is busy or away until `stop` is set; `encrypted`: to `https` addresses only."""
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry

    class Patient(Retry):
        def sleep(self, response: Any = None) -> None:
            stop.wait(min((response and self.get_retry_after(response)) or self.get_backoff_time(), LONGEST_PAUSE_S))

    retries = Patient(total=TRIES - 1, backoff_factor=PAUSE_S, status_forcelist=BUSY)
    opened = requests.Session()
    opened.headers.update({"User-Agent": "ser-bench", "Accept-Encoding": "identity"})  # ranges and sizes count plain bytes
    opened.adapters.clear()
    for scheme in ("https://",) if encrypted else ("https://", "http://"):
        opened.mount(scheme, HTTPAdapter(pool_maxsize=2 * THREADS, max_retries=retries))
    return opened


@contextmanager
def _translated(url: str) -> Iterator[None]:
    """Faults of pooch and requests as what they mean for a pull."""
    from requests import exceptions

    try:
        yield
    except (exceptions.InvalidSchema, exceptions.InvalidURL, exceptions.MissingSchema, exceptions.TooManyRedirects) as error:
        raise NotAsPublished(f"{url} leads to an address that is not followed: {error}") from error
    except exceptions.RequestException as error:
        inner: BaseException = error
        while cause := inner.__cause__ or inner.__context__:
            inner = cause
        raise BenchError(f"{url} can't be fetched, also after {TRIES} attempts ({inner}); check the connection, the clock and "
                         f"a proxy (HTTPS_PROXY), or try again later: {CONTINUES}") from error
    except ValueError as error:  # of pooch, with both checksums
        raise NotAsPublished(f"{url} is not what was published: {error}") from error


def unpack(archive: Path, folder: Path) -> dict[str, Path]:
    """Unpack a zip file into a new folder, once all its members are known to stay in it. Returns the files by their paths there.

    Raises: NotAsPublished saying why; nothing of it is kept then.
    """
    import pooch

    shutil.rmtree(folder, ignore_errors=True)
    try:
        with ZipFile(archive) as opened:
            for member in opened.infolist():
                if not stays_inside(member.filename) or stat.S_ISLNK(member.external_attr >> 16):
                    raise ValueError(f"its member {member.filename!r} is a link or leaves the folder")
            _check_room(archive.parent, sum(member.file_size for member in opened.infolist()))
        files = [Path(file) for file in pooch.Unzip(extract_dir=str(folder.resolve()))(str(archive), "download", None)]
    except Exception as error:  # damaged archives fail in many ways
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, BenchError) or (isinstance(error, OSError) and error.errno in FULL):
            raise
        archive.unlink()
        raise NotAsPublished(f"{archive.name} can't be unpacked: {error}; nothing of it was kept") from error
    return {file.relative_to(folder.resolve()).as_posix(): file for file in sorted(files)}


def _read_stamp(path: Path) -> tuple[bool, dict[str, dict[str, Any]]]:
    """Whether the last pull finished, and what it noted of each file; nothing where the stamp is missing or damaged."""
    try:
        stamp = json.loads(path.read_text(encoding="utf-8"))
        return stamp["finished"] is True, {key: {**known, "checksum": str(known["checksum"]), "size": int(known["size"])}
                                           for key, known in stamp["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # the files are then compared with what is published
        return False, {}


def _checksum(path: Path, like: str = "sha256:") -> str:
    """A file's checksum, of the same kind as another one."""
    import pooch

    kind = like.partition(":")[0]
    return f"{kind}:{pooch.file_hash(str(path), alg=kind)}"


def _check_room(folder: Path, needed: int) -> None:
    """Raise BenchError when a folder's disk has no room for so many bytes and a little more."""
    free = shutil.disk_usage(folder).free
    if needed and needed + MARGIN > free:
        raise BenchError(f"{folder} has {free / 1e6:,.0f} MB free, and {(needed + MARGIN) / 1e6:,.0f} MB are needed; "
                         "make room, or give another folder")
