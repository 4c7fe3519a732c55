"""`bench ui` serves the store of a home, on this machine only, until it is stopped."""

from __future__ import annotations

import signal
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from calls import SOON_S, Ran, bench, eventually, free_port, start


def test_ui_answers_over_the_home_s_store_and_stops_on_ctrl_c(ran: Ran) -> None:
    port = free_port()
    process = start("ui", "tiny_study", "--home", ran.home, "--port", port)

    def answers() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                return answer.status == 200 and b"MLflow" in answer.read()
        except (urllib.error.URLError, OSError):
            return False

    def gone() -> bool:
        return not answers()

    try:
        eventually(answers)
        page = f"http://127.0.0.1:{port}/#/experiments/1/runs?workflowType=machine_learning&viewStateShareKey="
        assert process.stdout
        shown = [process.stdout.readline() for _ in range(5)]
        assert shown[0] == f"tiny_study: Leaderboard: {page}bench-leaderboard\n" and f"http://127.0.0.1:{port} (Ctrl-C" in shown[4]
        assert shown[2] == f"tiny_study: Search: {page}bench-search&compareRunsMode=CHART\n"
        taken = bench("ui", "--home", ran.home, "--port", port)
        assert taken.code == 1 and f"port {port} can't be used" in taken.err
        process.send_signal(signal.SIGINT)
        assert process.wait(SOON_S) == 0
        assert gone()
    finally:
        process.kill()
        process.communicate(timeout=SOON_S)


def test_a_folder_without_runs_is_an_error_and_no_store_is_made_there(tmp_path: Path) -> None:
    outcome = bench("ui", "--home", tmp_path)
    assert outcome.code == 1 and f"there are no runs in {tmp_path}" in outcome.err and list(tmp_path.iterdir()) == []


def test_a_study_without_runs_is_an_error_with_the_near_names(ran: Ran) -> None:
    outcome = bench("ui", "tiny_studi", "--home", ran.home)
    assert outcome.code == 2 and "'tiny_studi'" in outcome.err and "tiny_study" in outcome.err


@pytest.mark.parametrize("port", ["0", "65536", "-1", "many"])
def test_a_port_that_does_not_exist_is_a_wrong_call(port: str) -> None:
    outcome = bench("ui", f"--port={port}")
    assert outcome.code == 2 and f"'{port}' is not a port: give 1 to 65535" in outcome.err
