"""A real MLflow server for tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

from calls import eventually, free_port


class Server:
    """An MLflow server on 127.0.0.1 that can be ended and started again; its store and files lie in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", f"sqlite:///{self.folder / 'server.db'}",
                   "--artifacts-destination", str(self.folder / "served"), "--host", "127.0.0.1", "--port", str(self.port),
                   "--workers", "1"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
                                        env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"})

        def answers() -> bool:
            try:
                with urllib.request.urlopen(f"{self.address}/health", timeout=5) as answer:
                    return bool(answer.status == 200)
            except OSError:
                return False

        eventually(answers)

    def end(self) -> None:
        """End it at once, with all its processes."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
