"""The audit finds a planted leak of each kind, passes what is clean, and says what it can't check."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from small_trials import CLEAN, CORPUS, LOADER, NOISY, RANDOM, SPACE

from harness.data.augmented_copies import cached_copies, copies
from harness.data.copies_before_split import AugmentedBeforeSplit, AugmentedFirst
from harness.data.corpora import open_corpus
from harness.data.features import cached_features, features
from harness.evaluation.leak_checks import Finding, LeftByRun, audit_trial, identical_clips, normaliser_statistics, same_statistics, summary
from harness.study.trial import Trial
from harness.training.predictions import Predictions
from registry.augmentation import Augmentation
from registry.augmentations.noise import Noise
from registry.core import checked
from registry.corpora.crema_d import CremaD
from registry.corpora.synthetic import Synthetic
from registry.corpus import Clip, Corpus
from registry.feature_space import Normalisation
from registry.segments import Segment
from registry.split import Split
from registry.splits.random_80_20 import Random8020
from registry.splits.unseen_speakers_80_20 import UnseenSpeakers8020


@checked
class SaysItSharesNobody:
    """Random clips that claim to be whole speakers."""

    name: ClassVar[str] = "says_it_shares_nobody"
    shares_speakers: ClassVar[bool] = False

    def __call__(self, corpus: Corpus) -> Split:
        return Random8020()(corpus)


def said_of(corpus: Corpus, indices: np.ndarray) -> Predictions:
    return Predictions.of([corpus.clips[i] for i in indices], corpus.emotions, np.full((len(indices), len(corpus.emotions)), 1 / 6))


def left_by(trial: Trial, corpus: Corpus = CORPUS, **more: Any) -> LeftByRun:
    """What an honest run of a trial leaves behind."""
    split = trial.split(corpus)
    said = {part: said_of(corpus, getattr(split, part)) for part in ("validation", "test")}
    return LeftByRun(**{"split_fingerprint": split.fingerprint(corpus), "predictions": said,
                       "recorded_copies": len(split.train) * len(trial.augmentation.copies), **more})


def check(name: str, trial: Trial, left: LeftByRun, corpus: Corpus = CORPUS) -> Finding:
    return next(finding for finding in audit_trial(trial, corpus, left) if finding.check == name)


def values(corpus: Corpus = CORPUS, bands: int = 3) -> np.ndarray:
    """Features whose mean drifts over the clips, so that any other choice of clips has another mean."""
    x = np.random.default_rng(0).normal(5, 2, (len(corpus), 7, bands)) + np.linspace(0, 3, len(corpus))[:, None, None]
    return x.astype(np.float32)


def fitted(x: np.ndarray, kind: str = "per_band") -> tuple[np.ndarray, np.ndarray]:
    axes = (0, 1) if kind == "per_band" else 0
    return x.mean(axis=axes, dtype=np.float64), x.var(axis=axes, dtype=np.float64)


def test_a_clean_final_passes_every_check() -> None:
    x = values()
    left = left_by(CLEAN, features=x, normaliser=fitted(x[CLEAN.split(CORPUS).train]))
    assert [(f.check, f.state) for f in audit_trial(CLEAN, CORPUS, left)] == [(name, "ok") for name in (
        "corpus", "clip lists", "speakers", "identical audio", "siblings", "normaliser", "predictions")]
    assert check("speakers", CLEAN, left).text == "no speaker in two parts (train 3, validation 1, test 1)"
    assert check("predictions", CLEAN, left).text == "of exactly the clips of validation (12) and test (12)"


def test_a_protocol_that_shares_speakers_but_says_it_does_not_fails() -> None:
    found = check("speakers", dataclasses.replace(CLEAN, split=SaysItSharesNobody()), left_by(RANDOM))
    assert found.state == "fail" and "S01, S02, S03, S04, S05 in train and test" in found.text


def test_speakers_that_a_protocol_shares_as_it_says_are_counted_and_told() -> None:
    assert check("speakers", RANDOM, left_by(RANDOM)) == Finding(
        "speakers", "note", "5 of 5 test speakers are also in training, as random_80_20 says")


def recorded(same: tuple[str, str], silent: bool = False) -> Corpus:
    """Clips of noise, where two ids hold the same audio."""
    heard = {clip.id: np.random.default_rng(i).normal(0, 0.1, 50).astype(np.float32) for i, clip in enumerate(CORPUS.clips)}
    heard[same[1]] = heard[same[0]] = heard[same[0]] * (not silent)
    return dataclasses.replace(CORPUS, read_clip=lambda clip: (heard[clip.id], 16_000))


def clip_in(part: str, emotion: str) -> str:
    return next(CORPUS.clips[i].id for i in getattr(Random8020()(CORPUS), part) if CORPUS.clips[i].emotion == emotion)


def test_the_same_audio_under_two_ids_in_training_and_test_fails() -> None:
    one, other = clip_in("train", "ANG"), clip_in("test", "ANG")
    corpus = recorded((one, other))
    place = {clip.id: i for i, clip in enumerate(corpus.clips)}
    assert identical_clips(corpus) == [tuple(sorted((place[one], place[other])))]
    found = check("identical audio", RANDOM, left_by(RANDOM, identical_clips=identical_clips(corpus)), corpus)
    assert found.state == "fail" and f"{one} (train)" in found.text and f"{other} (test)" in found.text


def test_segments_of_one_recording_that_overlap_across_parts_fail(tmp_path: Path) -> None:
    recording = tmp_path / "talk.wav"
    recording.write_bytes(b"any")
    one, other = clip_in("train", "ANG"), clip_in("test", "SAD")
    stretches = {one: Segment(0.0, 2.0), other: Segment(1.5, 3.0)}

    def found(stretches: dict[str, Segment]) -> Finding:
        clips = (dataclasses.replace(clip, path=recording, segment=stretches[clip.id]) if clip.id in stretches else clip
                 for clip in CORPUS.clips)
        corpus = dataclasses.replace(CORPUS, clips=tuple(clips))
        trial = dataclasses.replace(RANDOM, corpus_fingerprint=corpus.fingerprint)
        return check("identical audio", trial, left_by(trial, corpus), corpus)

    assert found(stretches) == Finding("identical audio", "fail", "clips of two parts share a stretch of one recording: "
                                       + " = ".join(f"{name} ({part})" for name, part in sorted(((one, "train"), (other, "test")))))
    assert found({**stretches, other: Segment(2.0, 3.0)}).state == "ok"


def test_speakers_that_are_not_known_are_not_looked_for() -> None:
    corpus = dataclasses.replace(CORPUS, clips=tuple(dataclasses.replace(clip, speaker="") for clip in CORPUS.clips))
    trial = dataclasses.replace(RANDOM, corpus_fingerprint=corpus.fingerprint)
    assert check("speakers", trial, left_by(trial, corpus), corpus) == Finding(
        "speakers", "unknown", "the corpus does not say who speaks: the test speakers may all be in training")


def test_the_same_audio_under_another_label_is_told_and_within_one_part_or_silent_it_is_nothing() -> None:
    def state(same: tuple[str, str], silent: bool = False) -> str:
        corpus = recorded(same, silent)
        return check("identical audio", RANDOM, left_by(RANDOM, identical_clips=identical_clips(corpus)), corpus).state

    train = [CORPUS.clips[i].id for i in Random8020()(CORPUS).train[:2]]
    assert state((clip_in("train", "ANG"), clip_in("test", "SAD"))) == "note"
    assert state((train[0], train[1])) == "ok"
    assert state((clip_in("train", "ANG"), clip_in("test", "ANG")), silent=True) == "ok"


def test_with_features_only_clips_that_share_them_are_decoded() -> None:
    corpus, x, read = recorded((CORPUS.clips[3].id, CORPUS.clips[8].id)), values(), []
    x[[8, 20]] = x[3]

    def noting(clip: Clip) -> tuple[np.ndarray, int]:
        read.append(clip.id)
        return corpus.read_clip(clip)

    assert identical_clips(dataclasses.replace(corpus, read_clip=noting), x) == [(3, 8)]
    assert sorted(read) == [CORPUS.clips[i].id for i in (3, 8, 20)]


def test_the_known_identical_clips_of_crema_d_are_found(real_corpora: Path) -> None:
    corpus = open_corpus(CremaD(), real_corpora)
    known = ("1006_TIE_HAP_XX", "1006_TIE_NEU_XX", "1013_WSI_DIS_XX", "1013_WSI_SAD_XX", "1017_IWW_ANG_XX", "1017_IWW_FEA_XX")
    part = corpus.part([i for i, clip in enumerate(corpus.clips) if clip.id in known or clip.speaker == "1001"])
    assert [[part.clips[i].id for i in pair] for pair in identical_clips(part)] == [list(known[at:at + 2]) for at in (0, 2, 4)]


def test_clips_that_were_copied_before_the_split_fail_under_any_protocol() -> None:
    loader = AugmentedFirst(corpus=LOADER, augmentation=Augmentation(copies=(Noise(),)), sample_rate=16_000, samples=16_000)
    corpus = open_corpus(loader, None)
    for split in (Random8020(), AugmentedBeforeSplit(split=Random8020())):
        trial = dataclasses.replace(RANDOM, corpus=loader, corpus_fingerprint=corpus.fingerprint, split=split)
        found = check("siblings", trial, left_by(trial, corpus), corpus)
        assert found.state == "fail" and "training holds altered copies of" in found.text and "test clips" in found.text
    speakers = dataclasses.replace(trial, split=UnseenSpeakers8020())
    assert check("siblings", speakers, left_by(speakers, corpus), corpus).state == "ok", "whole speakers take their copies along"


def test_more_copies_than_training_clips_can_have_fail() -> None:
    train = len(NOISY.split(CORPUS).train)
    found = check("siblings", NOISY, left_by(NOISY))
    assert found.text.startswith(f"{2 * train} copies, as many as 2 of each of the {train} training clips; by their number alone")
    found = check("siblings", NOISY, left_by(NOISY, recorded_copies=2 * len(CORPUS)))
    assert found.state == "fail" and f"{2 * len(CORPUS)} copies were trained on" in found.text
    assert check("siblings", RANDOM, left_by(RANDOM, recorded_copies=7)).state == "fail", "a trial without augmentation makes none"


def test_cached_copies_are_those_of_exactly_the_training_clips(tmp_path: Path) -> None:
    small = CORPUS.part(range(12))
    train = np.arange(8)
    made = copies(small, train, SPACE, NOISY.augmentation, 0, tmp_path, workers=1)
    again = cached_copies(small, train, SPACE, NOISY.augmentation, 0, tmp_path)
    assert again is not None and all(np.array_equal(a, b) for a, b in zip(made, again, strict=True))
    assert cached_copies(small, np.arange(9), SPACE, NOISY.augmentation, 0, tmp_path) is None
    assert check("siblings", NOISY, left_by(NOISY, features_of_copies=again)).text.endswith(
        "42 training clips; the copies in the cache were made under the ids of exactly these clips")
    assert cached_features(small, SPACE, tmp_path) is None
    x = features(small, SPACE, tmp_path, 1)
    assert (found := cached_features(small, SPACE, tmp_path)) is not None and np.array_equal(x, found)


@pytest.mark.parametrize("kind", ["per_band", "per_value"])
def test_a_normaliser_fitted_on_all_clips_fails(kind: Normalisation) -> None:
    trial = dataclasses.replace(CLEAN, feature_space=dataclasses.replace(SPACE, normalise=kind))
    x, split = values(), trial.split(CORPUS)
    right = [a.astype(np.float32) for a in fitted(x[split.train], kind)]
    assert check("normaliser", trial, left_by(trial, features=x, normaliser=right)).state == "ok"
    found = check("normaliser", trial, left_by(trial, features=x, normaliser=fitted(x, kind)))
    assert found == Finding("normaliser", "fail", "mean and variance in the saved model are those of all clips, not of the training part")
    other = np.concatenate([split.train, split.validation])
    assert "of other clips" in check("normaliser", trial, left_by(trial, features=x, normaliser=fitted(x[other], kind))).text


def test_a_normaliser_is_fitted_on_the_copies_too() -> None:
    x = values()
    train = x[NOISY.split(CORPUS).train]
    louder = [2 * train, 3 * train]
    whole = fitted(np.concatenate([train, *louder]))
    assert check("normaliser", NOISY, left_by(NOISY, features=x, features_of_copies=louder, normaliser=whole)).state == "ok"
    assert check("normaliser", NOISY, left_by(NOISY, features=x, features_of_copies=louder, normaliser=fitted(train))).state == "fail"


def test_what_was_not_kept_is_unknown_and_said() -> None:
    assert check("normaliser", CLEAN, left_by(CLEAN)).text == "model not kept, features no longer cached"
    assert check("normaliser", NOISY, left_by(NOISY, features=values(), normaliser=fitted(values()))).text == "copies no longer cached"
    per_clip = dataclasses.replace(CLEAN, feature_space=dataclasses.replace(SPACE, normalise="per_clip"))
    assert check("normaliser", per_clip, left_by(per_clip)).state == "ok"
    bare = audit_trial(NOISY, CORPUS, LeftByRun())
    assert {f.check: f.state for f in bare if f.state == "unknown"} == dict.fromkeys(
        ("clip lists", "siblings", "normaliser", "predictions"), "unknown")


def test_constant_values_and_bands_agree_with_what_training_stores() -> None:
    x = values()
    x[:, :, 1] = 4.0
    mean, variance = normaliser_statistics("per_band", [x[:20], x[20:]])
    assert mean == pytest.approx(x.mean(axis=(0, 1), dtype=np.float64)) and variance[1] == 1e-10
    assert normaliser_statistics("per_value", [x])[1][:, 1].tolist() == [1.0] * 7
    assert same_statistics((mean, variance), (mean.astype(np.float32), variance.astype(np.float32)))
    assert not same_statistics((mean, variance), (mean + 0.01, variance)) and not same_statistics((mean, variance), (mean[:2],
                                                                                                                     variance[:2]))


def test_predictions_of_other_clips_or_under_other_labels_fail() -> None:
    split, left = CLEAN.split(CORPUS), left_by(CLEAN)
    other = {**left.predictions, "test": said_of(CORPUS, np.r_[split.test[1:], split.train[:1]])}
    found = check("predictions", CLEAN, left_by(CLEAN, predictions=other))
    assert found.state == "fail" and CORPUS.clips[split.train[0]].id in found.text and CORPUS.clips[split.test[0]].id in found.text
    twice = {**left.predictions, "test": said_of(CORPUS, np.r_[split.test, split.test[:1]])}
    assert "13 clips, not of exactly the 12 of the part: some are there twice" in check(
        "predictions", CLEAN, left_by(CLEAN, predictions=twice)).text
    turned = dataclasses.replace(left.predictions["test"], truth=(left.predictions["test"].truth + 1) % 6)
    wrong = left_by(CLEAN, predictions={**left.predictions, "test": turned})
    assert "other labels than the corpus" in check("predictions", CLEAN, wrong).text


def test_a_trial_of_the_search_that_saw_test_clips_fails() -> None:
    assert check("predictions", dataclasses.replace(CLEAN, opens_test=False), left_by(CLEAN)).state == "fail"


def test_other_clip_lists_fail() -> None:
    assert check("clip lists", CLEAN, left_by(CLEAN, split_fingerprint=RANDOM.split(CORPUS).fingerprint(CORPUS))).state == "fail"
    one = CORPUS.part(range(12))
    of_one = dataclasses.replace(CLEAN, corpus_fingerprint=one.fingerprint)
    assert [f.state for f in audit_trial(of_one, one, left_by(CLEAN))] == ["ok", "fail"], "one speaker is no three parts"


def test_where_the_corpus_differs_now_what_asks_about_clips_is_unknown_and_nothing_fails() -> None:
    label = dataclasses.replace(CORPUS.clips[0], emotion="SAD")
    changed = dataclasses.replace(CORPUS, clips=(label, *CORPUS.clips[1:]))
    for now in (changed, CORPUS.part(range(len(CORPUS) - 6)), CORPUS.part(range(12)), open_corpus(Synthetic(n_speakers=6), None)):
        found = audit_trial(NOISY, now, left_by(NOISY))
        assert [(f.check, f.state) for f in found] == [(name, "unknown") for name in (
            "corpus", "clip lists", "speakers", "identical audio", "siblings", "normaliser", "predictions")]
        assert {f.text for f in found[1:]} == {"the corpus differs now"}


def test_what_a_run_tells_of_itself_is_told_of_another_corpus_too() -> None:
    grown = open_corpus(Synthetic(n_speakers=6), None)
    wrong = dataclasses.replace(RANDOM, split=AugmentedBeforeSplit(split=Random8020()))
    assert check("siblings", wrong, LeftByRun(), grown).state == "fail"
    early = dataclasses.replace(CLEAN, opens_test=False)
    assert check("predictions", early, left_by(CLEAN), grown).state == "fail"
    per_clip = dataclasses.replace(CLEAN, feature_space=dataclasses.replace(SPACE, normalise="per_clip"))
    assert check("normaliser", per_clip, LeftByRun(), grown).state == "ok"


def test_a_line_of_a_report_says_what_failed_and_counts_the_rest() -> None:
    found = [Finding("a", "fail", "x"), Finding("b", "note", "y"), Finding("c", "unknown", "z"), Finding("d", "ok", "w")]
    assert summary(found) == "a: x\nb: y; can't be checked: c (z); 1 of 4 checks ok"
