"""Starts the MLflow UI over the store that runs are written to, for this machine only."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil

from harness.console import Console
from harness.safe_text import mask_secrets
from harness.tracking.store import connect, tracking_uri
from registry.errors import BenchError

HOST = "127.0.0.1"


def serve(home: Path, port: int, console: Console) -> int:
    """Serve until Ctrl-C; returns the server's exit code. Raises BenchError when the port is taken."""
    if os.environ.get("MLFLOW_TRACKING_URI", "").startswith("http"):
        raise BenchError(f"runs are kept by the server {mask_secrets(os.environ['MLFLOW_TRACKING_URI'])}: open it in a browser")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise BenchError(f"port {port} is taken; choose another with --port") from error
    connect(tracking_uri(home))
    console.result(f"MLflow UI: http://{HOST}:{port} (Ctrl-C stops it)")
    command = [sys.executable, "-m", "mlflow", "server", "--default-artifact-root", (home / "mlartifacts").resolve().as_uri(),
               "--host", HOST, "--port", str(port), "--workers", "1"]
    own = {"MLFLOW_BACKEND_STORE_URI": tracking_uri(home),  # not an option: everyone on this machine can read the options of a process
           "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}  # eight idle processes less
    server = subprocess.Popen(command, env={**os.environ, **own})
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # leaves through the same door as Ctrl-C, so that nothing keeps the port
    try:
        return server.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        _stop(server)


def _stop(server: subprocess.Popen[bytes]) -> None:
    """End the server and the workers that it started."""
    with suppress(psutil.NoSuchProcess):
        started = psutil.Process(server.pid)
        for process in [*started.children(recursive=True), started]:
            with suppress(psutil.NoSuchProcess):
                process.terminate()
        server.wait()
