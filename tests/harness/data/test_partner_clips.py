"""Copies that set a neutral clip beside: of the same speaker, out of the training part alone, by seed, and in the cache's key."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest
from cache_files import forget

from harness.data.augmented_copies import cached_copies, copies, planned_copies
from harness.data.feature_store import entries
from harness.data.feature_workers import DamagedClips
from harness.data.partner_clips import partners, reason_without
from registry.augmentation import Augmentation
from registry.augmentations.copypaste import CopyPaste
from registry.augmentations.noise import Noise
from registry.corpora.synthetic import Synthetic
from registry.corpus import Clip, Corpus
from registry.errors import BenchError
from registry.feature_space import FeatureSpace
from registry.feature_spaces.energy import Energy
from registry.splits.random_70_30 import Random7030
from registry.splits.unseen_speakers_70_30 import UnseenSpeakers7030

RATE = 8_000
SPACE = FeatureSpace(features=(Energy(frame_length=100, hop_length=100),), join="channels", sample_rate=RATE, duration_s=0.2)
PASTED = Augmentation(copies=(CopyPaste(),))
CORPUS = Synthetic(n_speakers=8, n_sentences=5).load()


def level(clip: Clip) -> float:
    """What `constant` gives for a clip: another for each number at the end of an id."""
    return int(clip.id.rpartition("_")[2]) / 100


def constant(clip: Clip) -> tuple[np.ndarray, int]:
    """A tenth of a second of the clip's own level, so that two clips fill the space and each can be told from energies."""
    return np.full(800, level(clip), np.float32), RATE


def corpus_of(*rows: tuple[str, str], read_clip: object = constant, emotions: tuple[str, ...] = ("ANG", "NEU")) -> Corpus:
    """Clips `SPEAKER_NUMBER` from (speaker, emotion) pairs, numbered from 1."""
    clips = tuple(Clip(id=f"{speaker}_{i}", emotion=emotion, speaker=speaker) for i, (speaker, emotion) in enumerate(rows, 1))
    return Corpus(name="made", emotions=emotions, clips=clips, sample_rate=RATE, whole=len(clips), read_clip=read_clip,  # type: ignore[arg-type]
                  parameters="made")


ROWS = (("a", "ANG"), ("a", "NEU"), ("a", "NEU"), ("a", "NEU"), ("b", "ANG"), ("b", "NEU"), ("c", "ANG"))


def heard(copy: np.ndarray) -> list[set[int]]:
    """The numbers of the clips that are heard in each row of energies (clips, frames, 1); frames across a joint are left out."""
    levels = np.sqrt(copy[:, :, 0]) * 100
    return [{round(float(value)) for value in row[[2, 3, 4, 10, 11, 12]]} for row in levels]


def test_a_copy_is_the_clip_and_a_neutral_one_of_its_speaker_and_of_a_neutral_clip_another_one(tmp_path: Path) -> None:
    corpus = corpus_of(*ROWS)
    copy, = copies(corpus, np.arange(7), SPACE, PASTED, 0, tmp_path, workers=1)
    pairs = heard(copy)
    assert all(i in pair for i, pair in enumerate(pairs, 1))
    assert [len(pair) for pair in pairs[:4]] == [2] * 4 and set().union(*pairs[:4]) == {1, 2, 3, 4} and not {1} & pairs[1] & pairs[2]
    assert pairs[4] == {5, 6}
    assert pairs[5] == {0, 6} and pairs[6] == {0, 7}, "without another neutral clip of the speaker the copy is the clip, then padding"


@pytest.mark.parametrize("protocol", [Random7030(), UnseenSpeakers7030()])
def test_no_partner_is_a_clip_of_validation_or_test(protocol: object) -> None:
    """With clips at random, nearly every speaker has neutral clips in all three parts, which would do if they were allowed."""
    split = protocol(CORPUS)  # type: ignore[operator]
    part = CORPUS.part(split.train)
    training = {clip.id: clip for clip in part.clips}
    for seed in range(5):
        copy, = planned_copies(part, PASTED, seed, 24_000, None)
        assert copy.partners is not None and len(copy.partners.of) > 0.9 * len(part)
        for clip, partner in copy.partners.of.items():
            assert training[partner.id] == partner and clip != partner.id
            assert (partner.emotion, partner.speaker) == ("NEU", training[clip].speaker)


def test_no_clip_outside_the_training_part_is_read(tmp_path: Path) -> None:
    read: list[str] = []

    def noted(clip: Clip) -> tuple[np.ndarray, int]:
        read.append(clip.id)
        return constant(clip)

    copies(corpus_of(*ROWS, read_clip=noted), np.array([0, 3, 4]), SPACE, PASTED, 0, tmp_path, workers=1)
    assert sorted(read) == ["a_1", "a_4", "a_4", "b_5"], "each training clip, and the only neutral one as partner of the first"


def test_partners_depend_on_the_seed_and_the_take_and_not_on_the_order_of_clips() -> None:
    part = CORPUS.part(Random7030()(CORPUS).train)
    backwards = part.part(np.arange(len(part))[::-1])
    first, second = planned_copies(part, Augmentation(copies=(CopyPaste(), CopyPaste())), 0, 8, None)
    other, = planned_copies(part, PASTED, 1, 8, None)
    again, = planned_copies(backwards, PASTED, 0, 8, None)
    assert first.partners and second.partners and other.partners and again.partners
    assert first.partners.ids == again.partners.ids
    for differs in (second, other):
        assert differs.partners
        assert sum(a != b for a, b in zip(first.partners.ids, differs.partners.ids, strict=True)) > len(part) / 2


def test_every_neutral_clip_of_a_speaker_is_drawn_about_as_often() -> None:
    part = corpus_of(*[("a", "ANG")] * 400, *[("a", "NEU")] * 4)
    counts = np.unique([partner.id for clip, partner in partners(part, "", None).of.items()], return_counts=True)[1]
    assert len(counts) == 4 and counts.min() > 70 and counts.max() < 130


def test_the_bytes_are_the_same_with_one_and_two_workers_and_the_other_copies_stay_what_they_were(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.data.features.CLIPS_PER_TASK", 4)
    corpus, train, both = corpus_of(*ROWS), np.array([6, 0, 1, 2, 4, 5]), Augmentation(copies=(Noise(), CopyPaste()))
    one, two = (copies(corpus, train, SPACE, both, 0, tmp_path / str(workers), workers=workers) for workers in (1, 2))
    assert [array.tobytes() for array in one] == [array.tobytes() for array in two]
    alone, = copies(corpus, train, SPACE, Augmentation(copies=(Noise(),)), 0, tmp_path / "1", workers=1)
    assert alone is one[0]


def test_what_decides_partners_is_in_the_caches_key(tmp_path: Path) -> None:
    """The audio of the training clips stays as it is; only which of them is neutral, and who speaks, changes."""
    train = np.array([0, 1, 2])
    first, = copies(corpus_of(*ROWS), train, SPACE, PASTED, 0, tmp_path, workers=1)
    relabelled = corpus_of(("a", "ANG"), ("a", "NEU"), ("a", "ANG"))
    assert cached_copies(relabelled, train, SPACE, PASTED, 0, tmp_path) is None
    other, = copies(relabelled, train, SPACE, PASTED, 0, tmp_path, workers=1)
    assert heard(other)[0] == {1, 2} and heard(first)[2] == {2, 3} == heard(other)[2]
    assert heard(first)[1] == {2, 3} and heard(other)[1] == {0, 2}
    assert len(entries(tmp_path)) == 2
    forget()
    again = cached_copies(corpus_of(*ROWS), train, SPACE, PASTED, 0, tmp_path)
    assert again is not None and again[0].tobytes() == first.tobytes()


def test_a_partner_is_resampled_and_trimmed_as_clips_are() -> None:
    """Half a second of silence, then a tenth of a second of noise, at twice the rate."""
    def late(clip: Clip) -> tuple[np.ndarray, int]:
        noise = np.random.default_rng(0).uniform(-0.5, 0.5, 1_600)
        return np.concatenate([np.zeros(8_000), noise]).astype(np.float32), 2 * RATE

    given = partners(corpus_of(*ROWS[:2], read_clip=late), "", trim_db=20.0)
    partner = given.waveform(Clip(id="a_1", emotion="ANG", speaker="a"), RATE)
    assert partner is not None and 800 <= len(partner) < 2_400  # trimming keeps whole frames
    assert given.waveform(Clip(id="a_2", emotion="NEU", speaker="a"), RATE) is None


def test_a_damaged_partner_is_named(tmp_path: Path) -> None:
    def damaged(clip: Clip) -> tuple[np.ndarray, int]:
        if clip.emotion == "NEU":
            raise BenchError("cut short")
        return constant(clip)

    with pytest.raises(DamagedClips, match=r"a_2: cut short"):
        copies(corpus_of(*ROWS[:2], read_clip=damaged), np.arange(2), SPACE, PASTED, 0, tmp_path, workers=1)
    assert not list(tmp_path.glob("*.tmp"))


def test_an_own_word_for_neutral_counts_and_a_corpus_without_one_or_without_speakers_is_refused(tmp_path: Path) -> None:
    rows = [(speaker, {"ANG": "wut", "NEU": "Neutral"}[emotion]) for speaker, emotion in ROWS]
    german = corpus_of(*rows, emotions=("Neutral", "wut"))
    assert reason_without(german) is None and len(partners(german, "", None).of) == 5
    with pytest.raises(BenchError, match=re.escape("none of the emotions of made is neutral (ANG, HAP): leave it out, or let")):
        copies(dataclasses.replace(corpus_of(*ROWS[:1]), emotions=("ANG", "HAP")), np.arange(1), SPACE, PASTED, 0, tmp_path)
    with pytest.raises(BenchError, match="do not say who speaks"):
        copies(corpus_of(("", "ANG"), ("", "NEU")), np.arange(2), SPACE, PASTED, 0, tmp_path)
    assert not list(tmp_path.iterdir())
