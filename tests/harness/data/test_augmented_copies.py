"""Copies are computed of training clips only, once, alike with any number of workers, and differ with every seed."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cache_files import forget
from clips_of_noise import RATE, SPACE, corpus_of, read_clip, write_clip

from harness.data.augmented_copies import copies, planned_copies
from harness.data.feature_store import entries
from harness.data.feature_workers import DamagedClips
from harness.data.features import features, key_of, padded_samples
from registry.augmentation import Augmentation
from registry.augmentations.gain import Gain
from registry.augmentations.noise import Noise
from registry.augmentations.noise_sigma import NoiseSigma
from registry.augmentations.pitch_shift import PitchShift
from registry.augmentations.time_shift import TimeShift
from registry.augmentations.time_stretch import TimeStretch
from registry.corpora.synthetic import Synthetic
from registry.corpus import Clip, Corpus
from registry.errors import BenchError
from registry.feature_space import FeatureSpace
from registry.feature_spaces.energy import Energy
from registry.splits.random_70_30 import Random7030

PUBLISHED = Augmentation(copies=(NoiseSigma(), TimeStretch(), TimeShift(), PitchShift(), Gain()))
TRAIN = np.array([0, 2, 3, 5])


class Reading:
    """Reads clips and notes which."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    def __call__(self, clip: Clip) -> tuple[np.ndarray, int]:
        self.ids.append(clip.id)
        return read_clip(clip)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Seven clips of noise of 0.3 s, the last of 0.45 s."""
    clips = tmp_path / "clips"
    clips.mkdir()
    for i in range(7):
        write_clip(clips / f"c{i}.wav", seed=i, seconds=0.45 if i == 6 else 0.3)
    return clips


def copied(folder: Path, cache: Path, augmentation: Augmentation = PUBLISHED, train: np.ndarray = TRAIN, seed: int = 0,
           **options: Any) -> list[np.ndarray]:
    return copies(corpus_of(folder), train, SPACE, augmentation, seed, cache, **{"workers": 1, **options})


def test_the_published_recipe_gives_six_times_the_training_part(cache: Path) -> None:
    corpus = Synthetic(n_speakers=3, n_sentences=4).load()
    split = Random7030()(corpus)
    original = features(corpus, SPACE, cache, workers=1)[split.train]
    arrays = [original, *copies(corpus, split.train, SPACE, PUBLISHED, 0, cache, workers=1)]
    assert len(split.train) == 44 and len(np.concatenate(arrays)) == 6 * 44
    assert {array.shape for array in arrays} == {original.shape}
    for array in arrays[1:]:
        changed = [not np.array_equal(*pair) for pair in zip(array, original, strict=True)]
        assert np.mean(changed) > 0.95  # a roll by nothing, or a gain of one, is possible but rare


def test_rows_stand_in_the_order_of_the_training_part_and_hold_the_altered_clip(folder: Path, cache: Path) -> None:
    gain = Augmentation(copies=(Gain(lowest_factor=0.5, highest_factor=0.5),))
    order = np.array([5, 0, 3])
    copy, = copied(folder, cache, gain, order)
    assert isinstance(copy, np.memmap) and copy.dtype == np.float32 and not copy.flags.writeable
    clips = corpus_of(folder).clips
    for row, index in zip(copy, order, strict=True):
        waveform, _ = read_clip(clips[index])
        np.testing.assert_allclose(row, SPACE.extract(waveform * np.float32(0.5), RATE, 8_000), rtol=1e-6)


def test_no_clip_outside_the_training_part_is_read(folder: Path, cache: Path) -> None:
    reading = Reading()
    copies(corpus_of(folder, reading), TRAIN, SPACE, PUBLISHED, 0, cache, workers=1)
    assert sorted(reading.ids) == ["c0", "c2", "c3", "c5"], "each training clip is read once for all five copies, no other at all"


def test_a_damaged_test_clip_does_not_matter_and_a_damaged_training_clip_is_named(folder: Path, cache: Path) -> None:
    (folder / "c1.wav").write_bytes(b"RIFF, but nothing more")
    assert len(copied(folder, cache)) == 5
    (folder / "c3.wav").write_bytes(b"RIFF, but nothing more")
    with pytest.raises(DamagedClips, match=r"1 damaged clip, .*\n  c3: ") as caught:
        copied(folder, cache)
    assert list(caught.value.clips) == ["c3"]
    assert not list(cache.glob("*.tmp")) and len(entries(cache)) == 5


def test_the_same_seed_gives_the_same_bytes_with_one_and_two_workers(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.data.features.CLIPS_PER_TASK", 1)
    one, two = (copied(folder, tmp_path / str(workers), workers=workers) for workers in (1, 2))
    assert [array.tobytes() for array in one] == [array.tobytes() for array in two]


def test_another_seed_gives_other_copies_of_every_clip(folder: Path, cache: Path) -> None:
    for first, other in zip(copied(folder, cache), copied(folder, cache, seed=1), strict=True):
        assert not any(np.array_equal(*pair) for pair in zip(first, other, strict=True))


def test_a_clips_copies_depend_on_no_other_clip_and_no_other_copy(folder: Path, cache: Path) -> None:
    all_of_them = copied(folder, cache)
    some = copied(folder, cache, Augmentation(copies=PUBLISHED.copies[::-1]), train=np.array([5, 3]))
    for array, fewer in zip(all_of_them, some[::-1], strict=True):
        np.testing.assert_array_equal(array[[3, 2]], fewer)


def test_the_same_component_twice_gives_two_copies_that_differ(folder: Path, cache: Path) -> None:
    twice = Augmentation(copies=(Noise(), Noise()))
    first, second = copied(folder, cache, twice)
    assert not any(np.array_equal(*pair) for pair in zip(first, second, strict=True))
    assert [copy.label for copy in planned_copies(corpus_of(folder), twice, 0, 8, None)] == ["copy by noise", "copy 2 by noise"]


def test_the_second_call_reads_nothing_and_one_more_copy_computes_only_that(folder: Path, cache: Path) -> None:
    reading, seen = Reading(), []
    corpus = corpus_of(folder, reading)
    first = copies(corpus, TRAIN, SPACE, PUBLISHED, 0, cache, workers=1)
    again = copies(corpus, TRAIN, SPACE, PUBLISHED, 0, cache, workers=1, progress=lambda *at: seen.append(at))
    assert len(reading.ids) == 4 and seen == [] and all(a is b for a, b in zip(first, again, strict=True))
    more = Augmentation(copies=(*PUBLISHED.copies, Noise()))
    assert len(copies(corpus, TRAIN, SPACE, more, 0, cache, workers=1, progress=lambda *at: seen.append(at))) == 6
    assert len(reading.ids) == 8 and seen == [(24, 24)]


def test_another_process_finds_the_copies(folder: Path, cache: Path) -> None:
    first = [array.tobytes() for array in copied(folder, cache)]
    forget()
    reading = Reading()
    again = copies(corpus_of(folder, reading), TRAIN, SPACE, PUBLISHED, 0, cache, workers=1)
    assert [array.tobytes() for array in again] == first and reading.ids == []


def test_progress_counts_the_clips_of_all_copies(folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.data.features.CLIPS_PER_TASK", 3)
    seen: list[tuple[int, int]] = []
    copied(folder, cache, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(15, 20), (20, 20)]


def test_copies_are_padded_to_the_longest_clip_of_the_whole_corpus(folder: Path, cache: Path) -> None:
    space = dataclasses.replace(SPACE, duration_s=None)
    corpus = corpus_of(folder)
    copy, = copies(corpus, TRAIN, space, Augmentation(copies=(Gain(),)), 0, cache, workers=1)
    assert padded_samples(corpus, space) == 7_200  # c6, which is in no training part
    assert copy.shape[1:] == features(corpus, space, cache, workers=1).shape[1:] == (15, 9)


def test_whatever_changes_the_numbers_of_a_copy_is_an_entry_of_its_own(folder: Path, cache: Path) -> None:
    copied(folder, cache, Augmentation(copies=(Noise(),)))
    for different in (copied(folder, cache, Augmentation(copies=(Noise(lowest_snr_db=6.0),))),
                      copied(folder, cache, Augmentation(copies=(Noise(),)), train=TRAIN[:3]),
                      copied(folder, cache, Augmentation(copies=(Noise(),)), seed=4)):
        assert len(different) == 1
    (folder / "c3.wav").rename(folder / "c4b.wav")  # the same audio in the same place by another name draws other numbers
    copied(folder, cache, Augmentation(copies=(Noise(),)))
    labels = sorted(entry.label for entry in entries(cache))
    assert len(labels) == 5 and labels[0] == "mel[n_mels=8]+energy duration_s=0.5, copy by noise"


def test_an_augmentation_without_copies_makes_none_and_an_empty_part_is_refused(folder: Path, cache: Path) -> None:
    assert copied(folder, cache, Augmentation()) == [] and not cache.exists()
    with pytest.raises(BenchError, match="the training part of made has no clips"):
        copied(folder, cache, train=np.array([], dtype=np.int64))


def test_the_keys_of_plain_features_are_what_they_were_before_there_were_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    """The literal was computed by the version without augmentations: caches that people have stay valid."""
    monkeypatch.setattr("harness.data.features._libraries", lambda: {"librosa": "1", "soxr": "2"})
    clips = tuple(Clip(id=str(i), emotion="ANG", speaker="1") for i in range(3))
    corpus = Corpus(name="made", emotions=("ANG",), clips=clips, sample_rate=RATE, whole=3, read_clip=read_clip, parameters="p")
    space = FeatureSpace(features=(Energy(),), join="channels", duration_s=0.5)
    assert key_of(corpus, space, 8_000) == "1cbe02cc35f26d2687cf7694b2f248a471d28c9fd9d4c1b3b66ab8f2c87f1df8"


def test_copies_that_are_padded_first_have_noise_on_their_padding(folder: Path) -> None:
    clip = np.ones(100, np.float32)
    altered = {}
    for pad_first in (False, True):
        copy, = planned_copies(corpus_of(folder), Augmentation(copies=(NoiseSigma(),), pad_first=pad_first), 0, 160, None)
        altered[pad_first] = copy(Clip(id="a", emotion="ANG", speaker="1"), clip, 8_000)
    assert altered[False].shape == (100,) and altered[True].shape == (160,)
    assert np.std(altered[True][100:]) == pytest.approx(0.005, rel=0.3)
