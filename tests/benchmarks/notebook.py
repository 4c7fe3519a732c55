"""`bench run` beside a notebook: the same clips, features, networks, epochs and parts, each as its users run it.

Run from the repository: python tests/benchmarks/notebook.py --data DIR [--actors N] [--trials N] [--epochs N] [--quick]

DIR holds CREMA-D. The notebook is the loop of the published systems (`notebook_way.py`): for each trial librosa loads every clip and
computes its features again, then Keras fits the network with TensorFlow's own threads on all cores. Three comparisons:

- trainings without pruning, of the three networks of `cnn2d`: bench is to train 1.8 times as many in the same time;
- a random search in the notebook against a search of bench with successive halving: bench is to find as good a validation UAR (not below
  the 95 % interval of the notebook's, over clips) in a fifth of the time;
- a small study: from the second trial of an architecture on, a trial is to take at most 1.3 times its epochs, once they are steady.

Everything counts, from the start of the command on: imports, features, and for bench the records, the report and its processes.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from real_search import HEAD, bench_run, bounds, in_words, markdown, searched, warn_if_busy
from table import machine

FASTER, FASTER_TO_BEST, OVER_STEADY = 1.8, 5.0, 1.3
THREE, SMALL = ("plain_2d", "residual_2d", "dilated_2d"), "residual_2d[filters=8]"
LEAST, MOST = 1e-4, 2e-2  # learning rates that are searched
STUDY = HEAD + '''STUDY = Study(
    corpus=CremaD(speakers={actors}),
    feature_spaces=(SPACE,),
    architectures=tuple(parse_component("architectures", network) for network in {networks}),
    splits=(UnseenSpeakers8020(),),
    training=Training(learning_rate=2e-3, batch_size=64, epochs={epochs}, early_stopping=None),
    search={{"training.learning_rate": FloatDistribution({least}, {most}, log=True)}},
    trials={trials},
    seeds=(0,),
    prune="{prune}",
    measure_cost=False,
)
'''


def main() -> None:
    """Run the comparisons, print their table, and end with 1 when a target is missed."""
    options = arguments()
    if options.loop:
        from notebook_way import loop

        print(json.dumps(loop(json.loads(options.loop), options.data)))
        return
    warn_if_busy()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for compare in (trainings, to_the_same_best, small_study):
            rows.append(compare(options, Path(folder)))
            print("; ".join(rows[-1]), file=sys.stderr)
    print(markdown(["what", "notebook", "bench", "ratio", "target", "verdict"], rows))
    print(f"\n{machine()}")
    sys.exit(any(row[-1] != "met" for row in rows))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the corpora")
    parser.add_argument("--actors", type=int, default=48, help="of the trainings without pruning, the first N of CREMA-D; 91 are all")
    parser.add_argument("--epochs", type=int, default=5, help="of each training without pruning")
    parser.add_argument("--search-actors", type=int, default=24, help="of the searches")
    parser.add_argument("--search-epochs", type=int, default=15, help="of each trial of the searches, at most")
    parser.add_argument("--trials", type=int, default=16, help="of each search")
    parser.add_argument("--quick", action="store_true", help="a few epochs of few clips, to see that everything works")
    parser.add_argument("--loop", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.quick:
        options.actors, options.epochs, options.search_actors, options.search_epochs, options.trials = 6, 2, 6, 4, 4
    return options


def trainings(options: argparse.Namespace, folder: Path) -> list[str]:
    """Each network is trained twice: by bench as a trial and as a final."""
    bench_s = bench_run(study(THREE, options.actors, options.epochs, 1, "none"), folder / "trainings", options.data)
    trials = [trial(network, 2e-3, options.epochs, options.actors) for network in THREE * 2]
    seconds, found = notebook(trials, options.data)
    each = 1 / len(trials)
    ratio = seconds / bench_s
    return [f"a training: {options.actors} actors, {options.epochs} epochs, no pruning",
            f"{seconds * each:.1f} s ({found['features_s'] * each:.1f} s of them features)", f"{bench_s * each:.1f} s",
            f"{ratio:.2f}", f"≥ {FASTER}", verdict(ratio >= FASTER)]


def to_the_same_best(options: argparse.Namespace, folder: Path) -> list[str]:
    """A search of full trainings against halving: the whole time of the first, and of the second until its last trial ended."""
    import numpy as np

    home, began = folder / "halving", time.time()
    bench_run(study((SMALL,), options.search_actors, options.search_epochs, options.trials, "halving"), home, options.data)
    [cell] = searched(home, home.name)
    rates = np.exp(np.random.default_rng(0).uniform(np.log(LEAST), np.log(MOST), options.trials))
    seconds, found = notebook([trial(SMALL, float(rate), options.search_epochs, options.search_actors) for rate in rates], options.data)
    low, high = bounds(np.array(found["truth"]), np.array(found["predicted"]))
    bench_s = cell.ended_at - began
    ratio = seconds / bench_s
    return [f"best of {options.trials} trials: {options.search_actors} actors, {options.search_epochs} epochs, bench with halving",
            f"{seconds:.0f} s: UAR {in_words(found['best'], low, high)}",
            f"{bench_s:.0f} s: UAR {in_words(cell.best, cell.low, cell.high)}", f"{ratio:.2f}", f"≥ {FASTER_TO_BEST}, as good a UAR",
            verdict(ratio >= FASTER_TO_BEST and cell.best >= low)]


def small_study(options: argparse.Namespace, folder: Path) -> list[str]:
    """Trials of one architecture in one process: those from the second on beside their epochs, each as long as the median."""
    from harness.console import Console
    from harness.data.corpora import Workspace
    from harness.execution.run_study import Execution, run_study
    from harness.study.files import chosen_study
    from harness.tracking.store import Store
    from harness.training.run_trial import run_trial

    whole, steady = [], []

    def watched(one: Any, workspace: Workspace, on_epoch: Any, preparing: Any) -> Any:
        began, ends = time.perf_counter(), []

        def listen(epoch: int, metrics: dict[str, float]) -> None:
            ends.append(time.perf_counter())
            on_epoch(epoch, metrics)

        outcome = run_trial(one, workspace, listen, preparing)
        whole.append(time.perf_counter() - began)
        steady.append(len(ends) * statistics.median(after - before for before, after in itertools.pairwise(ends)))
        return outcome

    home, actors = folder / "small", min(10, options.actors)
    home.mkdir()
    (home / "small.py").write_text(study((SMALL,), actors, 10, 4, "none"), encoding="utf-8")
    run_study(chosen_study(str(home / "small.py")), Store(home), Workspace(home, data=options.data), {}, Console(quiet=True),
              execution=Execution(in_process=True, objective=watched))
    ratio = sum(whole[1:4]) / sum(steady[1:4])
    return [f"second to fourth trial of one architecture beside its steady epochs: {actors} actors, 10 epochs", "",
            f"{sum(whole[1:4]) / 3:.2f} s", f"{ratio:.2f}", f"≤ {OVER_STEADY}", verdict(ratio <= OVER_STEADY)]


def study(networks: tuple[str, ...], actors: int, epochs: int, trials: int, prune: str) -> str:
    """The text of a study's file."""
    return STUDY.format(networks=networks, actors=actors, epochs=epochs, trials=trials, prune=prune, least=LEAST, most=MOST)


def trial(network: str, learning_rate: float, epochs: int, actors: int) -> dict[str, Any]:
    """A trial of the notebook's loop."""
    return {"network": network, "learning_rate": learning_rate, "epochs": epochs, "actors": actors}


def notebook(trials: list[dict[str, Any]], data: Path) -> tuple[float, dict[str, Any]]:
    """Seconds of the notebook's loop in a process of its own, whose start and imports count as those of bench do, and what it found."""
    began = time.perf_counter()
    done = subprocess.run([sys.executable, __file__, "--data", str(data), "--loop", json.dumps(trials)], capture_output=True, text=True,
                          check=False, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"})
    if done.returncode:
        sys.exit(f"the notebook's loop failed:\n{done.stderr}")
    return time.perf_counter() - began, json.loads(done.stdout.splitlines()[-1])


def verdict(met: bool) -> str:
    return "met" if met else "missed"


if __name__ == "__main__":
    main()
