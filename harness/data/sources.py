"""Where the corpora come from and what belongs to each: `bench data pull`."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from harness.console import Console
from harness.data.download import Patience, Refused, Remote, Web, check_room, each
from harness.data.manifest import Manifest
from harness.data.unpacking import put, unpack
from registry.errors import BenchError, unknown

CREMA_D = "CheyneyComputerScience/CREMA-D/master"
CREMA_D_LIST = "SentenceFilenames.csv"
CREMA_D_TABLES = (CREMA_D_LIST, "VideoDemographics.csv", "processedResults/tabulatedVotes.csv", "processedResults/summaryTable.csv",
                  "LICENSE.txt")
CREMA_D_CLIP_BYTES = 81_500  # of a clip, on average: 5.26 hours of 16 kHz PCM16 in 7,442 files
RAVDESS_ARCHIVE = "Audio_Speech_Actors_01-24.zip"
POINTER_LIMIT = 1_000  # bytes; a Git LFS pointer has about 130
NOTED_EVERY = 100  # files after which the manifest is written
SAVEE_SAYS = (
    "SAVEE is given by its authors on request (University of Surrey), so it can't be fetched from here: register at "
    "http://kahlan.eps.surrey.ac.uk/savee/, unpack what you are sent so that the clips lie in {folder}/AudioData/DC, JE, JK and KL, "
    "and look with `bench data status`")


@dataclass(frozen=True, kw_only=True)
class Hosts:
    """The addresses that corpora are fetched from."""

    github_raw: str = "https://raw.githubusercontent.com"
    github_media: str = "https://media.githubusercontent.com/media"
    zenodo: str = "https://zenodo.org"
    borealis: str = "https://borealisdata.ca"

    @classmethod
    def mirrored(cls, address: str) -> Hosts:
        """One server that has the paths of all of them."""
        base = address.rstrip("/")
        return cls(github_raw=base, github_media=f"{base}/media", zenodo=base, borealis=base)


@dataclass(frozen=True, kw_only=True)
class Job:
    """One pull at work.

    Args:
        folder: where the corpus goes. staging: beside it, hidden, for what is not whole yet.
    """

    title: str
    folder: Path
    staging: Path
    web: Web
    hosts: Hosts
    manifest: Manifest
    console: Console


@dataclass(frozen=True, kw_only=True)
class Source:
    """How a corpus is got: its title, which is also its folder's name, and what fetches it; None where it is on request."""

    title: str
    fetch: Callable[[Job], None] | None


def pull(name: str, data: Path, console: Console, hosts: Hosts | None = None, patience: Patience | None = None) -> None:
    """Fetch what is missing of a corpus into the layout that its loader reads.

    Raises: BenchError saying what could not be fetched and what to do; what is complete stays, and is not fetched again.
    """
    source = source_of(name)
    folder = data / source.title
    if source.fetch is None:
        raise BenchError(SAVEE_SAYS.format(folder=folder))
    from filelock import FileLock, Timeout

    staging = data / ".bench-download" / source.title
    staging.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(staging.with_suffix(".lock"), timeout=0):
            web = Web(patience)
            _bring(source.fetch, Job(title=source.title, folder=folder, staging=staging, web=web, hosts=hosts or Hosts(),
                                     manifest=Manifest(folder), console=console))
            shutil.rmtree(staging)
    except Timeout:
        raise BenchError(f"another `bench data pull {name}` is at work in {data}: wait for it, or stop it") from None


def source_of(name: str) -> Source:
    """The source of a corpus. Raises: UsageError with the near names."""
    if name not in SOURCES:
        raise unknown("corpus to pull", name, SOURCES)
    return SOURCES[name]


def _bring(fetch: Callable[[Job], None], job: Job) -> None:
    if job.manifest.has_all():
        job.console.say(f"{job.title}: everything is there, nothing to fetch")
        return
    job.manifest.finished = False
    try:
        with job.console.progress():
            fetch(job)
        job.manifest.finished = True
    finally:  # also for Ctrl-C
        job.manifest.save()


# CREMA-D: a Git repository whose clips are Git LFS pointers
def _crema_d(job: Job) -> None:
    from registry.corpora.crema_d import expected_ids

    for table in CREMA_D_TABLES:
        _crema_d_table(job, table)
    clips = job.folder / "AudioWAV"
    files = [clips / f"{clip_id}.wav" for clip_id in sorted(expected_ids(clips))]
    if not files:
        raise BenchError(f"{job.folder / CREMA_D_LIST} names no clips: remove it and run the command again")
    for table in CREMA_D_TABLES:  # noted only now that the list could be read
        job.manifest.note_file(job.folder / table)
    check_room(job.folder, CREMA_D_CLIP_BYTES * sum(not file.exists() for file in files))
    _each_file(job, files, lambda file: _crema_d_clip(job, file))


def _crema_d_table(job: Job, table: str) -> None:
    """A table has no published checksum: the length that the server announces is all that can be checked."""
    from registry.audio import is_lfs_pointer

    path = job.folder / table
    if job.manifest.has(path):
        return
    job.web.save(Remote(url=f"{job.hosts.github_raw}/{CREMA_D}/{table}", path=path))
    if is_lfs_pointer(path):
        text = path.read_text(encoding="utf-8")
        path.unlink()
        promised, size = _pointed_to(text, table)
        job.web.save(Remote(url=f"{job.hosts.github_media}/{CREMA_D}/{table}", path=path, checksum=promised, size=size))


def _crema_d_clip(job: Job, file: Path) -> int:
    below = f"{CREMA_D}/{file.relative_to(job.folder).as_posix()}"
    noted = job.manifest.promise(file)
    promised, size = noted or _pointed_to(job.web.text(f"{job.hosts.github_raw}/{below}", POINTER_LIMIT), file.name)
    job.manifest.note(file, promised, size, whole=False)
    return _fetch_noted(job, Remote(url=f"{job.hosts.github_media}/{below}", path=file, checksum=promised, size=size))


def _pointed_to(text: str, name: str) -> tuple[str, int]:
    """Checksum and size that a Git LFS pointer gives.

    >>> _pointed_to("version https://git-lfs.github.com/spec/v1\\noid sha256:" + "0" * 64 + "\\nsize 12", "a.wav")[1]
    12
    """
    found = re.fullmatch(r"version https://git-lfs\S+\s+oid (sha256:[0-9a-f]{64})\s+size (\d+)\s*", text)
    if found is None:
        raise Refused(f"{name}: its repository answers no Git LFS pointer but {text[:40]!r}: a proxy or a login page may stand before it")
    return found[1], int(found[2])


# TESS: single files of a Dataverse
def _tess(job: Job) -> None:
    listing = job.web.json(f"{job.hosts.borealis}/api/datasets/:persistentId/?persistentId=doi:10.5683/SP2/E8H2MF")
    remotes = {remote.path: remote for remote in _listed("TESS", lambda: [
        _tess_file(job, entry["dataFile"]) for entry in listing["data"]["latestVersion"]["files"]
        if str(entry["dataFile"]["filename"]).lower().endswith(".wav")])}
    check_room(job.staging, sum(remote.size or 0 for path, remote in remotes.items() if not path.exists()))
    for path, remote in remotes.items():
        if job.manifest.promise(path) != (remote.checksum, remote.size):
            job.manifest.note(path, remote.checksum or "", remote.size or 0, whole=False)
    _each_file(job, sorted(remotes), lambda path: _fetch_noted(job, remotes[path]))


def _tess_file(job: Job, entry: dict[str, Any]) -> Remote:
    name, kind = str(entry["filename"]), entry.get("checksum") or {"type": "MD5", "value": entry["md5"]}
    if re.search(r"[/\\:\0]", name) or name.startswith("."):
        raise BenchError(f"TESS is listed with a file called {name!r}, which would leave its folder: not fetched")
    return Remote(url=f"{job.hosts.borealis}/api/access/datafile/{int(entry['id'])}", path=job.folder / name,
                  size=int(entry["filesize"]), checksum=f"{kind['type'].replace('-', '').lower()}:{kind['value'].lower()}")


def _listed(title: str, read: Callable[[], list[Remote]]) -> list[Remote]:
    """The files that a source lists, at least one. Raises: BenchError when its answer is made otherwise."""
    try:
        found = read()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BenchError(f"the list of {title}'s files is not made as expected ({type(error).__name__}: {error}): its host may have "
                         "changed, or a proxy answers in its place") from error
    if not found:
        raise BenchError(f"the list of {title}'s files names none that is needed: it may have moved; look for it where it is published")
    return found


# RAVDESS: one zip file of a Zenodo record
def _ravdess(job: Job) -> None:
    record = f"{job.hosts.zenodo}/api/records/1188976"
    listing = job.web.json(record)
    remote = _listed("RAVDESS", lambda: [_ravdess_archive(job, entry, record) for entry in listing["files"]
                                         if entry["key"] == RAVDESS_ARCHIVE])[0]
    part = remote.path.with_name(f"{remote.path.name}.part")
    check_room(job.staging, (remote.size or 0) - sum(path.stat().st_size for path in (part, remote.path) if path.exists()))
    with job.console.bar(f"fetching {job.title}, kB", (remote.size or 0) // 1000) as bar:
        job.web.save(remote, lambda position: bar.update(position // 1000, (remote.size or 0) // 1000))
    unpacked = job.staging / "unpacked"
    with job.console.bar(f"unpacking {job.title}", 0) as bar:
        unpack(remote.path, unpacked, bar.update)
    for file in put(unpacked, job.folder):
        job.manifest.note_file(file)


def _ravdess_archive(job: Job, entry: dict[str, Any], record: str) -> Remote:
    links = entry.get("links") or {}
    return Remote(url=str(links.get("self") or f"{record}/files/{RAVDESS_ARCHIVE}/content"), path=job.staging / RAVDESS_ARCHIVE,
                  size=int(entry["size"]), checksum=str(entry["checksum"]).lower())


# What the sources share
def _fetch_noted(job: Job, remote: Remote) -> int:
    """Fetch a file and note that it is whole; returns its bytes. What is refused is asked for anew the next time."""
    try:
        job.web.save(remote)
    except Refused:
        job.manifest.forget(remote.path)
        raise
    size = remote.path.stat().st_size
    job.manifest.note(remote.path, remote.checksum or "", size, whole=True)
    return size


def _each_file(job: Job, files: list[Path], fetch: Callable[[Path], int]) -> None:
    """Fetch what is missing of the files, several at once, with a bar that counts them."""
    missing = [file for file in files if not job.manifest.has(file)]
    done, moved, lock = len(files) - len(missing), 0, Lock()
    with job.console.bar(f"fetching {job.title}", len(files)) as bar:
        def one(file: Path) -> None:
            nonlocal done, moved
            size = fetch(file)
            with lock:
                done, moved = done + 1, moved + size
                bar.update(done, len(files), note=f"{moved / 1e6:,.0f} MB")
                if done % NOTED_EVERY == 0:
                    job.manifest.save()

        each(one, missing, job.web)


SOURCES = {"crema_d": Source(title="CREMA-D", fetch=_crema_d), "ravdess": Source(title="RAVDESS", fetch=_ravdess),
           "tess": Source(title="TESS", fetch=_tess), "savee": Source(title="SAVEE", fetch=None)}
