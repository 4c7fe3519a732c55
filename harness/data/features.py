"""The features of a whole corpus as one memory-mapped array for trials: computed once on all cores, and kept by content."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.metadata
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.data.feature_store import FULL, allocate, draft_of, full_disk, lock_of, open_entry, publish, remove
from harness.data.feature_workers import Change, DamagedClips, EntryFile, ParallelMap, RowWriter, processes, shape_of_silence, worker_count
from harness.data.selected_bands import selected
from registry.clip_audio import seconds_of
from registry.core import canonical, specification
from registry.corpus import Corpus
from registry.errors import BenchError
from registry.feature_space import FeatureSpace

if TYPE_CHECKING:
    import numpy as np

FORMAT = 1  # raised when the preparation of audio or the layout of an entry changes: it is part of every key
CLIPS_PER_TASK = 32
Progress = Callable[[int, int], None]
_longest: dict[str, float] = {}  # seconds, by the hash of a corpus's audio


def features(corpus: Corpus, space: FeatureSpace, cache: Path, workers: int = 0, progress: Progress | None = None) -> np.ndarray:
    """The features of every clip before they are joined or normalised, from the cache or computed into it.

    The cache keeps all that was computed on the way, as `FeatureSpace.stored` says: a search over layers or statistics computes once.

    Args:
        cache: folder of the cache; created when it is not there.
        workers: processes; 0 takes all cores (a small corpus fewer), 1 computes in this process.
        progress: called with (clips done, clips in all) while computing; not called when the entry is there.

    Returns: read-only memory-mapped array of shape (clips, frames, bands), float32, in the corpus's order.
    Raises: DamagedClips naming every clip that can't be read; BenchError for an empty corpus, a full disk or a folder
        that can't be written. Nothing that looks like an entry is left in the cache then.
    """
    if not corpus.clips:
        raise BenchError(f"{corpus.name} has no clips: there is nothing to compute features of")
    samples = padded_samples(corpus, space)
    return obtain(FeatureJob(corpus, space, samples, cache, {key_of(corpus, space, samples): None}), workers, progress)[0]


def cached_features(corpus: Corpus, space: FeatureSpace, cache: Path) -> np.ndarray | None:
    """The features of every clip as they lie in the cache; None when they are not there, or damaged."""
    array = open_entry(cache, key_of(corpus, space, padded_samples(corpus, space)))
    return None if array is None else selected(array, space)


def key_of(corpus: Corpus, space: FeatureSpace, samples: int, **more: Any) -> str:
    """SHA-256 of everything that changes the numbers: audio, features and their versions, preparation, libraries, and `more`."""
    if space.join == "vector":  # of which the cache holds statistics
        more["statistics"] = space.stored.statistics
    recipe = {
        "format": FORMAT, "corpus": corpus.parameters, "audio": corpus.digests,
        "features": specification(space.stored.features), "sample_rate": space.sample_rate,
        "duration_s": space.duration_s, "samples": samples, "trim_db": space.trim_db, "libraries": _libraries(), **more,
    }
    return hashlib.sha256(canonical(recipe).encode()).hexdigest()


@functools.cache
def _libraries() -> dict[str, str]:
    return {library: importlib.metadata.version(library) for library in ("librosa", "soxr")}


def padded_samples(corpus: Corpus, space: FeatureSpace) -> int:
    """Samples that every clip is padded or cut to, at the space's rate."""
    return space.samples(longest_s(corpus) if space.duration_s is None else 0.0)


def longest_s(corpus: Corpus) -> float:
    """Seconds of the corpus's longest clip; those that a run refuses are passed over. Synthesised clips are read for it."""
    key = hashlib.sha256("".join(corpus.digests).encode()).hexdigest()
    if key not in _longest:
        seconds = (seconds_of(clip, corpus.read_clip) if math.isnan(length.seconds) else length.seconds
                   for clip, length in zip(corpus.clips, corpus.lengths, strict=True))
        _longest[key] = max(seconds)
    return _longest[key]


@dataclass(frozen=True)
class FeatureJob:
    """Entries to be computed together: clips and feature space are the same, and each clip is read once for all of them.

    Args:
        samples: that every clip is padded or cut to. cache: folder of the entries.
        changes: key of each entry -> what is done to its waveforms first; None: nothing.
    """

    corpus: Corpus
    space: FeatureSpace
    samples: int
    cache: Path
    changes: Mapping[str, Change | None]

    def missing(self) -> FeatureJob:
        """The job without the entries that are in the cache."""
        return replace(self, changes={key: change for key, change in self.changes.items() if open_entry(self.cache, key) is None})


def obtain(job: FeatureJob, workers: int, progress: Progress | None) -> list[np.ndarray]:
    """The read-only memory-mapped array of each entry, from the cache or computed into it.

    Raises and calls `progress` as `features` does, the clips of all entries counted together.
    """
    space, job = job.space, replace(job, space=job.space.stored)
    missing = job.missing()
    if missing.changes:
        total = len(job.changes) * len(job.corpus)
        cached = total - len(missing.changes) * len(job.corpus)  # counted as done
        _compute_once(missing, workers, progress and (lambda done, _: progress(cached + done, total)))
    arrays = [array for key in job.changes if (array := open_entry(job.cache, key)) is not None]
    if len(arrays) < len(job.changes):
        raise BenchError(f"what was written to {job.cache} reads back differently: check the disk, or choose another --home")
    return [selected(array, space) for array in arrays]


def _compute_once(job: FeatureJob, workers: int, progress: Progress | None) -> None:
    """Compute entries; wait for those that another process is computing."""
    from filelock import FileLock

    try:
        job.cache.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as locks:
            for key in sorted(job.changes):  # in one order, so that two processes can't wait for each other
                locks.enter_context(FileLock(lock_of(job.cache, key)))
            missing = job.missing()
            for key in missing.changes:
                remove(job.cache, key)  # a part of it that a process left which has ended: the lock is ours
            if missing.changes:
                _compute(missing, workers, progress)
    except PermissionError as error:
        raise BenchError(f"the feature cache {job.cache} can't be written: choose another --home ({error})") from error


def _compute(job: FeatureJob, workers: int, progress: Progress | None) -> None:
    from concurrent.futures.process import BrokenProcessPool

    drafts = {key: draft_of(job.cache, key) for key in job.changes}
    try:
        with processes(worker_count(workers, len(job.corpus) * len(drafts))) as each:
            shape, cut = _fill(drafts, job, each, progress)
        for key, draft in drafts.items():
            publish(draft, job.cache, key, _description(job, key, shape) | {"cut": cut})
    except BrokenProcessPool as error:
        raise BenchError("a worker process ended early, most likely for want of memory: use fewer, --feature-workers 1 for none "
                         f"({error})") from error
    except OSError as error:
        if error.errno in FULL:
            raise full_disk(job.cache, sum(draft.stat().st_size for draft in drafts.values() if draft.exists())) from error
        raise
    finally:
        for left in (path for draft in drafts.values() for path in sorted(job.cache.glob(f"{draft.stem}*.tmp"))):
            left.unlink()


def _description(job: FeatureJob, key: str, shape: tuple[int, ...]) -> dict[str, Any]:
    """The description of an entry, for people and `bench cache`."""
    change = job.changes[key]
    return {"label": job.space.label + (f", {change.label}" if change else ""), "corpus": job.corpus.name, "shape": shape,
            "sample_rate": job.space.sample_rate, "samples": job.samples, "trim_db": job.space.trim_db,
            "features": specification(job.space.features), "format": FORMAT, "libraries": _libraries()}


def _fill(drafts: dict[str, Path], job: FeatureJob, each: ParallelMap,
          progress: Progress | None) -> tuple[tuple[int, ...], dict[str, int]]:
    """Write the features of all clips into new files; returns their shape and how many clips are not heard whole, and why.

    Raises: DamagedClips when some can't be read.
    """
    clips = job.corpus.clips
    shape = next(each(shape_of_silence, [(job.space, job.samples)]))
    places = tuple(EntryFile(draft, allocate(draft, (len(clips), *shape)), job.changes[key]) for key, draft in drafts.items())
    rows = RowWriter(job.corpus.read_clip, job.space, job.samples, places, shape)
    tasks = [(start, clips[start : start + CLIPS_PER_TASK]) for start in range(0, len(clips), CLIPS_PER_TASK)]
    done, damaged, cut = 0, {}, {"longer": 0, "emptied": 0}
    for count, bad, not_whole in each(rows, tasks):
        done += count * len(places)
        damaged.update(bad)
        cut = {why: clips + not_whole[why] for why, clips in cut.items()}
        if progress:
            progress(done, len(clips) * len(places))
    if damaged:
        raise DamagedClips(damaged)
    return (len(clips), *shape), cut
