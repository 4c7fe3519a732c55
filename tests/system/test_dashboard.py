"""Optuna's dashboard, the real package, shows the searches of a home: one a cell, named in words, trials with states and reasons."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from calls import Ran, eventually, free_port
from searches import opened

from harness.tracking.store import Store

pytest.importorskip("optuna_dashboard", reason="the extra `dashboard` is not installed")


class Dashboard:
    """Optuna's dashboard over the `optuna.db` of a home, started as a user starts it."""

    def __init__(self, home: Path) -> None:
        self.address = f"http://127.0.0.1:{(port := free_port())}"
        program = "from optuna_dashboard._cli import main; main()"  # what the command `optuna-dashboard` calls
        self.process = subprocess.Popen([sys.executable, "-c", program, f"sqlite:///{home}/optuna.db", "--port", str(port), "--quiet"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(self.answers)

    def answers(self) -> bool:
        try:
            return bool(self.get("/api/meta"))
        except (urllib.error.URLError, OSError):
            return False

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.address + path, timeout=10) as answer:
            return json.load(answer)

    def studies(self) -> list[dict[str, Any]]:
        return list(self.get("/api/studies")["study_summaries"])

    def trials(self, study: dict[str, Any]) -> list[dict[str, Any]]:
        return list(self.get(f"/api/studies/{study['study_id']}")["trials"])

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(10)


def attributes(item: dict[str, Any]) -> dict[str, str]:
    return {each["key"]: each["value"] for each in item["user_attrs"]}


def test_a_home_s_searches_are_named_by_study_protocol_and_cell_and_hold_its_trials_with_the_ids_of_their_runs(ran: Ran) -> None:
    dashboard = Dashboard(ran.home)
    try:
        studies = dashboard.studies()
        trials = [trial for study in studies for trial in dashboard.trials(study)]
    finally:
        dashboard.end()
    cell = "zcr+energy duration_s=1.0 × plain_1d[filters=(4,), dense=()]"
    assert sorted(study["study_name"].rpartition(" · ")[0] for study in studies) == [
        f"tiny_study · random_80_20 · {cell}", f"tiny_study · unseen_speakers_80_20 · {cell}"]
    assert [study["directions"] for study in studies] == 2 * [["maximize"]]
    assert [trial["state"] for trial in trials] == 4 * ["Complete"]
    runs = {record.run_id: record for record in Store(ran.home).experiment("tiny_study").records("trial")}
    for trial in trials:
        record = runs.pop(attributes(trial)["mlflow_run"])
        assert trial["values"] == [pytest.approx(record.metrics["validation/uar"])]
        assert [each["step"] for each in trial["intermediate_values"]] == [1, 2]
    assert runs == {}


def test_every_state_of_a_trial_is_shown_and_what_did_not_complete_says_why(tmp_path: Path) -> None:
    search = opened(tmp_path)[0]
    ends = (("finished", 0.5, ""), ("pruned", None, "below the median"), ("failed", None, "it diverged"), ("killed", None, "stopped"))
    for state, value, reason in ends:
        proposal = search.propose()
        assert proposal is not None
        proposal.should_prune(1, 0.4)
        proposal.record_end(state, value, reason)
    search.propose()
    dashboard = Dashboard(tmp_path)
    try:
        first = next(study for study in dashboard.studies() if study["study_name"] == search.name)
        trials = dashboard.trials(first)
        assert attributes(first)["cell"] == search.cell.label
    finally:
        dashboard.end()
    assert [trial["state"] for trial in trials] == ["Complete", "Pruned", "Fail", "Fail", "Running"]
    assert [attributes(trial).get("reason") for trial in trials] == [None, "below the median", "it diverged", "stopped", None]
    assert [attributes(trial)["slot"] for trial in trials] == ["0", "1", "2", "3", "3"]
