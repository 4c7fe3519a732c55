"""What searching was worth is the paired difference that `compare` gives, and a null or negative one is found as such."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest
from finals_as_written import run
from made_finals import a_side, said

from harness.evaluation.comparison import compare
from harness.evaluation.leaderboard import read_leaderboards
from harness.evaluation.search_worth import read_worth, worth
from harness.reports.search_section import worth_sentence
from harness.reports.study_report import write_report
from harness.tracking.store import Store

POOR, GOOD = [said(0.5, 1), said(0.5, 2)], [said(0.6, 3), said(0.6, 4)]


def test_the_worth_of_one_row_is_what_compare_gives_for_the_two() -> None:
    found = worth({"a": (POOR, GOOD)})
    assert found
    row, uar = found.rows["a"], compare(a_side("written", *POOR), a_side("best", *GOOD)).scores["uar"]
    assert (row.written, row.best, row.difference) == pytest.approx((uar.a, uar.b, uar.difference))
    assert (row.low, row.high) == pytest.approx((uar.low, uar.high)) and found.overall == pytest.approx((uar.difference, uar.low, uar.high))
    assert worth_sentence(found).startswith("Searching was worth +0.") and worth_sentence(found).endswith(" over the settings as written.")


def test_searches_that_did_harm_or_gave_nothing_are_told_in_plain_words() -> None:
    harm, nothing = worth({"a": (GOOD, POOR)}), worth({"a": ([said(0.5, 5), said(0.5, 6)], POOR)})
    assert harm and worth_sentence(harm).startswith("Searching did harm: -0.")
    assert nothing and worth_sentence(nothing).endswith("which can't be told from nothing.")
    same = worth({"a": (POOR, POOR)})
    assert same and same.rows["a"].same and worth_sentence(same) == (
        "Searching was worth nothing: no trial was better on validation than the settings as written.")


def test_over_several_rows_the_mean_is_told_apart_better_than_each_and_rows_without_a_better_trial_count_as_0() -> None:
    found = worth({"a": (POOR, GOOD), "b": ([said(0.5, 7), said(0.5, 8)], [said(0.6, 9), said(0.6, 10)]), "c": (POOR, POOR)})
    assert found
    differences = [row.difference for row in found.rows.values()]
    mean, low, high = found.overall
    assert mean == pytest.approx(sum(differences) / 3) and differences[2] == 0
    assert low < mean < high and high - low < min(found.rows[cell].high - found.rows[cell].low for cell in "ab")
    assert " on average over 3 rows" in worth_sentence(found)


def test_finals_as_written_are_read_from_mlflow_alone(tmp_path: Path) -> None:
    records = run(tmp_path)
    store = Store(tmp_path)
    _, (board,) = read_leaderboards(store, "simulated")
    found = read_worth(store.experiment("simulated"), records, board)
    assert found
    row, = found.rows.values()
    means = {kind: sum(run.metrics["test/uar"] for run in records if run.kind_in_words == kind) / 2 for kind in ("seed", "seed as written")}
    assert (row.best, row.written) == pytest.approx((means["seed"], means["seed as written"]))
    assert math.isnan(row.low)  # two test speakers
    assert worth_sentence(found).endswith("whether searching was worth it can't be told, as there is no interval.")
    others = [record for record in records if record.kind_in_words != "seed as written"]
    assert read_worth(store.experiment("simulated"), others, board) is None
    best = [dataclasses.replace(record, tags={**record.tags, "bench.as_written": "True"}) if record.kind == "final" else record
            for record in others]
    same = read_worth(store.experiment("simulated"), best, board)
    assert same and same.overall[0] == 0 and next(iter(same.rows.values())).same
    write_report(store, "simulated")
    text = (tmp_path / "reports" / "simulated.md").read_text(encoding="utf-8")
    assert "The finals of the best trial lie " in text and "| test UAR of the best trial | as written | difference |" in text
    assert "4 times, once for each seed of each final, and of the settings as written where the best trial has others." in text
