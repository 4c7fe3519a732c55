"""What a run shows as left is what it then does: the line's total stays, and an interrupted run goes on with the best it had."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import simulated as sim
from faults import study

from harness.console import Console
from harness.execution import run_progress


def lines(home: Path, capsys: pytest.CaptureFixture[str], trials: int) -> list[tuple[int, int, float]]:
    """Done, in all, and best of each line that a run printed on its progress."""
    study(home, sim.simulated, trials, Console())
    found = re.findall(r"^(\d+) of (\d+) trainings, .*?(?:best validation UAR ([\d.]+))?$", capsys.readouterr().err, re.M)
    return [(int(done), int(total), float(best or 0)) for done, total, best in found]


def test_the_line_counts_every_training_of_a_run_and_its_total_stays(
        tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Two cells with three trials and one seed each, then a fourth trial of each."""
    monkeypatch.setattr(run_progress, "LINE_EVERY_S", 0.0)
    first = lines(tmp_path, capsys, 3)
    assert sorted({done for done, _, _ in first}) == list(range(9)) and {total for _, total, _ in first} == {8}
    best = [uar for _, _, uar in first]
    assert best == sorted(best) and best[-1] > 0
    more = lines(tmp_path, capsys, 4)
    assert more[0][:2] == (0, 4) and more[0][2] == best[-1]
