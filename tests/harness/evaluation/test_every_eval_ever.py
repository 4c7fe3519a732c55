"""The figures of a bundle in the form of Every Eval Ever: those of the report, and valid by its own package."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bundled import made, unpacked

from harness.evaluation.every_eval_ever import FOLDER, eval_files


def test_each_row_has_a_file_with_the_figures_and_intervals_of_the_report() -> None:
    board, = json.loads(made()["record.json"])["studies"]["width"]["leaderboards"]
    for row in board["rows"]:
        log = json.loads(made()[f"{FOLDER}{row['cell']}.json"])
        results = {result["metric_config"]["metric_id"]: result["score_details"] for result in log["evaluation_results"]}
        for score, metric in (("uar", "recall_macro"), ("wa", "accuracy"), ("macro_f1", "f1_macro")):
            interval, figure = results[metric]["uncertainty"]["confidence_interval"], row["test"][score]
            assert [results[metric]["score"], interval["lower"], interval["upper"]] == [figure[key] for key in ("mean", "low", "high")]
        assert log["model_info"]["name"] == row["name"] and results["recall_macro"]["details"]["rank"] == str(row["rank"])
    assert len([name for name in made() if name.startswith(FOLDER)]) == 2


def test_a_row_without_an_interval_and_one_without_finals() -> None:
    record = json.loads(made()["record.json"])
    first, second = record["studies"]["width"]["leaderboards"][0]["rows"]
    first["test"]["uar"] |= {"low": None, "high": None, "sd": None}
    second["seeds"] = 0
    (content,) = eval_files("width", json.dumps(record).encode(), []).values()
    details = next(each["score_details"] for each in json.loads(content)["evaluation_results"]
                   if each["evaluation_result_id"].endswith("/uar"))
    assert "uncertainty" not in details and "standard_deviation_over_seeds" not in details["details"]


def test_its_own_package_finds_no_fault(tmp_path: Path) -> None:
    core = pytest.importorskip("every_eval_ever.validator.validation_core")  # `make every-eval-ever`: it can't be installed beside rich 15
    for path in sorted(unpacked(tmp_path).glob(f"{FOLDER}*.json")):
        model = json.loads(path.read_text())["model_info"]["id"]
        place = f"data/width/{model}/00000000-0000-4000-8000-000000000000.json"
        report = core.validate_aggregate(path, repo_path=place, run_semantic_checks=True)
        assert report.valid and not report.errors and not report.warnings, report
        assert json.loads(path.read_text())["schema_version"] == core.get_schema_version()
