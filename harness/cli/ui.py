"""`bench ui`: the MLflow UI over the store of a home, for this machine only."""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from harness.cli import options
from harness.safe_text import mask_secrets
from registry.errors import BenchError

if TYPE_CHECKING:
    from harness.console import Console

HOST = "127.0.0.1"


def add_to(subparsers: Any) -> None:
    ui = options.add_command(subparsers, "ui", ui_command, "start the MLflow UI on 127.0.0.1 over the runs of a home",
                             "bench ui --port 5001")
    ui.add_argument("--port", type=options.whole("a port", 1, 65_535), default=5000, metavar="PORT", help="default: 5000")


def ui_command(args: argparse.Namespace, console: Console) -> int:
    """Serve until Ctrl-C; returns the server's exit code. Raises: BenchError without a store, or when the port can't be used."""
    from harness.tracking.addresses import for_mlflow

    uri = os.environ.get("MLFLOW_TRACKING_URI", "")
    if uri.startswith("http"):
        raise BenchError(f"runs are kept by the server {mask_secrets(uri)}: open it in a browser")
    store = options.store(args)
    _check_port(args.port)
    store.studies()  # a damaged file is an error here, in plain words
    console.result(f"MLflow UI: http://{HOST}:{args.port} (Ctrl-C stops it)")
    command = [sys.executable, "-m", "mlflow", "server", "--default-artifact-root", (store.home / "mlartifacts").resolve().as_uri(),
               "--host", HOST, "--port", str(args.port), "--workers", "1"]
    settings = {"MLFLOW_BACKEND_STORE_URI": for_mlflow(store.uri),  # not an option: everyone here can read the options of a process
                "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}  # eight idle processes less
    server = subprocess.Popen(command, env={**os.environ, **settings})
    try:
        return server.wait()
    except KeyboardInterrupt:  # Ctrl-C, or SIGTERM
        return 0
    finally:
        _stop(server)


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise BenchError(f"port {port} can't be used ({error.strerror}): choose another with --port") from error


def _stop(server: subprocess.Popen[bytes]) -> None:
    """End the server and the workers that it started."""
    import psutil

    with suppress(psutil.NoSuchProcess):
        started = psutil.Process(server.pid)
        for process in [*started.children(recursive=True), started]:
            with suppress(psutil.NoSuchProcess):
                process.terminate()
        server.wait()
