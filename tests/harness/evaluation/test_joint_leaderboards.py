"""Rows of several studies are ranked together where their test clips are the same, each network once."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from made_records import boards_of, final, known, row

from harness.evaluation.joint_leaderboards import JointTable, joint_tables
from harness.evaluation.leaderboard import Leaderboard, leaderboards
from harness.evaluation.report_data import study_data
from harness.evaluation.rows import Row, rows
from harness.evaluation.study_records import StudyRecord

UNSEEN, RANDOM = {"split": "unseen_speakers_80_20"}, {"split": "random_80_20", "shares_speakers": "True", "split_fingerprint": "e" * 64}


def record(name: str, boards: list[Leaderboard]) -> StudyRecord:
    return StudyRecord.of(name, study_data(boards), boards)


def one(name: str, cell: str, architecture: str, **tags: Any) -> StudyRecord:
    """A study of one row; the cell `weak` is worse."""
    return record(name, boards_of(row(cell, architecture, UNSEEN, **tags)))


def test_rows_of_two_studies_have_the_ranks_that_they_would_have_in_one() -> None:
    both, = boards_of(row("good", "good", UNSEEN), row("weak", "weak", UNSEEN))
    table, = joint_tables([one("second", "weak", "weak"), one("first", "good", "good")])
    assert [(each.studies, each.name, each.rank) for each in table.rows] == [
        (("first",), "mel image × good", 1), (("second",), "mel image × weak", 2)]
    assert [each.rank for each in table.rows] == [both.statistics[each.data["cell"]].rank for each in table.rows]
    assert table.rows[0].uar == pytest.approx((both.rows[0].test["uar"][0], *both.interval(both.rows[0])), abs=0.01)
    assert (table.comparable, table.speakers, table.clips, table.studies) == (2, 6, 120, ("first", "second"))
    assert [each.name for each in table.best] == ["mel image × good"]


def test_a_network_that_two_studies_trained_alike_stands_once_with_both_names() -> None:
    table, = joint_tables([one("a", "good", "net"), one("b", "good", "net"), one("c", "other", "another net")])
    assert [(each.studies, each.rank) for each in table.rows] == [(("c",), 1), (("a", "b"), 1)], "other networks may answer alike"


def test_rows_of_one_name_with_other_settings_are_named_with_their_studies() -> None:
    table, = joint_tables([one("a", "good", "net"), one("b", "weak", "net"), one("c", "other", "another net")])
    assert {*table.names().values()} == {"mel image × net in a", "mel image × net in b", "mel image × another net"}


def test_another_protocol_of_the_same_parts_is_in_the_same_table() -> None:
    named = record("b", boards_of(row("weak", "weak", {"split": "known_speakers"})))
    table, = joint_tables([one("a", "good", "good"), named])
    assert list(table.names().values()) == ["mel image × good", "mel image × weak"]
    assert table.protocols == ("unseen_speakers_80_20", "known_speakers") and table.comparable == 2


@pytest.mark.parametrize(("epochs", "ranks", "once"), [("12", [None, 1, 2], 1), ("1", [1, 1, 3], 0)])
def test_a_network_of_one_seed_has_no_rank_beside_others_of_several_and_an_estimator_has(
        epochs: str, ranks: list[int | None], once: int) -> None:
    single = record("c", boards_of(final("other", (0.6,), 0.1, architecture="single", epochs=epochs, **UNSEEN)))
    table, = joint_tables([one("a", "good", "net", epochs="12"), one("b", "weak", "weak net", epochs="12"), single])
    assert dict(zip((row.data["architecture"] for row in table.rows), (row.rank for row in table.rows), strict=True)) == dict(
        zip(("single", "net", "weak net"), ranks, strict=True))
    assert table.trained_once == once and table.comparable == 3
    alone, = joint_tables([single])
    assert [row.rank for row in alone.rows] == [1] and alone.trained_once == 0, "beside no network of several seeds it has one"


def test_rows_on_other_clips_or_without_predictions_stand_in_the_table_without_a_rank() -> None:
    made = rows(row("other", "other", UNSEEN))
    whole = known(made)["other"]
    half = dataclasses.replace(whole, test=[_part(seed, slice(0, 60)) for seed in whole.test])
    other = record("other", leaderboards(made, {"other": half}))
    lost = record("lost", leaderboards(rows(row("lost", "lost", UNSEEN)), {}))
    table, = joint_tables([one("a", "good", "good"), one("b", "weak", "weak"), other, lost])
    ranks = {each.studies[0]: each.rank for each in table.rows}
    assert ranks == {"a": 1, "b": 2, "other": None, "lost": None} and table.comparable == 2
    assert math.isnan(next(each for each in table.rows if each.studies == ("lost",)).uar[1])


def _part(predictions: Any, kept: slice) -> Any:
    return dataclasses.replace(predictions, clips=predictions.clips[kept], truth=predictions.truth[kept],
                               probabilities=predictions.probabilities[kept],
                               about={name: texts[kept] for name, texts in predictions.about.items()})


def test_rows_that_know_the_speakers_or_are_of_another_corpus_or_split_have_tables_of_their_own() -> None:
    known_speakers = one("b", "b", "net", feature_space="mel vector normalise=per_speaker")
    elsewhere = one("c", "c", "net", corpus_fingerprint="f" * 16)
    shared = record("d", boards_of(row("d", "net", RANDOM)))
    tables = joint_tables([shared, one("a", "a", "net"), known_speakers, elsewhere])
    assert [each.studies for each in tables] == [("a",), ("c",), ("b",), ("d",)], "nothing known comes first, heard speakers last"


def test_too_few_speakers_give_no_ranks_and_no_intervals() -> None:
    made = rows(row("a", "net", UNSEEN))
    finals = known(made)["a"]
    few = [dataclasses.replace(seed, about={"speaker": np.array([f"S{i % 3}" for i in range(120)])}) for seed in finals.test]
    table = joint_tables([record("few", leaderboards(made, {"a": dataclasses.replace(finals, test=few)}))])[0]
    assert table.rows[0].rank is None and math.isnan(table.rows[0].uar[1]) and table.speakers == 3


def test_validation_chooses_among_all_studies_and_in_each_kind() -> None:
    table, = joint_tables([_validated("a", 0.5, ""), _validated("b", 0.6, "pretrained"), _validated("c", 0.55, "")])
    assert isinstance(table, JointTable)
    assert [(each.studies[0] if (each := table.chosen(kind)) else None) for kind in ("", "from scratch", "functionals")] == ["b", "c", None]


def _validated(name: str, uar: float, family: str) -> StudyRecord:
    made: list[Row] = [dataclasses.replace(each, validation_uar=(uar, 0.0)) for each in rows(row(name, name, UNSEEN, family=family))]
    return record(name, leaderboards(made, known(made)))
