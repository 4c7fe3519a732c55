"""Load: eight workers and simulated trials on SQLite files, and on PostgreSQL with an MLflow server: trials a second, faults, overhead."""

from __future__ import annotations

import argparse
import dataclasses
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
import simulated as sim
from calls import eventually, free_port
from postgres import Postgres

from harness.console import Console
from harness.data.corpora import Workspace
from harness.execution import schedule
from harness.execution.run_study import Execution, run_study
from harness.tracking.outbox import Outbox
from harness.tracking.store import Store


def timed(owner: Any, names: list[str], spent: Counter[str]) -> None:
    """Add up the time that some methods of a class take."""
    for name in names:
        inner = getattr(owner, name)

        def outer(*arguments: Any, _inner: Any = inner, _name: str = name, **more: Any) -> Any:
            began = time.perf_counter()
            try:
                return _inner(*arguments, **more)
            finally:
                spent[_name] += time.perf_counter() - began  # type: ignore[assignment]

        setattr(owner, name, outer)


def load(home: Path, workers: int, trials: int, url: str) -> tuple[float, dict[str, int], float]:
    """Run so many trials; returns trials a second, what became of them, and the coordinator's milliseconds for each."""
    spent: Counter[str] = Counter()
    timed(schedule.Schedule, ["next", "ended"], spent)
    study = dataclasses.replace(sim.STUDY, trials=trials // 2, seeds=(0,))
    began = time.perf_counter()
    run_study(sim.study_file(study), Store(home), Workspace(home, workers=1), {}, Console(quiet=True),
              execution=Execution(workers=workers, optuna_storage=url, objective=sim.lean))
    seconds = time.perf_counter() - began

    ends = Counter(r.state for r in Store(home).experiment("simulated").records("trial"))
    signatures = Counter(r.about.signature for r in Store(home).experiment("simulated").records("trial"))
    found = {"finished": ends["finished"], "other ends": sum(ends.values()) - ends["finished"],
             "doubled": sum(n - 1 for n in signatures.values()), "waiting": len(Outbox(home).waiting())}
    return trials / seconds, found, 1000 * sum(spent.values()) / trials


def main() -> int:
    """Measure both, print a line for each; 1 when a trial is lost, doubled or failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--trials", type=int, default=500)
    parser.add_argument("--stores", nargs="+", default=["sqlite", "postgresql"])
    args = parser.parse_args()
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")
    bad = 0
    for store in args.stores:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            rate, found, overhead_ms = _measured(store, Path(folder), args)
        told = ", ".join(f"{count} {what}" for what, count in found.items())
        print(f"{store}: {args.workers} workers, {args.trials} trials: {rate:.1f} trials/s with start and end; {told}; "
              f"coordinator {overhead_ms:.0f} ms a trial", flush=True)
        bad += found["finished"] != args.trials or any(found[what] for what in ("other ends", "doubled", "waiting"))
    return int(bad > 0)


def _measured(store: str, folder: Path, args: argparse.Namespace) -> tuple[float, dict[str, int], float]:
    if store == "sqlite":
        return load(folder / "home", args.workers, args.trials, "")
    import urllib.request

    server, port = Postgres(folder), free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", server.make("mlflow"), "--artifacts-destination",
               str(folder / "served"), "--host", "127.0.0.1", "--port", str(port), "--workers", "2"]
    with (folder / "mlflow.log").open("w") as log:
        tracking = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"})

    def answers() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    try:
        eventually(answers)
        os.environ["MLFLOW_TRACKING_URI"] = f"http://127.0.0.1:{port}"
        return load(folder / "home", args.workers, args.trials, server.make("optuna"))
    finally:
        os.environ.pop("MLFLOW_TRACKING_URI", None)
        tracking.terminate()
        tracking.wait()
        server.stop("immediate")


if __name__ == "__main__":
    import load as itself  # workers import by this name, never as __main__

    sys.exit(itself.main())
