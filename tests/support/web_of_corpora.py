"""A real HTTP server on this machine with small made corpora at the paths of the real hosts, which misbehaves when told to."""

from __future__ import annotations

import hashlib
import io
import json
import threading
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np

from registry.corpora.ravdess import EXPECTED

REPOSITORY = "/CheyneyComputerScience/CREMA-D/master"
MEDIA = f"/media{REPOSITORY}"
CLIPS = [f"{actor}_{sentence}_{emotion}_XX" for actor in ("1001", "1002") for sentence in ("DFA", "ITH") for emotion in ("ANG", "SAD")]
ARCHIVE = "/api/records/1188976/files/Audio_Speech_Actors_01-24.zip/content"
LISTING = "/api/datasets/:persistentId/"
WORDS = [f"{speaker}_{word}_{emotion}" for speaker in ("OAF", "YAF") for word in ("back", "bar", "base") for emotion in ("fear", "ps")]
PATIENCE_S = 20.0  # how long a stalled answer waits to be let go


def noise(size: int, *seed: int) -> bytes:
    """Bytes that no compression makes smaller."""
    return np.random.default_rng(seed or 0).bytes(size)


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip file of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def pointer(content: bytes) -> bytes:
    """The Git LFS pointer to a content."""
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{hashlib.sha256(content).hexdigest()}\nsize {len(content)}\n".encode()


@dataclass
class Web:
    """What is served, how each path misbehaves, and what was asked for.

    Args:
        faults: path -> what goes wrong with one request after the other; see `Handler`.
        sent: bytes of bodies sent for each path. asked: (path, Range header) of every request, in order.
        gate: what a stalled answer waits for. meeting: what answers that must overlap wait at.
    """

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    faults: dict[str, Iterator[str]] = field(default_factory=dict)
    sent: Counter[str] = field(default_factory=Counter)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    meeting: threading.Barrier = field(default_factory=lambda: threading.Barrier(4))

    def misbehave(self, path: str, faults: Iterable[str]) -> None:
        self.faults[path] = iter(faults)

    def offer_crema_d(self) -> dict[str, bytes]:
        """Clips of two actors, and the tables; returns id -> content."""
        clips = {clip: noise(3_000 + 10 * i, i) for i, clip in enumerate(CLIPS)}
        names = "".join(f'{i},"{clip}"\n' for i, clip in enumerate(clips, start=1))
        tables = {"SentenceFilenames.csv": f'"Stimulus_Number","Filename"\n{names}',
                  "VideoDemographics.csv": '"ActorID","Age","Sex","Race","Ethnicity"\n1001,51,"Male","Caucasian","Not Hispanic"\n',
                  "processedResults/tabulatedVotes.csv": '"","A","D","F","H","N","S","fileName"\n',
                  "processedResults/summaryTable.csv": '"","FileName"\n', "LICENSE.txt": "Open Database License\n"}
        self.files |= {f"{REPOSITORY}/{name}": text.encode() for name, text in tables.items()}
        self.files |= {f"{REPOSITORY}/AudioWAV/{clip}.wav": pointer(content) for clip, content in clips.items()}
        self.files |= {f"{MEDIA}/AudioWAV/{clip}.wav": content for clip, content in clips.items()}
        return clips

    def offer_ravdess(self, archive: bytes | None = None) -> bytes:
        """An archive, by default with a file for every clip; returns it."""
        if archive is None:
            archive = zipped({f"Actor_{clip[-2:]}/{clip}.wav": noise(300, i) for i, clip in enumerate(sorted(EXPECTED))})
        self.files[ARCHIVE] = archive
        return archive

    def offer_tess(self, *further: str, size: int = 2_000) -> dict[str, bytes]:
        """Twelve clips, and files of further names; returns name -> content."""
        clips = {f"{name}.wav": noise(size, i) for i, name in enumerate((*WORDS, *further))}
        described = [{"dataFile": {"id": i, "filename": name, "filesize": len(content), "md5": hashlib.md5(content).hexdigest(),
                                   **({"checksum": {"type": "SHA-256", "value": hashlib.sha256(content).hexdigest()}} if i % 2 else {})}}
                     for i, (name, content) in enumerate(clips.items())]
        described.append({"dataFile": {"id": 99, "filename": "readme.txt", "filesize": 5, "md5": "0" * 32}})
        self.files[LISTING] = json.dumps({"status": "OK", "data": {"latestVersion": {"files": described}}}).encode()
        self.files |= {f"/api/access/datafile/{i}": content for i, content in enumerate(clips.values())}
        return clips


class Handler(BaseHTTPRequestHandler):
    """Serves files, whole or from a byte on, and with the faults that are due."""

    protocol_version = "HTTP/1.1"
    web: Web

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.web.asked.append((path, self.headers.get("Range")))
        fault, content = next(self.web.faults.get(path, iter(())), ""), self.web.files.get(path)
        if content is None or fault in ("404", "403", "503"):
            self._refuse(int(fault or 404))
        elif fault == "elsewhere":
            self._head(302, Location="file:///etc/hostname")
        elif fault == "endless":
            self._answer(path, content + noise(5_000), "chunked")
        else:
            if fault == "together":
                self.web.meeting.wait(PATIENCE_S)
            self._answer(path, content[::-1] if fault == "wrong" else content, fault)

    def _refuse(self, code: int) -> None:
        self._head(code, **({"Retry-After": "0"} if code == 503 else {}))

    def _head(self, code: int, length: int | None = 0, **headers: str) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def _answer(self, path: str, content: bytes, fault: str) -> None:
        begin = int((self.headers.get("Range") or "bytes=0-")[6:-1])
        partial = self.headers.get("Range") is not None and "no range" not in fault
        body = content[begin:] if partial else content
        ranges = {"Content_Range": f"bytes {begin}-{len(content) - 1}/{len(content)}"} if partial else {}
        announced = {"longer": len(body) + 10, "shorter": len(body) - 10, "chunked": None}.get(fault, len(body))
        self._head(206 if partial else 200, announced, **ranges, **({"Connection": "close"} if announced is None else {}))
        self._send(path, body[: len(body) // 2] if fault.startswith(("break", "stall")) else body)
        if fault == "stall":
            self.web.gate.wait(PATIENCE_S)
        self.close_connection |= fault.startswith(("break", "stall", "longer", "shorter", "chunked"))

    def _send(self, path: str, body: bytes) -> None:
        try:
            self.wfile.write(body)
            self.wfile.flush()
            self.web.sent[path] += len(body)
        except OSError:
            self.close_connection = True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is what some tests are about."""


def serve(web: Web) -> ThreadingHTTPServer:
    """Start to serve on a free port; the caller shuts it down."""
    server = _Server(("127.0.0.1", 0), type("Bound", (Handler,), {"web": web}))
    web.address = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server
