"""Passwords and tokens in addresses are never printed, logged or stored."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from calls import TINY, bench, eventually, free_port, start
from mlflow_server import Server

from harness.data.corpora import Workspace
from harness.safe_text import mask_logs
from harness.tracking.run_record import RunTags
from harness.tracking.store import Store
from harness.training.run_trial import run_trial

SECRET = "S3cr-et"
PROGRAM = "import sys; from harness.cli import main; sys.exit(main())"


@pytest.mark.slow
def test_a_study_on_a_server_with_a_password_leaves_the_password_nowhere(server: Server, tmp_path: Path) -> None:
    """A real run in a process of its own: all that it prints and writes, and all that the server wrote, is searched."""
    home, data = tmp_path / "home", tmp_path / "cwd"
    data.mkdir()
    address = server.address.replace("http://", f"http://anna:{SECRET}@")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "run", "--study", str(TINY), "--home", str(home), "--split", "random_80_20", "--trials", "1",
         "--seeds", "0", "--set", "training.epochs=1"],
        env={**os.environ, "MLFLOW_TRACKING_URI": address}, cwd=data, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert SECRET not in done.stdout + done.stderr
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"optuna.db", "server.db", "model.keras", "tiny_study.md", "configuration.json"} <= {path.name for path in written}
    assert [path for path in written if SECRET.encode() in path.read_bytes()] == []


def test_a_store_that_is_away_is_named_without_its_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    for address in (f"http://anna:{SECRET}@127.0.0.1:{free_port()}", f"nonsense://anna:{SECRET}@h"):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        outcome = bench("report", "--home", tmp_path)
        assert outcome.code == 1 and "can't be opened" in outcome.err and "***@" in outcome.err
        assert SECRET not in outcome.out + outcome.err
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://anna:{SECRET}@127.0.0.1:5000")
    ui = bench("ui", "--home", tmp_path)
    assert ui.code == 1 and "http://***@127.0.0.1:5000" in ui.err and SECRET not in ui.err


def test_tracebacks_and_logs_are_masked_too(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM, "run", "--study", str(TINY), "--home", str(tmp_path), "--debug"],
                          env={**os.environ, "MLFLOW_TRACKING_URI": f"nonsense://anna:{SECRET}@h"}, capture_output=True, text=True,
                          check=False)
    assert "Traceback" in done.stderr and SECRET not in done.stderr
    mask_logs()
    logging.getLogger("some.library").warning("lost %s after %d tries", f"http://anna:{SECRET}@h/", 3)
    assert caplog.messages == ["lost http://***@h/ after 3 tries"]


def test_a_failed_trial_s_reason_is_stored_without_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tiny_study import STUDY

    from harness.data.corpora import open_corpus
    from harness.study.cells import plan

    def fails(*_: object) -> None:
        raise RuntimeError(f"could not reach postgresql://anna:{SECRET}@h/db")

    monkeypatch.setattr("harness.training.run_trial._train_and_score", fails)
    planned = plan(STUDY, open_corpus(STUDY.corpus, None).fingerprint)[0].base
    result = run_trial(planned, Workspace(tmp_path), lambda *_: None)
    assert (result.state, result.reason) == ("failed", "RuntimeError: could not reach postgresql://***@h/db")
    tracker = Store(tmp_path).experiment("tiny")
    tracker.tag(tracker.start("trial", "t", None, RunTags(reason=f"http://a:{SECRET}@h"), {"p": f"http://a:{SECRET}@h"}),
                RunTags(audit=f"x://a:{SECRET}@h"))
    kept, = tracker.records()
    assert SECRET not in f"{kept.tags} {kept.params}" and kept.tags["bench.audit"] == "x://***@h"


def test_the_ui_listens_on_this_machine_only_and_its_command_line_tells_no_address_of_the_store(tmp_path: Path) -> None:
    Store(tmp_path).experiment("tiny")
    process = start("ui", "--home", tmp_path, "--port", port := free_port())

    def listening() -> set[str]:
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        return {c.laddr.ip for p in family for c in p.net_connections("tcp") if c.status == psutil.CONN_LISTEN and c.laddr.port == port}

    try:
        assert eventually(listening) == {"127.0.0.1"}
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        assert len(family) > 1 and not [word for p in family for word in p.cmdline() if "mlflow.db" in word]
    finally:
        process.terminate()
        process.communicate(timeout=90)
