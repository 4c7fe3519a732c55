"""The feature cache computes once, notices every change, never uses or leaves anything damaged."""

from __future__ import annotations

import dataclasses
import errno
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import soundfile
from clips_of_noise import RATE, ROOT, SPACE, corpus_of, read_clip, write_clip

from harness.data import feature_store, feature_workers
from harness.data.feature_store import clear, entries
from harness.data.feature_workers import DamagedClips
from harness.data.features import features, key_of, longest_s
from registry.core import register
from registry.corpus import Clip, Corpus
from registry.errors import BenchError
from registry.feature_space import FeatureSpace
from registry.feature_spaces.energy import Energy
from registry.feature_spaces.mel import Mel
from registry.feature_spaces.zcr import ZeroCrossingRate


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six clips of noise."""
    (tmp_path / "clips").mkdir()
    for i in range(6):
        write_clip(tmp_path / "clips" / f"c{i}.wav", seed=i)
    return tmp_path / "clips"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


class Counting:
    """Reads clips and counts how often."""

    def __init__(self) -> None:
        self.reads = 0

    def __call__(self, clip: Clip) -> tuple[np.ndarray, int]:
        self.reads += 1
        return read_clip(clip)


def forget() -> None:
    """Make this process look at the files again, as a new one would."""
    feature_store._verified.clear()


def files_of(cache: Path) -> list[str]:
    return sorted(path.suffix for path in cache.iterdir() if path.suffix != ".lock")


def data_file(cache: Path) -> Path:
    (found,) = cache.glob("*.npy")
    return found


def test_the_array_holds_every_clip_in_the_order_of_the_corpus(folder: Path, cache: Path) -> None:
    corpus = corpus_of(folder)
    found = features(corpus, SPACE, cache, workers=1)
    assert (found.shape, found.dtype) == ((6, 16, 9), np.float32)
    for row, clip in zip(found, corpus.clips, strict=True):
        np.testing.assert_array_equal(row, SPACE.extract(*read_clip(clip), 8000))


def test_the_array_is_memory_mapped_and_read_only(folder: Path, cache: Path) -> None:
    found = features(corpus_of(folder), SPACE, cache, workers=1)
    assert isinstance(found, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        found[0, 0, 0] = 1.0


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


def flip_a_byte(cache: Path) -> None:
    with data_file(cache).open("r+b") as file:
        file.seek(500)
        byte = file.read(1)
        file.seek(500)
        file.write(bytes([byte[0] ^ 1]))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "checksum": flip_a_byte,
    "bytes instead of": lambda cache: os.truncate(data_file(cache), 600),
    "No such file": lambda cache: data_file(cache).unlink(),
    "JSONDecodeError": lambda cache: data_file(cache).with_suffix(".json").write_text("{"),
    "KeyError": lambda cache: data_file(cache).with_suffix(".json").write_text("{}"),
}


@pytest.mark.parametrize("said", DAMAGES)
def test_a_damaged_entry_is_computed_again_with_a_warning(
    folder: Path, cache: Path, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    counting = Counting()
    first = np.array(features(corpus_of(folder, counting), SPACE, cache, workers=1))
    forget()
    DAMAGES[said](cache)
    with caplog.at_level(logging.WARNING):
        second = features(corpus_of(folder, counting), SPACE, cache, workers=1)
    assert counting.reads == 12
    assert said in caplog.text
    np.testing.assert_array_equal(second, first)


def test_data_without_description_is_no_entry(folder: Path, cache: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What a crash between the two renames leaves is computed again."""
    counting = Counting()
    features(corpus_of(folder, counting), SPACE, cache, workers=1)
    forget()
    data_file(cache).with_suffix(".json").unlink()
    assert entries(cache)[0].label == "damaged"
    features(corpus_of(folder, counting), SPACE, cache, workers=1)
    assert (counting.reads, files_of(cache)) == (12, [".json", ".npy"])


def test_all_damaged_clips_are_named_and_nothing_is_left(folder: Path, cache: Path) -> None:
    (folder / "c1.wav").write_bytes(b"RIFF, but nothing more")
    (folder / "c4.wav").write_text("version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(DamagedClips, match="2 damaged clips") as caught:
        features(corpus_of(folder), SPACE, cache, workers=1)
    assert sorted(caught.value.clips) == ["c1", "c4"]
    assert "git lfs pull" in caught.value.clips["c4"]
    assert "--allow-missing" in str(caught.value)
    assert files_of(cache) == []


def test_damaged_clips_are_named_by_worker_processes_and_without_a_duration_too(folder: Path, cache: Path) -> None:
    (folder / "c1.wav").write_bytes(b"RIFF, but nothing more")
    with pytest.raises(DamagedClips) as caught:
        features(corpus_of(folder), dataclasses.replace(SPACE, duration_s=None), cache, workers=2)
    assert list(caught.value.clips) == ["c1"]
    assert files_of(cache) == []


def test_samples_that_are_not_finite_make_a_clip_damaged(folder: Path, cache: Path) -> None:
    soundfile.write(folder / "c2.wav", np.array([0.1, np.nan, 0.2] * 1000), RATE, subtype="FLOAT")
    with pytest.raises(DamagedClips, match="c2: it holds samples that are not finite"):
        features(corpus_of(folder), SPACE, cache, workers=1)


def test_of_many_damaged_clips_ten_are_named_and_the_rest_counted() -> None:
    text = str(DamagedClips({f"c{i:02}": "gone" for i in range(14)}))
    assert text.startswith("14 damaged clips")
    assert "c09: gone" in text and "c10" not in text and "4 more" in text


def test_without_a_duration_clips_are_padded_to_the_longest(folder: Path, cache: Path) -> None:
    write_clip(folder / "c2.wav", seed=2, seconds=0.8)
    corpus = corpus_of(folder)
    found = features(corpus, FeatureSpace(features=(Energy(),), join="channels", duration_s=None), cache, workers=1)
    assert longest_s(corpus) == pytest.approx(0.8)
    assert found.shape == (6, 1 + 12_800 // 512, 1)
    assert found[2, -2, 0] > 0.01 and not found[1, -10:].any()


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


def test_all_cores_are_taken_for_a_large_corpus_and_one_for_a_small_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("joblib.cpu_count", lambda: 8)
    assert [feature_workers.worker_count(0, clips) for clips in (6, 450, 7442)] == [1, 2, 8]
    assert feature_workers.worker_count(3, 6) == 3


PROGRAM = """
import sys; sys.path[:0] = [{root!r}, {tests!r}]
from pathlib import Path
import time, clips_of_noise as t
from harness.data.features import features
def slow(clip):
    time.sleep({pause}); print("read", flush=True)
    return t.read_clip(clip)
if __name__ == "__main__":
    found = features(t.corpus_of(Path({folder!r}), slow), t.SPACE, Path({cache!r}), workers={workers})
    print("done", found.sum(), flush=True)
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


def test_too_little_room_is_said_before_any_clip_is_read(folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counting = Counting()
    usage = type(shutil.disk_usage("/"))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10_000, 9_000, 1_000))
    with pytest.raises(BenchError, match=r"3,456 bytes in .*cache, where 1,000 are free"):
        features(corpus_of(folder), SPACE, cache, workers=1)
    assert (counting.reads, files_of(cache)) == (0, [])


def test_a_disk_that_fills_up_on_the_way_leaves_nothing(folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(feature_workers.RowWriter, "__call__", full)
    with pytest.raises(BenchError, match=r"need 3,\d\d\d bytes in .*cache"):
        features(corpus_of(folder), SPACE, cache, workers=1)
    assert files_of(cache) == []


@register("dying")
class Dying:
    """A feature that ends its process, as the system does when memory runs out."""

    version: ClassVar[int] = 1

    def __call__(self, waveform: np.ndarray, sample_rate: int) -> np.ndarray:
        if waveform.any():
            os.kill(os.getpid(), signal.SIGKILL)
        return np.zeros((3, 1), np.float32)


@register("buggy")
class Buggy:
    """A feature with a mistake in it."""

    version: ClassVar[int] = 1

    def __call__(self, waveform: np.ndarray, sample_rate: int) -> np.ndarray:
        if waveform.any():
            raise ZeroDivisionError("a mistake")
        return np.zeros((3, 1), np.float32)


def test_a_worker_that_is_killed_is_an_error_with_advice(folder: Path, cache: Path) -> None:
    with pytest.raises(BenchError, match="--feature-workers 1"):
        features(corpus_of(folder), FeatureSpace(features=(Dying(),), join="channels"), cache, workers=2)
    assert files_of(cache) == []


@register("unsteady")
class Unsteady:
    """A feature whose shape depends on more than the number of samples."""

    version: ClassVar[int] = 1

    def __call__(self, waveform: np.ndarray, sample_rate: int) -> np.ndarray:
        return np.zeros((3 if waveform.any() else 2, 1), np.float32)


def test_a_feature_of_varying_shape_is_not_taken_for_a_damaged_clip(folder: Path, cache: Path) -> None:
    with pytest.raises(BenchError, match=r"\(3, 1\) for clip c0 but \(2, 1\) for silence") as caught:
        features(corpus_of(folder), FeatureSpace(features=(Unsteady(),), join="channels"), cache, workers=1)
    assert not isinstance(caught.value, DamagedClips)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_mistake_in_a_feature_is_raised_with_the_clip_noted(folder: Path, cache: Path, workers: int) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        features(corpus_of(folder), FeatureSpace(features=(Buggy(),), join="channels"), cache, workers=workers)
    assert "while computing buggy of clip c0" in caught.value.__notes__
    assert files_of(cache) == []


def test_an_empty_corpus_is_refused(tmp_path: Path, cache: Path) -> None:
    with pytest.raises(BenchError, match="made has no clips"):
        features(corpus_of(tmp_path), SPACE, cache)


def test_entries_are_listed_with_what_they_are(folder: Path, cache: Path) -> None:
    assert entries(cache) == []
    features(corpus_of(folder), SPACE, cache, workers=1)
    (entry,) = entries(cache)
    assert (entry.label, entry.corpus, entry.clips, entry.shape) == (SPACE.label, "made", 6, (6, 16, 9))
    assert entry.bytes == sum(path.stat().st_size for path in cache.iterdir())
    about = json.loads((cache / f"{entry.key}.json").read_text())
    assert about["libraries"]["librosa"]


def test_opening_an_entry_renews_its_time_of_last_use(folder: Path, cache: Path) -> None:
    features(corpus_of(folder), SPACE, cache, workers=1)
    forget()
    os.utime(data_file(cache).with_suffix(".json"), (1000, 1000))
    assert entries(cache)[0].last_used == 1000
    features(corpus_of(folder), SPACE, cache, workers=1)
    assert entries(cache)[0].last_used == pytest.approx(time.time(), abs=60)


def test_clearing_removes_the_entries_asked_for_and_counts_the_bytes(folder: Path, cache: Path) -> None:
    counting = Counting()
    features(corpus_of(folder, counting), SPACE, cache, workers=1)
    features(corpus_of(folder), FeatureSpace(features=(ZeroCrossingRate(),), join="channels"), cache, workers=1)
    first, second = entries(cache)
    assert clear(cache, [first.key]) == first.bytes
    assert entries(cache) == [second]
    assert clear(cache) == second.bytes
    assert (entries(cache), files_of(cache)) == ([], [])
    features(corpus_of(folder, counting), SPACE, cache, workers=1)
    assert counting.reads == 12


def test_clearing_a_key_that_is_not_there_is_refused(cache: Path) -> None:
    with pytest.raises(BenchError, match="no cache entry is called 'abc'"):
        clear(cache, ["abc"])
