"""The first screen says which row to take, how sure that is, and what it owes to voices that it knows."""

from __future__ import annotations

import dataclasses

import pytest
from drawn_pictures import DrawnPictures
from made_records import boards_of, final, known, lucky_and_sound, record, row

from harness.evaluation.answer import Answer, answers
from harness.evaluation.leaderboard import leaderboards
from harness.evaluation.rows import rows
from harness.reports.answer_section import _voices, answer_markdown

NAN = float("nan")
RANDOM, UNSEEN = {"split": "random_80_20", "shares_speakers": "True"}, {"split": "unseen_speakers_80_20"}
TWINS = [row("a", "net", RANDOM), row("b", "net", UNSEEN)]


def quotation(answer: Answer, baseline: str = "", running: int = 0) -> str:
    return answer_markdown(answer, baseline, None, running)[0]


def test_the_row_that_validation_chose_is_taken_whatever_is_best_on_test() -> None:
    answer, = answers(leaderboards(lucky_and_sound(), known(lucky_and_sound())))
    text = quotation(answer)
    assert text.startswith("> **Take sound.** On new speakers (unseen_speakers_80_20) its test UAR is .555")
    assert "both networks share rank 1, so cost may decide." in text
    assert "lucky is 5.0 points higher on test, which can't be told from nothing. Keep to what validation chose" in text
    assert "Chance: .333. Two rows can be told apart here (6 test speakers) from about 0.0 points on" in text


@pytest.mark.parametrize(("cores", "clip_s", "backend", "words"), [
    (2.0, 2.5, "tensorflow", "cost may decide (fastest: sound, 9.0 ms)."), (16.0, 2.5, "tensorflow", "cost may decide."),
    (2.0, 1.6, "tensorflow", "cost may decide."), (2.0, 2.5, "jax", "cost may decide.")])
def test_the_fastest_of_rank_1_is_named_where_all_were_measured_alike(cores: float, clip_s: float, backend: str, words: str) -> None:
    of_cell = {"lucky": (20.0, 2.0, 2.5, "tensorflow"), "sound": (9.0, cores, clip_s, backend)}
    made = [dataclasses.replace(each, cost={"latency_median_ms": latency, "cores": on, "clip_s": of}, backend=by)
            for each in lucky_and_sound() for latency, on, of, by in [of_cell[each.cell]]]
    answer, = answers(leaderboards(made, known(made)))
    text, *below = answer_markdown(answer, "", None)
    assert words in text
    assert ("9.0 ms" in "".join(below)) is ("fastest" in words)


def test_a_row_that_is_worse_on_test_beyond_chance_is_said_to_be_with_what_to_do() -> None:
    for seeds, advice in ((1, "run more seeds (`--seeds 0 1 2`)"), (3, "choose on more clips: `Study(validation_folds=5)`")):
        made = [dataclasses.replace(each, validation_uar=(0.9 if each.cell == "weak" else 0.5, NAN))
                for each in rows([*final("good", (0.6,) * seeds, 0.1), *final("weak", (0.4,) * seeds, 0.1)])]
        text = quotation(*answers(leaderboards(made, known(made))))
        assert "**Take weak.**" in text and "; 1 of 1 other row is significantly better on test." in text
        assert "**Validation and test disagree**: good is 20.0 points better on test, more than chance explains." in text and advice in text


@pytest.mark.parametrize(("gain", "words"), [
    ((0.07, 0.01, 0.13), "**About 7 of 63 points come from known speakers**: +7.0 [+1.0, +13.0] points."),
    ((0.04, -0.03, 0.11), "**Whether heard voices help it can't be told**: +4.0 [-3.0, +11.0] points."),
    ((-0.07, -0.13, -0.01), "**It is worse on voices that it has heard**: -7.0 [-13.0, -1.0] points."),
    ((0.1, NAN, NAN), "**Whether heard voices help it can't be told**: +10.0 [–] points.")])
def test_what_known_speakers_are_worth_is_told_with_its_interval(gain: tuple[float, float, float], words: str) -> None:
    answer, = answers(boards_of(*TWINS))
    pair, = answer.pairs
    told = dataclasses.replace(pair, rows=(dataclasses.replace(pair.rows[0], gain=gain, heard=(0.63, 0.6, 0.66)),))
    assert answer.taken and _voices(dataclasses.replace(answer, pairs=(told,)), answer.taken) == [words]


def test_of_networks_that_have_learnt_nothing_it_is_not_said_what_voices_are_worth_to_them() -> None:
    answer, = answers(boards_of(*TWINS))
    pair, = answer.pairs
    told = dataclasses.replace(pair, rows=(dataclasses.replace(pair.rows[0], gain=(-0.3, -0.35, -0.25), collapsed=True),))
    assert answer.taken and _voices(dataclasses.replace(answer, pairs=(told,)), answer.taken)[0].startswith(
        "**What heard voices are worth can't be told**: its networks took every clip for one emotion")


@pytest.mark.parametrize(("gain", "beside"), [((0.07, 0.01, 0.13), " It can be told of other rows, too: other +5.0 [+1.0, +9.0]."),
                                              ((0.04, -0.03, 0.11), " Of other rows it can: other +5.0 [+1.0, +9.0].")])
def test_rows_that_owe_something_to_known_speakers_are_named_beside_it(gain: tuple[float, float, float], beside: str) -> None:
    answer, = answers(boards_of(*TWINS))
    pair, = answer.pairs
    of_taken = dataclasses.replace(pair.rows[0], gain=gain)
    told = dataclasses.replace(pair, rows=(of_taken, dataclasses.replace(of_taken, name="other", gain=(0.05, 0.01, 0.09))))
    assert answer.taken and _voices(dataclasses.replace(answer, pairs=(told,)), answer.taken)[0].endswith(beside)


def test_the_picture_has_a_panel_of_both_kinds_of_speakers_and_the_row_to_take() -> None:
    pictures = DrawnPictures()
    parts = answer_markdown(*answers(boards_of(*TWINS)), "", pictures.answer)
    (panels, lines, taken), = pictures.drawn["answer"]
    assert list(panels) == ["80:20"] and list(panels["80:20"]["mel × net"]) == ["new speakers", "heard speakers"]
    assert list(lines) == ["chance"] and taken == "mel × net" and parts[-1] == "![Test UAR with intervals](study/answer.png)"
    assert "With voices that it has heard: .605." in parts[0] and parts[0].startswith("> **mel × net** is the only network.")


def test_it_is_said_on_which_clips_voices_are_compared() -> None:
    answer, = answers(boards_of(*TWINS))
    told = " on the 120 clips of 6 speakers that both protocols test."
    assert told in "".join(answer_markdown(answer, "", None))
    pair, = answer.pairs
    other = dataclasses.replace(pair, rows=(dataclasses.replace(pair.rows[0], clips=40),))
    assert " on the clips that both protocols test." in "".join(answer_markdown(dataclasses.replace(answer, pairs=(pair, other)), "", None))


def test_a_study_with_a_baseline_says_first_what_helps() -> None:
    answer, = answers(boards_of(row("weak", "net", UNSEEN, recipe="plain"), row("a", "net", UNSEEN, recipe="warm")))
    assert quotation(answer, "plain").startswith("> **Of 1 change to plain 1 (warm +")
    assert quotation(answer, "warm").startswith("> **None of 1 change to warm can be told to gain**, 1 (plain -")


def test_a_run_in_progress_says_what_is_missing_and_a_synthetic_corpus_that_its_figures_mean_nothing() -> None:
    made = rows([*final("a", (0.6,), 0.1, synthetic="True"), record("trial", "b", state="running", synthetic="True")])
    text = quotation(*answers(leaderboards(made, known(made))), running=2)
    assert text.startswith("> **No human speech**: the clips are synthetic")
    assert "> **Not finished:** No finals yet of b on unseen_speakers_80_20. 2 trials are running." in text
    waiting = rows([record("trial", "b", state="running")])
    assert quotation(*answers(leaderboards(waiting, {})), running=1).startswith("> **No finals yet**, so there is nothing to take. 1 trial")
