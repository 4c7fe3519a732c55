"""Files from the web, whole or not at all: resumed, verified, retried; for `harness.data.sources`."""

from __future__ import annotations

import contextlib
import json
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from harness.data.feature_store import FULL
from registry.errors import BenchError

if TYPE_CHECKING:
    from requests import Response

T = TypeVar("T")
CONTINUES = "what is complete is kept, and the same command continues"
BUSY = (429, 500, 502, 503, 504)
BLOCK = 1 << 14  # bytes read at a time: what a broken connection may lose
GAIN = 1 << 20  # bytes after which an attempt that broke off was worth while
LONGEST_PAUSE_S = 60.0
LONGEST_ANSWER = 64 << 20  # bytes of a list of files
MOST_FAULTS = 20  # files refused before the others are given up
MARGIN = 50 << 20  # bytes of the disk that are left free


class Refused(BenchError):
    """One file is not to be had as it was published; others may be."""


class _Again(Exception):
    """An attempt that failed in a way that may pass; `gained` when it brought enough to be worth repeating for ever."""

    def __init__(self, reason: str, pause_s: float = 0.0, gained: bool = False) -> None:
        super().__init__(reason)
        self.pause_s, self.gained = pause_s, gained


class _Stopped(Exception):
    """The pull ends for another reason: this file is left as it is."""


@dataclass(frozen=True, kw_only=True)
class Remote:
    """One file of a corpus: where it comes from, where it goes, and what its source promises of it.

    Args:
        size: bytes; None where the source does not say.
        checksum: `sha256:…` or `md5:…`, in small letters; None where the source publishes none.
    """

    url: str
    path: Path
    size: int | None = None
    checksum: str | None = None


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long a server is waited for: attempts without gain, pause after the first (then doubled), silence of a connection."""

    tries: int = 5
    pause_s: float = 1.0
    timeout_s: float = 30.0


class Web:
    """What fetches files; one for a pull, shared by its threads."""

    def __init__(self, patience: Patience | None = None) -> None:
        import requests
        from requests.adapters import HTTPAdapter

        self.patience, self.stop = patience or Patience(), threading.Event()
        self.session = requests.Session()
        self.session.headers.update({"User-Agent": "ser-bench", "Accept-Encoding": "identity"})  # ranges and sizes count plain bytes
        self.session.mount("https://", HTTPAdapter(pool_maxsize=16))

    def text(self, url: str, limit: int = LONGEST_ANSWER) -> str:
        """A short answer as text. Raises: BenchError when it can't be had, or is longer than `limit` bytes."""

        def attempt() -> str:
            with self._open(url, {}) as response:
                body = b""
                for block in response.iter_content(BLOCK):
                    body += block
                    if len(body) > limit:
                        raise Refused(f"{url} answers more than {limit:,} bytes: not what is published there")
                return body.decode("utf-8", errors="replace")

        return self._persist(url, attempt)

    def json(self, url: str) -> Any:
        """A short answer as JSON data. Raises: BenchError when it is none."""
        try:
            return json.loads(self.text(url))
        except ValueError as error:
            raise BenchError(f"{url} answers something else than JSON ({error}); open it in a browser: a proxy or a login page "
                             "may stand before it") from error

    def save(self, remote: Remote, moved: Callable[[int], None] = lambda position: None) -> None:
        """Fetch a file beside its place, continue what an earlier attempt left there, verify it, rename it into place.

        A file that is there already and is what was promised is not fetched. Without a checksum nothing is continued.
        Args: moved: called with the bytes that are there.
        Raises: Refused when it is not what was published, and nothing is left of it; BenchError when it can't be had now.
        """
        if remote.checksum and is_as_promised(remote.path, remote.checksum, remote.size):
            moved(remote.path.stat().st_size)
            return
        part = remote.path.with_name(f"{remote.path.name}.part")
        try:
            part.parent.mkdir(parents=True, exist_ok=True)
            self._save(remote, part, moved)
        except OSError as error:
            if error.errno not in FULL:
                raise
            raise BenchError(f"the disk of {remote.path.parent} is full; make room: {CONTINUES}") from error

    def _save(self, remote: Remote, part: Path, moved: Callable[[int], None]) -> None:
        if remote.checksum is None:
            part.unlink(missing_ok=True)
        resumed = part.exists()
        try:
            self._persist(remote.url, lambda: self._continue(remote, part, moved))
        except Refused:
            part.unlink(missing_ok=True)
            raise
        fault = _difference(remote, part)
        if fault is None:
            part.replace(remote.path)
            return
        part.unlink()
        if not resumed:
            raise Refused(fault)
        self._save(remote, part, moved)  # what lay there may have been the beginning of something else

    def _continue(self, remote: Remote, part: Path, moved: Callable[[int], None]) -> None:
        """One attempt to append what is missing of a file."""
        have = part.stat().st_size if part.exists() else 0
        if have and remote.size is not None and have >= remote.size:
            return  # whole, or something else: its checksum tells
        with self._open(remote.url, {"Range": f"bytes={have}-"} if have else {}) as response:
            if response.status_code == 416 or (response.status_code == 206 and _first_byte(response) != have):
                part.unlink(missing_ok=True)
                raise _Again("does not continue where the file broke off")
            begin = have if response.status_code == 206 else 0
            _check_length(remote, begin, response)
            self._write(remote, part, begin, response, moved)

    def _write(self, remote: Remote, part: Path, begin: int, response: Response, moved: Callable[[int], None]) -> None:
        had, position = part.stat().st_size if part.exists() else 0, begin
        try:
            with part.open("ab" if begin else "wb") as file:
                for block in response.iter_content(BLOCK):
                    if self.stop.is_set():
                        raise _Stopped
                    file.write(block)
                    position += len(block)
                    if remote.size is not None and position > remote.size:
                        break
                    moved(position)
        except OSError as error:
            if _passes(error):
                raise _Again(f"broke off after {position:,} bytes ({_innermost(error)})", gained=position - had >= GAIN) from error
            raise
        if remote.size is not None and position < remote.size:
            raise _Again(f"ended after {position:,} of {remote.size:,} bytes", gained=position - had >= GAIN)
        if remote.size is not None and position > remote.size:
            raise Refused(f"{remote.url} sends more than the {remote.size:,} bytes that were promised; nothing of it was kept")

    @contextmanager
    def _open(self, url: str, headers: Mapping[str, str]) -> Iterator[Response]:
        if self.stop.is_set():
            raise _Stopped
        with _translated(url), self.session.get(url, headers=dict(headers), stream=True, timeout=self.patience.timeout_s) as response:
            _refuse_downgrade([*(hop.url for hop in response.history), response.url])
            _check_status(url, response)
            yield response

    def _persist(self, url: str, attempt: Callable[[], T]) -> T:
        """The result of an attempt, repeated with growing pauses while it fails in a way that may pass."""
        failures = 0
        while True:
            try:
                return attempt()
            except _Again as again:
                failures = 1 if again.gained else failures + 1
                if failures >= self.patience.tries:
                    raise BenchError(f"{url} {again}, also after {failures} attempts; check the connection or a proxy (HTTPS_PROXY), or "
                                     f"try again later: {CONTINUES}") from again
                pause_s = max(again.pause_s, self.patience.pause_s * 2 ** (failures - 1))
            self.stop.wait(min(pause_s, LONGEST_PAUSE_S))


def each(work: Callable[[T], None], items: Iterable[T], web: Web, threads: int = 8) -> None:
    """Do the work for every item on several threads; refused files don't keep the others from being fetched.

    Raises: BenchError of the first thing that concerns all, or at the end one that names the files that were refused.
    """
    faults: list[Refused] = []
    with ThreadPoolExecutor(max_workers=threads) as pool:
        futures = [pool.submit(work, item) for item in items]
        try:
            for future in as_completed(futures):
                fault = future.exception()
                if fault is not None and not isinstance(fault, Refused):
                    raise fault
                faults += [fault] if fault else []
                if len(faults) > MOST_FAULTS:
                    break
        finally:  # also for Ctrl-C: what is being fetched stops at its next block
            if not all(future.done() for future in futures):
                web.stop.set()
                pool.shutdown(cancel_futures=True)
    if faults:
        first = "\n  ".join(sorted(map(str, faults))[:3])
        raise BenchError(f"{len(faults)} of {len(futures):,} files were refused, {CONTINUES} with them:\n  {first}")


@contextmanager
def _translated(url: str) -> Iterator[None]:
    """What goes wrong on the way, as what may pass and what a user must act on."""
    from requests import exceptions

    try:
        yield
    except exceptions.SSLError as error:
        raise BenchError(f"{url}: the server's certificate is not trusted ({_innermost(error)}); check the clock and the proxy") from error
    except (exceptions.InvalidSchema, exceptions.InvalidURL, exceptions.MissingSchema, exceptions.TooManyRedirects) as error:
        raise Refused(f"{url} leads to an address that is not followed: {error}") from error
    except exceptions.RequestException as error:
        if not _passes(error):
            raise BenchError(f"{url} can't be fetched: {error}") from error
        raise _Again(f"can't be reached ({_innermost(error)})") from error


def _passes(error: OSError) -> bool:
    """Whether a failure on the way may pass: those of requests are OSErrors, like a full disk."""
    from requests import exceptions

    return isinstance(error, (exceptions.ConnectionError, exceptions.Timeout, exceptions.ChunkedEncodingError,
                              exceptions.ContentDecodingError)) and not isinstance(error, exceptions.SSLError)


def _innermost(error: BaseException) -> str:
    while inner := error.__cause__ or error.__context__:
        error = inner
    return str(error) or type(error).__name__


def _refuse_downgrade(hops: list[str]) -> None:
    if hops[0].startswith("https:") and not all(hop.startswith("https:") for hop in hops):
        raise Refused(f"{hops[0]} leads to {hops[-1]}, which is not encrypted: not followed")


def _check_status(url: str, response: Response) -> None:
    code = response.status_code
    if code in BUSY:
        raise _Again(f"answers {code} {response.reason}", pause_s=_asked_pause(response))
    if code in (404, 410):
        raise Refused(f"{url} is not there ({code}): it may have moved; look for it where the corpus is published")
    if code not in (200, 206, 416):
        raise Refused(f"{url} answers {code} {response.reason} instead of the file; open it in a browser to see why")


def _asked_pause(response: Response) -> float:
    """The seconds that the server asks to be left alone (`Retry-After`, a number or a date), or 0."""
    from urllib3.exceptions import InvalidHeader
    from urllib3.util import Retry

    with contextlib.suppress(InvalidHeader):
        return Retry().get_retry_after(response.raw) or 0.0
    return 0.0


def _first_byte(response: Response) -> int:
    """Where a partial answer begins, by its `Content-Range: bytes 100-199/200`; -1 when it does not say."""
    first = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    return int(first) if first.isdecimal() else -1


def _check_length(remote: Remote, begin: int, response: Response) -> None:
    """Refuse a file whose announced length is not the promised one, before it is fetched."""
    announced = response.headers.get("Content-Length", "")
    plain = response.headers.get("Content-Encoding", "identity") == "identity"
    if remote.size is not None and plain and announced.isdecimal() and begin + int(announced) != remote.size:
        raise Refused(f"{remote.url} has {begin + int(announced):,} bytes where {remote.size:,} were promised: not what was published; "
                      "nothing of it was kept")
    if remote.size is None and not announced and "chunked" not in response.headers.get("Transfer-Encoding", ""):
        raise Refused(f"{remote.url} comes without a length: whether it is whole can't be told")


def _difference(remote: Remote, part: Path) -> str | None:
    """How a fetched file differs from what was promised, as a message; None when it does not."""
    if remote.checksum is None:
        return None
    got = checksum(part, remote.checksum.partition(":")[0])
    return None if got == remote.checksum else (f"{remote.url} is not what was published: expected {remote.checksum}, got {got}; the file "
                                                "was removed, run the command again, and check the proxy if this stays")


def checksum(path: Path, algorithm: str = "sha256") -> str:
    """The checksum of a file, as `sha256:…`. Raises: BenchError for an algorithm that is not known."""
    import pooch

    try:
        return f"{algorithm}:{pooch.file_hash(str(path), alg=algorithm)}"
    except ValueError as error:
        raise BenchError(f"{path.name} is published with a checksum of the kind {algorithm!r}, which can't be computed here") from error


def is_as_promised(path: Path, promised: str, size: int | None) -> bool:
    """Whether a file is there with this size and checksum."""
    if not path.is_file() or (size is not None and path.stat().st_size != size):
        return False
    return checksum(path, promised.partition(":")[0]) == promised


def check_room(folder: Path, needed: int) -> None:
    """Raise BenchError when a folder's disk has no room for so many bytes and a little more."""
    free = shutil.disk_usage(folder).free
    if needed and needed + MARGIN > free:
        raise BenchError(f"{folder} has {free / 1e6:,.0f} MB free, and {(needed + MARGIN) / 1e6:,.0f} MB are needed; "
                         "make room, or give another folder with --data")
