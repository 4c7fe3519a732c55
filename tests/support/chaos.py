"""Kills workers and coordinators of a study at random moments and counts what is lost or doubled (nothing may be): `make chaos`.

Each round starts the same study of simulated or of really trained short trials in a process of its own, with two workers, and ends
one of them, the coordinator, or both by SIGKILL, until the round has had its kills; then the study is brought to its end, and what
Optuna, MLflow and the report say is held against an undisturbed run in one process.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil

PATHS = [str(Path(__file__).parent), str(Path(__file__).parents[2])]
sys.path[:0] = PATHS
PROGRAM = Path(__file__).with_name("simulated.py")
KINDS = {"worker": 0.8, "coordinator": 0.1, "both": 0.1}
SHARES = {"sqlite": 0.45, "postgresql": 0.45, "trained": 0.1}  # of the kills
DEAD_S = 300.0  # in which something must end


@dataclass
class Round:
    """One study under fire.

    Args:
        simulated: trials draw their figures; else they train. url: of PostgreSQL for Optuna and for MLflow; empty: SQLite files.
    """

    home: Path
    simulated: bool
    kills: int
    trials: int
    url: str = ""
    tracking: str = ""
    faults: Counter[str] = field(default_factory=Counter)

    def start(self, in_process: bool = False) -> subprocess.Popen[bytes]:
        """Start the study, or go on with it."""
        execution = {"in_process": True} if in_process else {"workers": 2, "tries": 1000, "optuna_storage": self.url}
        what = {"home": str(self.home), "execution": execution, "study": {"trials": self.trials},
                "objective": {"seconds": 0.0 if in_process else 0.4} if self.simulated else None}
        tracking = {"MLFLOW_TRACKING_URI": self.tracking} if self.tracking else {}
        env = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "PYTHONPATH": os.pathsep.join(PATHS), **tracking}
        with (self.home.parent / f"{self.home.name}.log").open("ab") as log:
            return subprocess.Popen([sys.executable, str(PROGRAM), json.dumps(what)], env=env, stdout=log, stderr=log,
                                    start_new_session=True)

    def ends(self) -> int:
        """How many trials and seeds have ended by now: as the log shows."""
        log = self.home.parent / f"{self.home.name}.log"
        return log.read_text(errors="replace").count("validation UAR") if log.exists() else 0


def under_fire(which: Round, rng: np.random.Generator) -> None:
    """Kill as often as the round says, then let the study come to its end."""
    process = which.start()
    while sum(which.faults.values()) < which.kills:
        if not _progress(which, process):
            break  # the study is over before it had its kills
        time.sleep(float(rng.uniform(0.0, 1.0)))
        kind = str(rng.choice(list(KINDS), p=list(KINDS.values())))
        if _kill(kind, process, rng):
            which.faults[kind] += 1
        if kind != "worker":
            process.wait()
            process = which.start()
    if process.wait(4 * DEAD_S):
        raise SystemExit(f"the study did not come to its end; see {which.home}.log")


def _progress(which: Round, process: subprocess.Popen[bytes]) -> bool:
    """Wait until something more has ended, so that kills meet work; False when the study is over."""
    before, end = which.ends(), time.monotonic() + DEAD_S
    while which.ends() == before:
        if process.poll() is not None:
            if process.returncode:
                raise SystemExit(f"a start ended with code {process.returncode}; see {which.home}.log")
            return False
        if time.monotonic() > end:
            raise SystemExit(f"nothing ended for {DEAD_S:.0f} s; see {which.home}.log")
        time.sleep(0.05)
    return True


def _kill(kind: str, process: subprocess.Popen[bytes], rng: np.random.Generator) -> bool:
    """SIGKILL a worker, the coordinator, or both at once; False when there was nothing to kill."""
    try:
        workers = [child for child in psutil.Process(process.pid).children() if "spawn_main" in " ".join(child.cmdline())]
    except psutil.NoSuchProcess:
        return False
    victims: list[Any] = [process] if kind != "worker" else []
    victims += [workers[int(rng.integers(len(workers)))]] if kind != "coordinator" and workers else []
    for victim in victims:
        try:
            victim.kill()
        except psutil.NoSuchProcess:
            return False
    return bool(victims)


def counted(which: Round) -> dict[str, int]:
    """What became of the study's signatures: how many there are, are lost, are doubled, and differ between the two stores."""
    import optuna
    from mlflow import MlflowClient

    from harness.search.storage import storage

    client = MlflowClient(which.tracking or f"sqlite:///{which.home.resolve() / 'mlflow.db'}")
    runs = list(_runs(client, client.get_experiment_by_name("simulated").experiment_id))  # type: ignore[union-attr]
    ended = {kind: Counter(r.data.tags["bench.signature"] for r in runs if r.data.tags["bench.kind"] == kind
                           and r.info.status == "FINISHED") for kind in ("trial", "seed")}
    value = {r.data.tags["bench.signature"]: r.data.metrics["validation/uar"] for r in runs
             if r.data.tags["bench.kind"] == "trial" and r.info.status == "FINISHED"}
    store = storage(which.home, which.url)
    trials = [t for name in optuna.get_all_study_names(store) for t in optuna.load_study(study_name=name, storage=store).get_trials()]
    in_optuna = Counter(t.user_attrs["signature"] for t in trials if t.user_attrs.get("ended"))
    open_ones = sum(not t.state.is_finished() for t in trials) + sum(r.info.status == "RUNNING" for r in runs)
    waiting = len([path for path in (which.home / ".bench" / "outbox").glob("*") if path.is_dir()])
    differ = sum(value.get(t.user_attrs["signature"]) != t.value for t in trials if t.user_attrs.get("ended"))
    expected = {"trial": 2 * which.trials, "seed": 4}
    finals = sum(r.data.tags["bench.kind"] == "final" and r.info.status == "FINISHED" for r in runs)
    return {"trials": sum(expected.values()), "lost": sum(max(0, expected[kind] - len(ended[kind])) for kind in ended) + max(0, 2 - finals),
            "doubled": sum(n - 1 for counts in (*ended.values(), in_optuna) for n in counts.values()) + max(0, finals - 2),
            "disagreeing": differ + len(in_optuna.keys() ^ ended["trial"].keys()), "left open": open_ones + waiting}


def _runs(client: Any, experiment_id: str) -> Iterator[Any]:
    token = None
    while True:
        page = client.search_runs([experiment_id], "", max_results=1000, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def leaderboard(home: Path) -> bytes:
    """The first table of each of the report's protocols; other lines count attempts, and what was killed is attempted, too."""
    sections = (home / "reports" / "simulated.md").read_text(encoding="utf-8").split("\n### ")[1:]
    tables = ["\n".join(itertools.takewhile(lambda line: line.startswith("|"),
                                            itertools.dropwhile(lambda line: not line.startswith("|"), section.splitlines())))
              for section in sections]
    return "\n\n".join(tables).encode()


def main(arguments: list[str] | None = None) -> int:
    """Run the rounds and print what was counted; 1 when anything is lost, doubled, or differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kills", type=int, default=200, help="in all rounds together")
    parser.add_argument("--trials", type=int, default=60, help="of each of two cells")
    parser.add_argument("--rounds", nargs="+", default=["sqlite", "postgresql", "trained"], choices=["sqlite", "postgresql", "trained"])
    parser.add_argument("--folder", type=Path, help="where homes and logs are kept; default: a temporary folder")
    args = parser.parse_args(arguments)
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")
    rng = np.random.default_rng(args.seed)
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        total = sum(SHARES[name] for name in args.rounds)
        bad = sum(_rounds(name, folder, args.trials, round(args.kills * SHARES[name] / total), rng) for name in args.rounds)
    return int(bad > 0)


def _rounds(name: str, folder: Path, trials: int, kills: int, rng: np.random.Generator) -> int:
    """Study after study until there were so many kills; how many of the studies were harmed."""
    from postgres import Postgres

    trials = trials if name != "trained" else max(2, trials // 4)
    calm = Round(folder / f"{name}-undisturbed", name != "trained", 0, trials)
    if calm.start(in_process=True).wait(4 * DEAD_S):
        raise SystemExit(f"the undisturbed study failed; see {calm.home}.log")
    server = Postgres(folder) if name == "postgresql" else None
    bad, place, began = 0, 0, time.monotonic()
    faults: Counter[str] = Counter()
    figures: Counter[str] = Counter()
    try:
        while sum(faults.values()) < kills:
            place += 1
            which = Round(folder / f"{name}-{place}", name != "trained", kills - sum(faults.values()), trials)
            if server:
                which.url, which.tracking = server.make(f"optuna{place}"), server.make(f"mlflow{place}")
            under_fire(which, rng)
            counts = counted(which) | {"leaderboards that differ": int(leaderboard(which.home) != leaderboard(calm.home)), "studies": 1}
            bad += any(counts[key] for key in ("lost", "doubled", "disagreeing", "left open", "leaderboards that differ"))
            faults.update(which.faults)
            figures.update(counts)
    finally:
        if server:
            server.stop()
    kinds = ", ".join(f"{count} × {kind}" for kind, count in sorted(faults.items()))
    print(f"{name}: {sum(faults.values())} kills ({kinds}) in {time.monotonic() - began:.0f} s; "
          f"{', '.join(f'{figures[key]} {key}' for key in sorted(figures))}", flush=True)
    return bad


if __name__ == "__main__":
    sys.exit(main())
