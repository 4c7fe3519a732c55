"""The files of the feature cache: a damaged one is never used, entries are listed and cleared, a full disk is noticed first."""

from __future__ import annotations

import json
import logging
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from cache_files import Counting, data_file, files_of, forget
from clips_of_noise import SPACE, corpus_of

from harness.data.feature_store import clear, entries
from harness.data.features import features
from registry.errors import BenchError
from registry.feature_space import FeatureSpace
from registry.feature_spaces.zcr import ZeroCrossingRate


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


@pytest.mark.parametrize("fault", DAMAGES)
def test_a_damaged_entry_is_computed_again_with_a_warning(
    folder: Path, cache: Path, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    counting = Counting()
    first = np.array(features(corpus_of(folder, counting), SPACE, cache, workers=1))
    forget()
    DAMAGES[fault](cache)
    with caplog.at_level(logging.WARNING):
        second = features(corpus_of(folder, counting), SPACE, cache, workers=1)
    assert counting.reads == 12
    assert fault in caplog.text
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


def test_too_little_room_is_reported_before_any_clip_is_read(folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counting = Counting()
    usage = type(shutil.disk_usage("/"))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10_000, 9_000, 1_000))
    with pytest.raises(BenchError, match=r"3,456 bytes in .*cache, where 1,000 are free"):
        features(corpus_of(folder, counting), SPACE, cache, workers=1)
    assert (counting.reads, files_of(cache)) == (0, [])


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


def test_clearing_removes_the_given_entries_and_counts_the_bytes(folder: Path, cache: Path) -> None:
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
