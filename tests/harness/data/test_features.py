"""Features of a corpus are computed once, in its order, and again when anything changes their numbers; an interrupt leaves nothing."""

from __future__ import annotations

import dataclasses
import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cache_files import Counting, data_file, files_of, forget
from clips_of_noise import RATE, ROOT, SPACE, corpus_of, read_clip, write_clip

from harness.data import feature_store, feature_workers
from harness.data.feature_workers import DamagedClips
from harness.data.features import features, key_of, longest_s
from registry.corpus import Clip, Corpus
from registry.errors import BenchError
from registry.feature_space import FeatureSpace
from registry.feature_spaces.energy import Energy
from registry.feature_spaces.mel import Mel


def test_the_array_holds_every_clip_in_the_order_of_the_corpus(folder: Path, cache: Path) -> None:
    corpus = corpus_of(folder)
    values = features(corpus, SPACE, cache, workers=1)
    assert (values.shape, values.dtype) == ((6, 16, 9), np.float32)
    for row, clip in zip(values, corpus.clips, strict=True):
        np.testing.assert_array_equal(row, SPACE.extract(*read_clip(clip), 8000))


def test_the_array_is_memory_mapped_and_read_only(folder: Path, cache: Path) -> None:
    values = features(corpus_of(folder), SPACE, cache, workers=1)
    assert isinstance(values, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        values[0, 0, 0] = 1.0


def test_the_second_call_reads_no_clip_and_checks_no_file(folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counting = Counting()
    first = features(corpus_of(folder, counting), SPACE, cache, workers=1)
    monkeypatch.setattr(feature_store, "_checksum", lambda path: pytest.fail("verified twice in one process"))
    assert features(corpus_of(folder, counting), SPACE, cache, workers=1) is first
    assert counting.reads == 6


def test_another_process_finds_the_entry(folder: Path, cache: Path) -> None:
    counting = Counting()
    first = np.array(features(corpus_of(folder, counting), SPACE, cache, workers=1))
    forget()
    np.testing.assert_array_equal(features(corpus_of(folder, counting), SPACE, cache, workers=1), first)
    assert counting.reads == 6


def test_join_and_normalisation_share_an_entry(folder: Path, cache: Path) -> None:
    first = features(corpus_of(folder), SPACE, cache, workers=1)
    other = dataclasses.replace(SPACE, join="image", normalise="none")
    assert features(corpus_of(folder), other, cache, workers=1) is first


@pytest.mark.parametrize("changes", [
    {"features": (Mel(n_mels=9), Energy())}, {"features": (Energy(), Mel(n_mels=8))}, {"features": (Mel(n_mels=8),)},
    {"sample_rate": 8000}, {"duration_s": 0.6}, {"trim_db": 30.0}, {"duration_s": None},
])
def test_whatever_changes_the_numbers_changes_the_key(folder: Path, changes: dict[str, Any]) -> None:
    corpus, other = corpus_of(folder), dataclasses.replace(SPACE, **changes)
    assert key_of(corpus, SPACE, SPACE.samples(0.4)) != key_of(corpus, other, other.samples(0.4))


def test_a_feature_with_another_version_has_another_key(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = key_of(corpus_of(folder), SPACE, 8000)
    monkeypatch.setattr(Energy, "version", 2)
    assert key_of(corpus_of(folder), SPACE, 8000) != before


def test_another_librosa_has_another_key(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = key_of(corpus_of(folder), SPACE, 8000)
    monkeypatch.setattr("harness.data.features._libraries", lambda: {"librosa": "99", "soxr": "1"})
    assert key_of(corpus_of(folder), SPACE, 8000) != before


def test_changed_audio_is_computed_again_and_a_renamed_folder_is_not(folder: Path, cache: Path) -> None:
    first = np.array(features(corpus_of(folder), SPACE, cache, workers=1))
    counting = Counting()
    moved = folder.rename(folder.with_name("moved"))
    features(corpus_of(moved, counting), SPACE, cache, workers=1)
    assert counting.reads == 0
    write_clip(moved / "c3.wav", seed=99)
    second = features(corpus_of(moved, counting), SPACE, cache, workers=1)
    assert counting.reads == 6
    assert [i for i in range(6) if not np.array_equal(first[i], second[i])] == [3]


def test_all_damaged_clips_are_named_and_nothing_is_left(folder: Path, cache: Path) -> None:
    (folder / "c1.wav").write_bytes(b"RIFF, but nothing more")
    (folder / "c4.wav").write_text("version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(DamagedClips, match="2 damaged clips") as caught:
        features(corpus_of(folder), SPACE, cache, workers=1)
    assert sorted(caught.value.clips) == ["c1", "c4"]
    assert "git lfs pull" in caught.value.clips["c4"]
    assert "--allow-missing" in str(caught.value)
    assert files_of(cache) == []


def test_without_a_duration_clips_are_padded_to_the_longest(folder: Path, cache: Path) -> None:
    write_clip(folder / "c2.wav", seed=2, seconds=0.8)
    corpus = corpus_of(folder)
    values = features(corpus, FeatureSpace(features=(Energy(),), join="channels", duration_s=None), cache, workers=1)
    assert longest_s(corpus) == pytest.approx(0.8)
    assert values.shape == (6, 1 + 12_800 // 512, 1)
    assert values[2, -2, 0] > 0.01 and not values[1, -10:].any()


def test_synthesised_clips_are_measured_by_reading_them(cache: Path) -> None:
    def synthesise(clip: Clip) -> tuple[np.ndarray, int]:
        return np.full(RATE * int(clip.id), 0.5, np.float32), RATE

    clips = tuple(Clip(id=str(i), emotion="ANG", speaker="1") for i in (1, 2))
    corpus = Corpus(name="synthetic", emotions=("ANG",), clips=clips, sample_rate=RATE, whole=2, read_clip=synthesise)
    assert features(corpus, dataclasses.replace(SPACE, duration_s=None), cache, workers=1).shape == (2, 63, 9)
    assert features(corpus, SPACE, cache, workers=2).shape == (2, 16, 9)


def test_one_and_two_workers_write_identical_bytes(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.data.features.CLIPS_PER_TASK", 1)
    for workers in (1, 2):
        features(corpus_of(folder), SPACE, tmp_path / str(workers), workers=workers)
    assert data_file(tmp_path / "1").read_bytes() == data_file(tmp_path / "2").read_bytes()


def test_progress_counts_to_all_clips_and_is_silent_warm(folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.data.features.CLIPS_PER_TASK", 4)
    seen: list[tuple[int, int]] = []
    for _ in range(2):
        features(corpus_of(folder), SPACE, cache, workers=1, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(4, 6), (6, 6)]


PROGRAM = """
import sys; sys.path[:0] = [{root!r}, {tests!r}]
from pathlib import Path
import time, clips_of_noise as t
from harness.data.features import features
def slow(clip):
    time.sleep({pause}); print("read", flush=True)
    return t.read_clip(clip)
if __name__ == "__main__":
    values = features(t.corpus_of(Path({folder!r}), slow), t.SPACE, Path({cache!r}), workers={workers})
    print("done", values.sum(), flush=True)
"""


def start(folder: Path, cache: Path, pause: float, workers: int = 1) -> subprocess.Popen[str]:
    tests = str(Path(__file__).parents[2] / "support")
    program = PROGRAM.format(root=str(ROOT), tests=tests, folder=str(folder), cache=str(cache), pause=pause, workers=workers)
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", program], stdout=pipe, stderr=pipe, text=True, start_new_session=True)


def wait_until(condition: Callable[[], bool], seconds: float = 60.0) -> bool:
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.05)
    return condition()


def group_is_there(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_two_processes_at_once_compute_an_entry_once(folder: Path, cache: Path) -> None:
    both = [start(folder, cache, pause=0.2) for _ in range(2)]
    outputs = [process.communicate(timeout=120)[0] for process in both]
    assert sum(output.count("read") for output in outputs) == 6
    assert len({output.splitlines()[-1] for output in outputs}) == 1


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupt_ends_the_work_and_leaves_nothing(folder: Path, cache: Path, workers: int) -> None:
    process = start(folder, cache, pause=1.0, workers=workers)
    assert wait_until(lambda: bool(list(cache.glob("*.tmp"))))
    time.sleep(0.3)
    os.killpg(process.pid, signal.SIGINT)  # what Ctrl-C does: to the workers too
    process.communicate(timeout=60)
    assert process.returncode != 0
    assert files_of(cache) == []
    assert wait_until(lambda: not group_is_there(process.pid)), "a worker goes on after the interrupt"


def test_what_a_killed_process_left_is_cleared_away(folder: Path, cache: Path) -> None:
    process = start(folder, cache, pause=1.0)
    assert wait_until(lambda: bool(list(cache.glob("*.tmp"))))
    process.kill()
    process.communicate(timeout=60)
    assert files_of(cache) == [".tmp"]
    features(corpus_of(folder), SPACE, cache, workers=1)
    assert files_of(cache) == [".json", ".npy"]


def test_a_disk_that_fills_up_on_the_way_leaves_nothing(folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(feature_workers.RowWriter, "__call__", full)
    with pytest.raises(BenchError, match=r"need 3,\d\d\d bytes in .*cache"):
        features(corpus_of(folder), SPACE, cache, workers=1)
    assert files_of(cache) == []


def test_an_empty_corpus_is_refused(tmp_path: Path, cache: Path) -> None:
    with pytest.raises(BenchError, match="made has no clips"):
        features(corpus_of(tmp_path), SPACE, cache)
