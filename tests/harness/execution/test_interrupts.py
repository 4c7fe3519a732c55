"""Ctrl-C in a terminal, once and twice."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

import simulated as sim
from calls import SOON_S, eventually
from faults import begun, started, states, study
from mlflow_client import client_of, runs_of


def test_ctrl_c_of_a_terminal_reaches_the_workers_too_and_what_they_run_is_finished(tmp_path: Path) -> None:
    process = started(tmp_path, workers=1, seconds=3)
    try:
        eventually(lambda: begun(tmp_path) == 1)
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=SOON_S)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 130 and err.count("stopping: what is running is finished first") == 1, err
    assert states(tmp_path) == {"study killed": 1, "trial finished": 1}


def test_ctrl_c_twice_stops_it_now_and_the_same_command_runs_what_was_stopped_again(tmp_path: Path) -> None:
    process = started(tmp_path, workers=1, seconds=1000)
    try:
        eventually(lambda: begun(tmp_path) == 1)
        for _ in range(2):
            process.send_signal(signal.SIGINT)
            time.sleep(0.5)
        _, err = process.communicate(timeout=SOON_S)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 130 and "Ctrl-C again stops now" in err and "Traceback" not in err, err
    assert states(tmp_path) == {"study killed": 1, "trial killed": 1}
    study(tmp_path, sim.simulated)
    assert states(tmp_path) == {"study finished": 1, "trial killed": 1, "trial finished": 4, "seed finished": 2, "final finished": 2}
    signatures = [run.data.tags["bench.signature"] for run in runs_of(client_of(tmp_path), "simulated")["trial"]]
    assert len(set(signatures)) == 4, "what was stopped was run again"
