"""Rows are a pure function of the records: figures over the seeds of the newest finals, and every opening of the test part."""

from __future__ import annotations

import math

import pytest
from made_records import figures, record, row_of, study_records

from harness.evaluation.rows import rows


def test_the_order_of_the_records_of_other_cells_changes_nothing() -> None:
    found = study_records()
    changed = [*found[:1], *reversed(found[1:7]), *found[10:], *found[7:10]]
    assert [(r.cell, r.test, r.trials) for r in rows(changed)] == [(r.cell, r.test, r.trials) for r in rows(found)]


def test_rows_come_by_protocol_and_then_by_test_uar_those_without_finals_last() -> None:
    assert [row.cell for row in rows(study_records())] == ["known", "good", "weak", "never"]


def test_a_row_gives_mean_and_deviation_over_its_seeds_and_a_single_seed_has_none() -> None:
    assert row_of("good").test["uar"] == (0.55, pytest.approx(0.0707, abs=1e-4))
    assert row_of("weak").test["uar"] == (0.4, pytest.approx(math.nan, nan_ok=True))


def test_finals_of_an_earlier_best_trial_still_count_as_openings_but_not_in_the_mean() -> None:
    later = [record("seed", "weak", 9, metrics=figures(0.9, 1.0), params={"seed": "0"}),
             record("final", "weak", 1, signatures="seed-weak-9")]
    row = next(row for row in rows([*study_records(), *later]) if row.cell == "weak")
    assert (row.test["uar"][0], row.seeds, row.test_openings) == (0.9, 1, 2)


def test_the_finals_that_were_asked_for_last_are_shown_also_when_they_were_run_earlier() -> None:
    seeds = [record("seed", "cell", i, metrics=figures(uar, 60.0), params={"seed": str(i)}) for i, uar in enumerate((0.4, 0.6))]
    both, first = " ".join(s.tags["bench.signature"] for s in seeds), seeds[0].tags["bench.signature"]
    earlier = record("final", "cell", params={}, signatures=both, asked_at="3.0")
    later = record("final", "cell", params={}, signatures=first, asked_at="2.0")
    assert [row.seeds for row in rows([*seeds, earlier, later])] == [2]


def test_a_row_is_marked_with_what_its_feature_space_cut_where_the_run_recorded_it() -> None:
    assert not any("cut" in mark for mark in row_of("good").marks("partial"))
    seed = record("seed", "cell", metrics=figures(0.4, 60.0), cut="812 of 7,442 clips at 3.0 s")
    row, = rows([seed])
    assert "cut: 812 of 7,442 clips at 3.0 s" in row.marks("partial")


def test_a_row_with_a_pretrained_encoder_is_marked_with_its_name() -> None:
    assert not any("pretrained" in mark for mark in row_of("good").marks("partial"))
    row, = rows([record("seed", "cell", metrics=figures(0.4, 60.0), pretrained='{"whisper-tiny.en": {"licence": "MIT"}}')])
    assert row.marks("partial")[0] == "pretrained: whisper-tiny.en" and row.pretrained["whisper-tiny.en"]["licence"] == "MIT"


def test_a_row_that_knows_its_test_speakers_is_marked() -> None:
    row, = rows([record("seed", "cell", metrics=figures(0.4, 60.0), feature_space="whisper vector mean+std normalise=per_speaker")])
    assert "speaker known" in row.marks("partial") and "speaker known" not in row_of("good").marks("partial")
