"""Reference rows answer exactly the test clips of their table: chance, the majority class, and the listeners of CREMA-D itself."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from harness.evaluation.intervals import figures_of, speaker_intervals
from harness.evaluation.references import RESOLVED, STRICT, chance, listeners, majority_class, references, why_no_listeners
from harness.training.predictions import Predictions
from registry.corpora.crema_d import CremaD
from registry.corpus import Clip

EMOTIONS = ("ANG", "HAP", "NEU")


def unsaid(clips: list[Clip], emotions: tuple[str, ...] = EMOTIONS) -> Predictions:
    """Predictions whose probabilities say nothing: reference rows do not look at them."""
    return Predictions.of(clips, emotions, np.full((len(clips), len(emotions)), 1 / len(emotions)))


def clip(number: int, emotion: str, speaker: int = 1, **votes: int) -> Clip:
    return Clip(id=f"{number}", emotion=emotion, speaker=f"{speaker}", votes=tuple(votes.items()) or None)


def heard(emotions: str, votes: list[dict[str, int]]) -> Predictions:
    return unsaid([clip(i, e, **v) for i, (e, v) in enumerate(zip(emotions.split(), votes, strict=True))])


@pytest.fixture(scope="module")
def whole(real_corpora: Path) -> Predictions:
    corpus = CremaD().load(real_corpora)
    return unsaid(list(corpus.clips), corpus.emotions)


def test_chance_is_one_by_the_number_of_classes_whatever_their_shares() -> None:
    row = chance(unsaid([clip(i, "ANG" if i < 8 else "HAP" if i < 10 else "NEU") for i in range(12)]))
    assert row.figures["wa"][0] == row.figures["uar"][0] == pytest.approx(1 / 3)
    assert row.recall == pytest.approx({"ANG": 1 / 3, "HAP": 1 / 3, "NEU": 1 / 3})
    assert row.figures["macro_f1"][0] == pytest.approx(np.mean([2 * n / 3 / (n + 4) for n in (8, 2, 2)]))


def test_the_majority_class_is_that_of_the_training_part_and_ties_are_answered_in_equal_shares() -> None:
    test = unsaid([clip(0, "ANG"), clip(1, "ANG"), clip(2, "HAP"), clip(3, "NEU")])
    assert majority_class(test, {"ANG": 5, "HAP": 9, "NEU": 3}).recall == {"ANG": 0.0, "HAP": 1.0, "NEU": 0.0}
    tied = majority_class(test, {"ANG": 9, "HAP": 9, "NEU": 3})
    assert tied.recall == {"ANG": 0.5, "HAP": 0.5, "NEU": 0.0}
    assert tied.figures["wa"][0] == pytest.approx(1.5 / 4)
    assert "ANG, HAP in equal shares" in tied.basis and "training part" in tied.basis


def test_the_majority_class_of_many_emotions_is_the_mean_of_constant_answers_with_their_intervals() -> None:
    """Each emotion alone, as the row was computed when there were few: by the confusion counts of answering nothing else."""
    rng = np.random.default_rng(0)
    emotions = tuple(f"E{i:02d}" for i in range(25))
    test = unsaid([clip(i, emotions[rng.integers(25)], speaker=i % 7) for i in range(300)], emotions)
    row = majority_class(test, dict.fromkeys(emotions, 4) | {"E00": 3})
    plain = []
    for answer in range(1, 25):
        constant = np.zeros((7, 25, 25))
        constant[:, :, answer] = test.counts_by(test.speakers).sum(axis=-1)
        bounds, values = speaker_intervals(constant[np.newaxis]), figures_of(constant.sum(axis=0))
        plain.append([(values[score], *bounds[score]) for score in ("wa", "uar", "macro_f1")])
    assert np.array([row.figures[score] for score in ("wa", "uar", "macro_f1")]) == pytest.approx(np.mean(plain, axis=0))
    assert row.basis.startswith("always E01, E02, E03, E04, E05, E06, E07, E08, E09, E10 and 14 more in equal shares")


def test_without_training_counts_the_test_part_gives_the_majority_class_and_the_row_says_so() -> None:
    row = majority_class(unsaid([clip(0, "ANG"), clip(1, "NEU"), clip(2, "NEU"), clip(3, "HAP")]))
    assert row.figures["wa"][0] == 0.5 and row.recall["NEU"] == 1.0
    assert "test part itself" in row.basis


def test_a_tie_of_listeners_is_wrong_when_strict_and_shared_when_resolved() -> None:
    """One clip right, one wrong, a tie of two and one of three with the intended emotion in it, a tie without it."""
    test = heard("ANG HAP NEU NEU ANG", [{"ANG": 9}, {"NEU": 9}, {"HAP": 3, "NEU": 3}, {"ANG": 2, "HAP": 2, "NEU": 2},
                                         {"HAP": 4, "NEU": 4}])
    strict, resolved = listeners(test)
    assert (strict.name, resolved.name) == (STRICT, RESOLVED)
    assert strict.figures["wa"][0] == pytest.approx(1 / 5)
    assert resolved.figures["wa"][0] == pytest.approx((1 + 1 / 2 + 1 / 3) / 5)
    assert resolved.recall == pytest.approx({"ANG": 1 / 2, "HAP": 0.0, "NEU": (1 / 2 + 1 / 3) / 2})
    assert strict.confusion.tolist() == [[1, 0.5, 0.5], [0, 0, 1], [0.5, 1.5, 0]]
    assert resolved.confusion.sum() == pytest.approx(5)
    assert "3 of 5 clips tie" in strict.basis


def test_there_is_no_row_of_listeners_unless_every_clip_has_their_votes() -> None:
    half = heard("ANG HAP", [{"ANG": 1}, {}])
    assert listeners(half) == [] and "1 of 2 test clips have no votes" in why_no_listeners(half)
    none = heard("ANG HAP", [{}, {}])
    assert listeners(none) == [] and "2 of 2" in why_no_listeners(none)
    assert [row.name for row in references(none)] == ["chance", "majority class"]


def test_there_is_no_row_of_listeners_who_could_choose_what_the_table_does_not_have() -> None:
    test = heard("ANG HAP", [{"ANG": 1}, {"SAD": 1}])
    assert listeners(test) == [] and "chose SAD" in why_no_listeners(test)


def test_listeners_of_crema_d_are_right_in_42_of_100_clips(whole: Predictions) -> None:
    """Counts are those of the most frequent votes in summaryTable.csv; the votes here come from tabulatedVotes.csv."""
    strict, resolved = listeners(whole)
    assert strict.confusion.sum() == pytest.approx(7_442)
    assert np.diagonal(strict.confusion).sum() == pytest.approx(3_099)
    assert np.diagonal(resolved.confusion).sum() == pytest.approx(3_320 + 37 / 60)
    assert strict.figures["wa"][0] == pytest.approx(0.416, abs=0.0005)
    assert resolved.figures["wa"][0] == pytest.approx(0.446, abs=0.0005)
    assert strict.figures["uar"][0] == pytest.approx(0.429, abs=0.0005)
    assert resolved.figures["uar"][0] == pytest.approx(0.459, abs=0.0005)
    assert "644 of 7,442 clips tie" in strict.basis


def test_the_published_figures_of_all_of_crema_d_come_out_of_its_own_summary(real_corpora: Path) -> None:
    lines = (real_corpora / "CREMA-D" / "processedResults" / "summaryTable.csv").read_text().replace('"', "").splitlines()[1:]
    names = {emotion[0]: emotion for emotion in CremaD.emotions}
    clips = [Clip(id=name, emotion=name.split("_")[2], speaker=name[:4], votes=tuple((names[letter], 1) for letter in voice.split(":")))
             for _, name, voice, *_ in (line.split(",") for line in lines)]
    strict, resolved = listeners(unsaid(clips, CremaD.emotions))
    assert len(clips) == 7_442
    assert (round(strict.figures["wa"][0], 3), round(resolved.figures["wa"][0], 3)) == (0.416, 0.446)


def test_listeners_know_neutral_best_and_their_intervals_hold_their_figures(whole: Predictions) -> None:
    _, resolved = listeners(whole)
    assert max(resolved.recall, key=lambda emotion: resolved.recall[emotion]) == "NEU"
    assert min(resolved.recall, key=lambda emotion: resolved.recall[emotion]) == "SAD"
    for value, low, high in resolved.figures.values():
        assert low < value < high and 0.01 < high - low < 0.06


def test_counts_in_shares_get_an_interval_as_wide_as_whole_counts_of_the_same_figures() -> None:
    """Every clip half of one answer and half of another, or as two clips of one answer each: figures and bounds are the same."""
    counts = np.random.default_rng(0).integers(0, 9, size=(1, 12, 3, 3)) * 2
    whole_counts, shared = speaker_intervals(counts, resamples=500), speaker_intervals(counts * 0.25, resamples=500)
    assert all(shared[score] == pytest.approx(whole_counts[score]) for score in ("wa", "uar", "macro_f1"))


def test_the_majority_class_of_the_whole_corpus_is_five_emotions_in_equal_shares(whole: Predictions) -> None:
    row = majority_class(whole)
    assert row.figures["uar"][0] == pytest.approx(1 / 6) and row.recall["NEU"] == 0
    assert row.figures["wa"][0] == pytest.approx(1_271 / 7_442)  # .171, as published
    assert row.figures["macro_f1"][0] == pytest.approx(2 * 1_271 / (7_442 + 1_271) / 6)  # one constant answer: 2·TP / (truth + predicted)


def test_few_speakers_give_figures_without_intervals() -> None:
    value, low, high = listeners(heard("ANG HAP", [{"ANG": 1}, {"HAP": 1}]))[0].figures["wa"]
    assert value == 1.0 and math.isnan(low) and math.isnan(high)
