"""`bench audit` shows a line for each final, and the near names of what is not in the store."""

from __future__ import annotations

from pathlib import Path

from calls import Ran, bench
from copied_home import copied_home

from harness.data.corpora import Workspace
from harness.evaluation.audit import audit_runs
from harness.tracking.store import Store


def test_every_final_of_a_study_has_a_line_with_its_protocol_and_seed(ran: Ran) -> None:
    outcome = bench("audit", "tiny_study", "--home", ran.home)
    lines = [line for line in outcome.out.splitlines() if line.startswith("zcr+energy") and "_80_20 " in line]
    assert outcome.code == 0 and len(lines) == 4 and "4 audited, 0 failed" in outcome.out
    unknown = bench("audit", "tiny", "--home", ran.home)
    assert unknown.code == 2 and "Did you mean 'tiny_study'" in unknown.err and unknown.out == ""


def test_an_audit_that_could_look_at_nothing_is_no_pass(ran: Ran, tmp_path: Path) -> None:
    home = copied_home(ran.home, tmp_path / "home")
    Store(home).studies()
    for file in (home / "mlartifacts").rglob("configuration.json"):
        file.unlink()
    outcome = bench("audit", "tiny_study", "--home", home)
    assert outcome.code == 1 and "4 audited, 4 failed" in outcome.out
    assert "of 4 nothing could be checked, which is no pass: bring back their files below mlartifacts/" in outcome.out
    assert all(run.failed for run in audit_runs("tiny_study", Store(home), Workspace(home)))
    (home / "mlartifacts").rename(tmp_path / "away")
    outcome = bench("audit", "tiny_study", "--home", home)
    assert outcome.code == 1 and "configuration.json of run" in outcome.err and "can't be read" in outcome.err
