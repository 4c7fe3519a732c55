"""What a trial costs beside training and scoring: the whole of a real search, and its MLflow records alone.

Run from the repository: python tests/benchmarks/trials.py [--data DIR] [--epochs N] [--trials N] [--cell LABEL]

With DIR, the folder of the corpora, the search runs on CREMA-D; without it on synthetic clips, whose trials are much shorter, so that
the share says less. Targets: second and later trials spend less than 3 % of their time outside `fit` and scoring, where the records of
each epoch count as outside; MLflow takes less than 0.3 s for a trial without its model (median of 10; 20 epochs, 600 clips, pictures).
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from table import Measured, finish, medians, timed

if TYPE_CHECKING:
    from harness.data.corpora import Workspace
    from harness.data.features import Progress
    from harness.study.trial import Trial
    from harness.tracking.tracker import Tracker
    from harness.training.fit import OnEpoch
    from harness.training.result import Result

REPEATS = 10


def main() -> None:
    """Run the search, then the records alone."""
    options = arguments()
    with tempfile.TemporaryDirectory() as folder:
        figures = [*search(options, Path(folder)), *records(Path(folder))]
    finish(figures)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="the folder of the corpora; default: synthetic clips")
    parser.add_argument("--epochs", type=int, default=4, help="of each trial; take as many as make a trial last 20 to 30 s")
    parser.add_argument("--trials", type=int, default=4, help="the first is not counted")
    parser.add_argument("--cell", default="mel[n_mels=40] image × plain_2d", help="a cell of the study cnn2d")
    return parser.parse_args()


def search(options: argparse.Namespace, home: Path) -> list[Measured]:
    """`bench run --in-process`; each trial is timed from its start to the start of the next, which takes in all that lies between.

    The one final marks the end of the last trial.
    """
    from harness.console import Console
    from harness.data.corpora import Workspace
    from harness.execution.run_study import Execution, run_study
    from harness.study.files import chosen_study
    from harness.tracking.store import Store
    from harness.training.run_trial import run_trial

    starts, inside = [], []  # moments, and seconds in fit and scoring less what was recorded between epochs

    def watched(trial: Trial, workspace: Workspace, on_epoch: OnEpoch, preparing: Progress) -> Result:
        starts.append(time.perf_counter())
        recording = [0.0]

        def listen(epoch: int, metrics: dict[str, float]) -> None:
            began = time.perf_counter()
            on_epoch(epoch, metrics)
            recording[0] += time.perf_counter() - began

        result = run_trial(trial, workspace, listen, preparing)
        inside.append(result.seconds["fit"] + result.seconds["score"] - recording[0])
        return result

    file = chosen_study("cnn2d", None if options.data else "synthetic", ["random_80_20"], options.trials, [0])
    file = dataclasses.replace(file, study=dataclasses.replace(file.study, prune="none"))  # what is given up is never scored
    run_study(file, Store(home), Workspace(home, data=options.data), {"training.epochs": options.epochs, "training.early_stopping": None},
              Console(), only_cell=options.cell, allow_missing=True, execution=Execution(in_process=True, objective=watched))
    whole = [after - before for before, after in itertools.pairwise(starts)][1 : options.trials]
    worked = inside[1 : options.trials]
    outside = [w - i for w, i in zip(whole, worked, strict=True)]
    return [Measured("time of second and later trials outside fit and scoring", 100 * sum(outside) / sum(whole), "%", 3),
            Measured("a trial, from its start to the next's (mean)", statistics.fmean(whole)),
            Measured("of it outside fit and scoring (mean)", statistics.fmean(outside))]


def records(home: Path) -> list[Measured]:
    """MLflow's part of a trial alone, after a first one that makes the store."""
    from synthetic_results import synthetic_result

    from harness.tracking.run_files import write
    from harness.tracking.store import Store

    tracker, result = Store(home).experiment("records"), synthetic_result(0)
    runs = [record_times(tracker, result) for _ in range(REPEATS + 1)][1:]
    whole, epochs = medians([run[0] for run in runs]), medians([run[1] for run in runs])
    files = medians([timed(lambda: write(result, fresh(home))) for _ in range(REPEATS)])
    model = model_times(tracker, home)
    return [Measured("MLflow, a trial without its model", whole[0], target=0.3, processor_s=whole[1]),
            Measured("of it tables and pictures", files[0], processor_s=files[1]),
            Measured("MLflow, 20 epochs while it trains", epochs[0], processor_s=epochs[1]),
            Measured("MLflow, a model", model[0], processor_s=model[1])]


def record_times(tracker: Tracker, result: Result) -> tuple[tuple[float, float], tuple[float, float]]:
    """Times of bringing a result with its curves and files, and of telling each epoch of an open run."""
    from records import bring

    from harness.tracking.run_record import RunTags

    tags, params = RunTags(cell="00000000", split="random_80_20"), {"training.learning_rate": 1e-3, "training.batch_size": 64}
    brought = timed(lambda: bring(tracker, result, "trial", "measured", "", tags, params))
    opened = tracker.start("trial", "open", None, tags, params)
    points = [{name: values[i] for name, values in result.history.items()} for i in range(len(result.history["train_loss"]))]
    return brought, timed(lambda: [tracker.log_epoch(opened, i, point) for i, point in enumerate(points, 1)])


def model_times(tracker: Tracker, home: Path) -> tuple[float, float]:
    """Saving a small network and logging it as a waveform model, the second time."""
    from synthetic_results import synthetic_result

    from harness.data.corpora import open_corpus
    from harness.tracking.run_record import RunTags
    from harness.training import saved_model

    result = synthetic_result(0)
    corpus = open_corpus(result.trial.corpus, None)
    result.model = result.trial.architecture((94, 40, 1), len(corpus.emotions))

    def keep() -> None:
        run_id = tracker.start("seed", "model", None, RunTags())
        folder = fresh(home)
        saved_model.write(result, corpus, folder)
        tracker.models.log(run_id, folder, "measured", corpus.emotions, corpus.sample_rate)

    keep()
    return timed(keep)


def fresh(home: Path) -> Path:
    return Path(tempfile.mkdtemp(dir=home))


if __name__ == "__main__":
    main()
