"""Groups of test clips have their own figures, counts and intervals, and small ones have no rank."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from grouped_predictions import EMOTIONS, FEMALE, SPEAKERS, said

from harness.evaluation.groups import LEAST_CLIPS, GroupRow, group_rows, speaker_rows, speaker_spread, unknown_groups
from harness.training.predictions import Predictions, read
from registry.corpora.crema_d import CremaD
from registry.errors import BenchError


def of(rows: list[GroupRow], attribute: str) -> dict[str, GroupRow]:
    return {row.group: row for row in rows if row.attribute == attribute}


HARD_MEN = said(np.where(SPEAKERS < 6, np.arange(480) % 10 < 8, np.arange(480) % 10 < 4), SPEAKERS, sex=FEMALE)


def test_the_worse_group_comes_first_with_its_own_figures_counts_and_interval() -> None:
    men, women = group_rows([HARD_MEN])
    assert (men.group, men.rank, men.clips, men.speakers, men.emotions) == ("male", 1, 240, 6, EMOTIONS)
    assert (women.group, women.rank) == ("female", 2)
    assert men.wa[0] == pytest.approx(0.4) and women.wa[0] == pytest.approx(0.8)
    assert men.wa[1] <= 0.4 <= men.wa[2]


def test_figures_are_the_mean_over_seeds_and_clips_are_counted_once() -> None:
    all_right = said(np.full(480, True), SPEAKERS, sex=FEMALE)
    men = of(group_rows([HARD_MEN, all_right]), "sex")["male"]
    assert men.clips == 240 and men.wa[0] == pytest.approx(0.7) and men.uar[0] == pytest.approx(0.7)


def test_groups_of_fewer_than_five_speakers_have_neither_interval_nor_rank() -> None:
    race = np.where(SPEAKERS < 4, "few", "many")
    rows = of(group_rows([said(SPEAKERS > 3, SPEAKERS, race=race)]), "race")
    assert rows["many"].rank == 1 and rows["few"].rank == 0 and rows["few"].wa[0] == 0.0
    assert math.isnan(rows["few"].wa[1]) and not math.isnan(rows["many"].wa[1])


def test_groups_of_few_clips_have_no_rank_however_many_speakers() -> None:
    speakers = np.arange(119) % 7
    level = np.where(np.arange(119) < LEAST_CLIPS - 1, "LO", "HI")
    rows = of(group_rows([said(np.arange(119) % 3 > 0, speakers, level=level)]), "intensity")
    assert rows["LO"].clips == 19 and rows["LO"].speakers == 7
    assert (rows["LO"].rank, rows["HI"].rank) == (0, 1)


def test_groups_with_other_emotions_than_most_are_not_ranked_with_them() -> None:
    truth = np.arange(480) // 2 % 2
    level = np.where((truth == 1) & (SPEAKERS < 6), "HI", np.where(SPEAKERS % 2 == 0, "LO", "MD"))
    predictions = said(np.arange(480) % 3 > 0, SPEAKERS, level=level)
    rows = of(group_rows([predictions]), "intensity")
    assert rows["HI"].emotions == ("SAD",) and {name: row.rank for name, row in rows.items()}["HI"] == 0
    assert sorted(row.rank for name, row in rows.items() if name != "HI") == [1, 2]


def test_a_speaker_without_an_emotion_that_the_others_have_is_counted_and_not_ranked() -> None:
    speakers = np.where((SPEAKERS == 0) & (np.arange(480) // 2 % 2 == 0), 1, SPEAKERS)
    angry_less = said(np.full(480, True), speakers)
    ranked = [row.group for row in speaker_rows([angry_less]) if row.rank]
    assert "0" not in ranked and len(ranked) == 11


def test_ages_are_grouped_in_bands() -> None:
    rows = of(group_rows([said(np.full(480, True), SPEAKERS, age=np.array([20, 29, 30, 44, 45, 74])[SPEAKERS % 6])]), "age band")
    assert {band: row.speakers for band, row in rows.items()} == {"under 30": 4, "30–44": 4, "45–59": 2, "60 and over": 2}


def test_one_group_alone_is_not_told_and_clips_of_unknown_groups_are_counted() -> None:
    assert group_rows([said(np.full(480, True), SPEAKERS, sex=np.full(480, "female"))]) == []
    partly = said(np.full(480, True), SPEAKERS, sex=np.where(SPEAKERS == 0, "", FEMALE))
    assert of(group_rows([partly]), "sex")["female"].clips == 200
    assert unknown_groups([partly]) == {"sex": 40} and unknown_groups([HARD_MEN]) == {}


def test_speakers_with_enough_clips_come_worst_first_and_others_last() -> None:
    speakers = np.concatenate([SPEAKERS, np.full(19, 99)])
    right = np.concatenate([np.arange(480) % 40 < 4 + 3 * SPEAKERS, np.full(19, False)])
    rows = speaker_rows([said(right, speakers)])
    assert [row.group for row in rows] == [*(str(n) for n in range(12)), "99"]
    assert [row.rank for row in rows] == [*range(1, 13), 0]
    assert rows[0].wa[0] == pytest.approx(0.1) and rows[0].speakers == 1 and math.isnan(rows[0].wa[1])


def test_speakers_that_are_equally_hard_vary_no_more_than_the_draw_of_their_clips() -> None:
    speakers = np.repeat(np.arange(400), 40)
    random = np.random.default_rng(3)
    spread, chance = speaker_spread([said(random.uniform(size=16_000) < 0.5, speakers)])
    assert chance == pytest.approx(math.sqrt(0.25 / 40), rel=0.05) and spread == pytest.approx(chance, rel=0.1)
    own = np.repeat(random.uniform(0.2, 0.8, size=400), 40)
    spread, chance = speaker_spread([said(random.uniform(size=16_000) < own, speakers)])
    assert spread > 2.2 * chance


def test_four_speakers_tell_no_spread() -> None:
    assert all(math.isnan(value) for value in speaker_spread([said(np.full(160, True), np.repeat(np.arange(4), 40))]))


def test_seeds_that_scored_other_clips_are_refused() -> None:
    other = said(np.full(480, True), SPEAKERS, sex=FEMALE)
    other.clips[0] = "another"
    with pytest.raises(BenchError, match="same test clips"):
        group_rows([HARD_MEN, other])


def test_the_groups_of_crema_d_are_those_of_its_tables_and_survive_the_file(real_corpora: Path, tmp_path: Path) -> None:
    corpus = CremaD().load(real_corpora)
    answers = np.eye(6)[np.where(np.arange(len(corpus.clips)) % 2, corpus.labels, (corpus.labels + 1) % 6)]
    Predictions.of(corpus.clips, corpus.emotions, answers).write(tmp_path / "predictions.csv")
    rows = group_rows([read(tmp_path / "predictions.csv")])
    assert {row.attribute for row in rows} == {"sex", "age band", "race", "ethnicity", "sentence", "intensity"}
    assert {name: row.speakers for name, row in of(rows, "sex").items()} == {"female": 43, "male": 48}
    assert {name: (row.clips, len(row.emotions)) for name, row in of(rows, "intensity").items()} == {
        "LO": (455, 5), "MD": (455, 5), "HI": (455, 5), "XX": (6_077, 6)}
    assert {name: (row.clips, row.speakers) for name, row in of(rows, "race").items()} == {
        "Caucasian": (4_988, 61), "African American": (1_804, 22), "Asian": (568, 7), "Unknown": (82, 1)}
    assert {name: (row.clips, row.speakers) for name, row in of(rows, "age band").items()} == {
        "under 30": (2_774, 34), "30–44": (2_624, 32), "45–59": (1_552, 19), "60 and over": (492, 6)}
    assert len(of(rows, "sentence")) == 12 and sum(row.clips for row in of(rows, "sentence").values()) == 7_442
