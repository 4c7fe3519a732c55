"""A kept model behind `mlflow models serve` answers a request as it predicts in Python."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import requests
from calls import Ran, eventually, free_port

from harness.evaluation.kept_models import kept_model
from harness.tracking.store import Store
from registry.corpora.synthetic import Synthetic

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_a_request_with_a_waveform_is_answered_with_emotions(ran: Ran, tmp_path: Path) -> None:
    kept, port, corpus = kept_model(Store(ran.home), "tiny_study"), free_port(), Synthetic()
    waveform, rate = corpus.read_clip(corpus.load().clips[0])
    (tmp_path / "model").mkdir()
    files = kept.files(tmp_path / "model")
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", str(files), "--env-manager", "local",
               "--host", "127.0.0.1", "--port", str(port)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
                   "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}  # where MLflow finds uvicorn
    with (tmp_path / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True,
                                                               env=environment) as server:
        def answers() -> bool:
            assert server.poll() is None, (tmp_path / "log").read_text()
            try:
                return requests.get(f"http://127.0.0.1:{port}/ping", timeout=2).ok
            except requests.RequestException:
                return False

        try:
            eventually(answers, 300)
            answer = requests.post(f"http://127.0.0.1:{port}/invocations", timeout=120,
                                   json={"inputs": waveform[None].tolist(), "params": {"sample_rate": float(rate)}})
        finally:
            with suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGTERM)
    assert answer.status_code == 200, answer.text
    (row,) = answer.json()["predictions"]
    expected = kept.load().predict(waveform[None], {"sample_rate": rate})
    assert row["emotion"] == expected["emotion"][0]
    assert [row[emotion] for emotion in corpus.emotions] == pytest.approx(expected[list(corpus.emotions)].iloc[0].tolist(), abs=1e-5)
