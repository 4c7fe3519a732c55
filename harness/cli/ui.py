"""`bench ui`: the MLflow UI over the store of a home, for this machine only, opened at the runs of a study."""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import threading
import time
import webbrowser
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from harness.cli import options
from harness.safe_text import mask_secrets
from registry.errors import BenchError

if TYPE_CHECKING:
    from harness.console import Console
    from harness.tracking.store import Store

HOST = "127.0.0.1"
STARTS_S = 60  # after which nobody waits for the server any more, to open its page


def add_to(subparsers: Any) -> None:
    ui = options.add_command(subparsers, "ui", ui_command, "start the MLflow UI on 127.0.0.1 and open a study's leaderboard",
                             "bench ui", "bench ui cnn2d --port 5001")
    ui.add_argument("study", nargs="?", metavar="STUDY", help="default: links to every study, and the page of the latest")
    ui.add_argument("--port", type=options.whole("a port", 1, 65_535), default=5000, metavar="PORT", help="default: 5000")


def ui_command(args: argparse.Namespace, console: Console) -> int:
    """Serve until Ctrl-C; returns the server's exit code, 0 where another server keeps the runs.

    Raises: BenchError without a store or such a study, or when the port can't be used.
    """
    from harness.tracking.addresses import for_mlflow

    uri = os.environ.get("MLFLOW_TRACKING_URI", "")
    store = options.store(args)
    if uri.startswith("http"):
        console.result(f"Runs are kept by the MLflow server {mask_secrets(uri)}")
        _open(_print_links(store, args.study, mask_secrets(uri), console))
        return 0
    _check_port(args.port)
    here = f"http://{HOST}:{args.port}"
    page = _print_links(store, args.study, here, console)
    console.result(f"MLflow UI: {here} (Ctrl-C stops it)")
    command = [sys.executable, "-m", "mlflow", "server", "--default-artifact-root", (store.home / "mlartifacts").resolve().as_uri(),
               "--host", HOST, "--port", str(args.port), "--workers", "1"]
    settings = {"MLFLOW_BACKEND_STORE_URI": for_mlflow(store.uri),  # not an option: everyone here can read the options of a process
                "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}  # eight idle processes less
    server = subprocess.Popen(command, env={**os.environ, **settings})
    if _has_browser():
        threading.Thread(target=_open_when_it_answers, args=(page, args.port, server), daemon=True).start()
    try:
        return server.wait()
    except KeyboardInterrupt:  # Ctrl-C, or SIGTERM
        return 0
    finally:
        _stop(server)


def _print_links(store: Store, study: str | None, server: str, console: Console) -> str:
    """Print where the runs of a study, or of each one, are shown; returns the page to open. Raises: BenchError for an unknown study."""
    from harness.tracking.saved_views import links

    names = store.studies()  # a damaged file is an error here, in plain words
    if study is not None and study not in names:
        raise store.no_study(study)
    experiments = [store.experiment(name) for name in ([study] if study else names)]
    if not experiments:
        return server
    for experiment in experiments:
        found = links(server, experiment.experiment_id, experiment.experiment_tags)
        shown = found if study else dict(list(found.items())[:1])
        for name, address in shown.items():  # no table: terminals know an address that is on one line
            console.result(f"{experiment.study_name}: {name}: {address}")
    latest = max(experiments, key=lambda experiment: experiment.last_start_ms)
    return next(iter(links(server, latest.experiment_id, latest.experiment_tags).values()))


def _has_browser() -> bool:
    """Whether a window can be opened for somebody who looks at this terminal; a browser of text would take the terminal itself."""
    windows = sys.platform in ("darwin", "win32") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return bool(windows) and sys.stdout.isatty()


def _open(page: str) -> None:
    if _has_browser():
        webbrowser.open(page)


def _open_when_it_answers(page: str, port: int, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + STARTS_S
    while time.monotonic() < until and server.poll() is None:
        with suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            _open(page)
            return
        time.sleep(0.2)


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
