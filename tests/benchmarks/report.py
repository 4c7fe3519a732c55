"""How long `bench report` takes over the records of 500 runs.

Run from the repository: python tests/benchmarks/report.py [--runs N]

The runs are recorded as a study would record them, from results that no training gave: 8 cells on 2 protocols, each with its trials, and
3 finals with all their files. Target: less than 10 s in a new process, its imports included; a second call must write the same bytes.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from table import Measured, finish, timed

if TYPE_CHECKING:
    from harness.tracking.run_record import RunTags
    from harness.tracking.tracker import Tracker

CELLS, SEEDS, STUDY = 8, 3, "cnn2d"
BENCH = Path(sys.executable).with_name("bench")


def main() -> None:
    """Record the runs, then report on them twice."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=500, help="recorded runs, finals and their seeds among them")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        counted: list[int] = []
        recording = timed(lambda: counted.append(record(Path(folder), options.runs)))
        first, written = report(Path(folder))
        second, again = report(Path(folder))
    if written != again:
        sys.exit("two reports on the same runs differ")
    recorded = counted[0]
    finish([Measured(f"`bench report` over {recorded} runs", first[0], target=10, processor_s=first[1]),
            Measured("the same once more", second[0], processor_s=second[1]),
            Measured("recording one run (mean)", recording[0] / recorded, processor_s=recording[1] / recorded)])


def record(home: Path, runs: int) -> int:
    """Record about so many runs of a study below `home`; returns how many there are."""
    from harness.tracking.run_record import RunTags
    from harness.tracking.store import Store

    tracker = Store(home).experiment(STUDY)
    parent = tracker.start("study", f"{STUDY} on synthetic", None, RunTags(corpus="synthetic", corpus_fingerprint="0" * 16))
    trials = (runs - 1) // CELLS - 1 - SEEDS
    for number in range(CELLS):
        record_cell(tracker, parent, number, trials)
    tracker.end(parent, "finished")
    return len(tracker.records())


def record_cell(tracker: Tracker, parent: str, number: int, trials: int) -> None:
    """A cell's trials as metrics and tags, and its finals with all their files."""
    from records import bring
    from synthetic_results import synthetic_result

    from harness.execution.finals import aggregates
    from harness.tracking.run_record import flat_metrics

    about, params = tags(number), {"training.learning_rate": 1e-3, "training.batch_size": 64}
    for place in range(trials):
        result = synthetic_result(1000 * number + place, epochs=1, clips=60)
        run_id = tracker.start("trial", f"trial {place}", parent, replace(about, signature=result.trial.signature), params)
        tracker.log_epoch(run_id, 1, {name: values[0] for name, values in result.history.items()})
        tracker.log_metrics(run_id, flat_metrics(result))
        tracker.end(run_id, "finished")
    results = [synthetic_result(1000 * number + seed, opens_test=True) for seed in range(SEEDS)]
    signatures = tuple(f"{number:08x}{seed:08x}" for seed in range(SEEDS))
    final = tracker.start("final", "final", parent, replace(about, signatures=signatures), params)
    for seed, (result, signature) in enumerate(zip(results, signatures, strict=True)):
        bring(tracker, result, "seed", f"seed {seed}", final, replace(about, signature=signature), {**params, "seed": seed})
    tracker.log_metrics(final, aggregates([flat_metrics(result) for result in results]))
    tracker.end(final, "finished")


def tags(number: int) -> RunTags:
    """What says where a cell belongs."""
    from harness.tracking.run_record import RunTags

    split = ("random_80_20", "unseen_speakers_80_20")[number % 2]
    return RunTags(feature_space="mel[n_mels=40] image", architecture=f"plain_2d[kernel={number}]", split=split, cell=f"{number:08x}",
                   corpus="synthetic", coverage="432 clips: whole", corpus_fingerprint="0" * 16, synthetic=True,
                   shares_speakers=number % 2 == 0)


def report(home: Path) -> tuple[tuple[float, float], dict[str, bytes]]:
    """Times of `bench report`, and every file that it wrote."""
    took = timed(lambda: subprocess.run([str(BENCH), "report", "--home", str(home)], check=True, stdout=subprocess.DEVNULL))
    written = {str(path.relative_to(home)): path.read_bytes() for path in sorted((home / "reports").rglob("*")) if path.is_file()}
    if len(written) < 2:
        sys.exit("the report was not written")
    return took, written


if __name__ == "__main__":
    main()
