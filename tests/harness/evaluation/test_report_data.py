"""A report for programs has the figures of the page, null where there are none, and every field of the document that describes it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from calls import Outcome, bench
from made_folds import predictions, rows_of
from made_records import boards_of, row

from harness.evaluation.leaderboard import leaderboards
from harness.evaluation.report_data import SCHEMA, report_document, study_data
from harness.evaluation.study_data import leaderboard
from harness.reports.markdown import with_spread

DOCUMENT = (Path(__file__).parents[3] / "docs" / "record.md").read_text(encoding="utf-8")
UNSEEN, RANDOM = {"split": "unseen_speakers_80_20"}, {"split": "random_80_20", "shares_speakers": "True"}


def test_rows_have_interval_rank_ties_alarms_and_the_leaderboard_its_reference_rows(boards: Path, reported: Outcome) -> None:
    board, = json.loads(bench("report", "--home", boards, "--study", "small", "--json").out)["studies"]["small"]["leaderboards"]
    by_cell = {row["architecture"]: row for row in board["rows"]}
    assert {cell: row["rank"] for cell, row in by_cell.items()} == {"good": 1, "equal": 1, "weak": 3, "lost": None}
    assert by_cell["good"]["alike"] == ["mel × equal"] and by_cell["weak"]["alike"] == []
    good = by_cell["good"]["test"]["uar"]
    assert good["low"] < good["mean"] < good["high"] and by_cell["lost"]["test"]["uar"]["low"] is None
    assert by_cell["lost"]["no_statistics"] == "test predictions of seed 1" and by_cell["good"]["no_statistics"] is None
    assert [row["name"] for row in board["rows"] if row["chosen"]] == [leaderboard("small", home=boards)[0].chosen.name]
    assert [each["name"] for each in board["references"]] == ["chance", "majority class"]
    assert board["references"][0]["uar"].keys() == {"value", "low", "high"} and "noisy selection" in board["alarms"]
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", by_cell["good"]["ended_at"])
    assert list(by_cell["good"]["alarms"]) == ["loss of chance"] and "audit" in by_cell["good"]


def test_the_figures_are_those_of_the_page(boards: Path, reported: Outcome) -> None:
    page = (boards / "reports" / "small.md").read_text(encoding="utf-8")
    record = json.loads((boards / "reports" / "small" / "record.json").read_text(encoding="utf-8"))
    printed = json.loads(bench("report", "--home", boards, "--study", "small", "--json").out)
    assert printed == record and record["schema"] == SCHEMA
    for each in record["studies"]["small"]["leaderboards"][0]["rows"]:
        uar = each["test"]["uar"]
        assert each["architecture"] == "lost" or with_spread((uar["mean"], uar["sd"]), (uar["low"], uar["high"])) in page


def test_heard_voices_a_baseline_and_folds_stand_beside_the_leaderboards() -> None:
    data = study_data(boards_of(row("a", "net", UNSEEN, recipe="plain"), row("weak", "net", UNSEEN, recipe="worse"),
                                row("b", "net", RANDOM, recipe="plain")), "Does it?", "plain")
    pair, = data["voices"]
    assert (pair["heard"], pair["new"], [each["name"] for each in pair["rows"]]) == ("random_80_20", "unseen_speakers_80_20", ["plain"])
    unseen, = (board for board in data["leaderboards"] if not board["shares_speakers"])
    assert [each["name"] for each in unseen["gains"]] == ["worse"] and unseen["gains"][0]["gain"]["high"] < 0
    made = rows_of({"good": (1, 2, 3, 4, 5), "bad": (1, 2, 3, 4, 5)})
    folds, = study_data(leaderboards(made, predictions(made, {"good": 0.9, "bad": 0.4})))["over_folds"]
    assert folds["folds"] == 5 and folds["critical_difference"] is None, "of two rows there is none"


def keys(value: Any) -> set[str]:
    """The names of all fields, however deep; those of maps by emotion, setting or alarm are none."""
    if isinstance(value, list):
        return {key for each in value for key in keys(each)}
    if not isinstance(value, dict):
        return set()
    maps = ("recall", "alarms", "trials", "chosen_settings", "training_classes", "clips", "speakers", "cost", "pretrained")
    return {key for name, each in value.items() for key in (name, *(keys(each) if name not in maps else ()))}


def test_every_field_is_described(boards: Path, reported: Outcome) -> None:
    record = json.loads((boards / "reports" / "small" / "record.json").read_text(encoding="utf-8"))
    described = {name for span in re.findall(r"`([a-z_0-9, ]+)`", DOCUMENT) for name in span.split(", ")}
    assert keys(record) - {"small"} - described == set() and len(keys(record)) > 60
    assert f"form {SCHEMA}" in DOCUMENT


def test_a_document_of_no_study_has_its_form_and_version() -> None:
    assert report_document({}).keys() == {"schema", "bench", "studies"}
