"""Scaling: trials that each keep one core busy, on one worker, two, four … : the speed-up, and its share of the ideal, 0.85 at least."""

from __future__ import annotations

import argparse
import dataclasses
import functools
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
import dask
import simulated as sim
from distributed import LocalCluster

from harness.console import Console
from harness.data.corpora import Workspace
from harness.execution import local_cluster
from harness.execution.run_study import Execution, run_study
from harness.tracking.store import Store

TARGET = 0.85


def seconds(home: Path, scheduler: str, trials: int, each_s: float) -> float:
    """How long a study of so many trials takes, its workers being there already."""
    study = dataclasses.replace(sim.STUDY, trials=trials // 2, seeds=(0,))
    where = Workspace(home, workers=1)
    objective = functools.partial(sim.simulated, seconds=each_s, busy=True)

    def run(trials: int) -> float:
        began = time.perf_counter()
        run_study(sim.study_file(dataclasses.replace(study, trials=trials // 2)), Store(where.home), where, {}, Console(quiet=True),
                  execution=Execution(scheduler=scheduler, objective=objective))
        return time.perf_counter() - began

    run(2 * 8)  # imports, on every worker
    return run(2 * 8 + trials)


def main() -> int:
    """Measure and print a line for each number of workers; 1 when the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, nargs="+", default=[n for n in (1, 2, 4, 8, 16) if n <= (os.cpu_count() or 1)])
    parser.add_argument("--trials", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=3.0, help="that a trial takes")
    args = parser.parse_args()
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")
    took: dict[int, float] = {}
    for workers in args.workers:
        with (dask.config.set(local_cluster.SETTINGS), tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
              LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as started):
            took[workers] = seconds(Path(folder), started.scheduler_address, args.trials, args.seconds)
    first = min(took)
    shares = {workers: took[first] * first / took[workers] / workers for workers in took}
    for workers, share in shares.items():
        print(f"{workers} workers: {took[workers]:.1f} s for {args.trials} trials of {args.seconds:g} s, speed-up "
              f"{took[first] / took[workers]:.2f}, {share:.2f} of the ideal", flush=True)
    return int(min(shares.values()) < TARGET)


if __name__ == "__main__":
    import scaling as itself

    sys.exit(itself.main())
