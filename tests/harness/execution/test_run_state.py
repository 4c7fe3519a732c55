"""What a run shows as left is what it then does: the line's total stays, and an interrupted run goes on with the best it had."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import simulated as sim
from faults import study

from harness.console import Console


def lines(home: Path, capsys: pytest.CaptureFixture[str], trials: int) -> tuple[list[tuple[int, int]], float]:
    """Done and in all of each line that a run printed on a training, and the best validation UAR of its last line."""
    study(home, sim.simulated, trials, Console())
    printed = capsys.readouterr().err
    best = re.findall(r"^\d+ of \d+ trainings, .*best validation UAR ([\d.]+)$", printed, re.M)
    return [(int(done), int(total)) for done, total in re.findall(r"^(\d+)/(\d+)(?:, [^:]+ left)?: ", printed, re.M)], float(best[-1])


def test_the_lines_count_every_training_of_a_run_and_their_total_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two cells with three trials and one seed each, then a fourth trial of each."""
    first, best = lines(tmp_path, capsys, 3)
    assert first == [(done, 8) for done in range(1, 9)] and best > 0
    more, still = lines(tmp_path, capsys, 4)
    assert more[0] == (1, 4) and still >= best
