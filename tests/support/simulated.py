"""A study whose trials are simulated: figures drawn from each trial's signature, at no cost, and a program that runs it as a process.

The engine under it is the real one: workers, claims, outbox, stores. Only what trains and scores a trial is replaced.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from optuna.distributions import FloatDistribution

from harness.console import Console
from harness.data.corpora import Workspace, open_corpus
from harness.execution.run_study import Execution, run_study
from harness.reports.study_report import write_report
from harness.study.definition import Study
from harness.study.files import StudyFile
from harness.study.trial import Training, Trial
from harness.tracking import environment
from harness.tracking.store import Store
from harness.training.predictions import Predictions
from harness.training.result import Pruned, Result
from harness.training.scores import Scores
from registry.architectures.plain_1d import Plain1D
from registry.corpora.synthetic import Synthetic
from registry.feature_space import FeatureSpace
from registry.feature_spaces.energy import Energy
from registry.feature_spaces.zcr import ZeroCrossingRate
from registry.splits.random_80_20 import Random8020
from registry.splits.unseen_speakers_80_20 import UnseenSpeakers8020

STUDY = Study(
    corpus=Synthetic(n_speakers=4, n_sentences=1),
    feature_spaces=(FeatureSpace(features=(ZeroCrossingRate(), Energy()), join="channels", duration_s=0.5),),
    architectures=(Plain1D(filters=(2,), dense=()),), splits=(Random8020(), UnseenSpeakers8020()),
    training=Training(batch_size=16, epochs=2),
    search={"training.learning_rate": FloatDistribution(1e-4, 1e-1, log=True)},
    trials=3, seeds=(0, 1), best_models=0, prune="none", sampler="random", measure_cost=False,
)


def study_file(study: Study = STUDY) -> StudyFile:
    """The study as it is run."""
    return StudyFile("simulated", "A study of tests.", __file__, study)


HARDWARE = environment.hardware


def forget() -> None:
    """Runs that are no simulation tell their hardware again."""
    environment.hardware = HARDWARE
    environment.environment_tags.cache_clear()


def simulated(trial: Trial, workspace: Workspace, on_epoch: Any, preparing: Any = None, seconds: float = 0.0, busy: bool = False) -> Result:
    """What a trial could have given: the same for the same signature; takes `seconds`, computing all the while where `busy`."""
    environment.hardware = lambda: "none: simulated"  # nothing is computed: no need to load TensorFlow to say what devices it has
    corpus = open_corpus(trial.corpus, workspace.data, workspace.left_out)
    split = trial.split(corpus)
    rng = np.random.default_rng(int(trial.signature, 16))
    result = Result(trial, split_fingerprint=split.fingerprint(corpus), counts=split.counts, best_epoch=1, parameters=1)
    result.speakers = dict.fromkeys(("train", "validation", "test"), 1)
    for epoch in range(1, trial.training.epochs + 1):
        end = time.perf_counter() + seconds / trial.training.epochs
        while busy and time.perf_counter() < end:
            rng.standard_normal(1000).sum()
        time.sleep(max(0.0, end - time.perf_counter()))
        metrics = {name: float(rng.random()) for name in ("train_loss", "train_wa", "train_uar", "validation_loss", "validation_wa",
                                                          "validation_uar")}
        result.history = {k: [*result.history.get(k, []), v] for k, v in metrics.items()}
        try:
            on_epoch(epoch, metrics)
        except Pruned as pruned:
            result.state, result.reason = "pruned", str(pruned)
            return result
    result.validation = _scores(result, "validation", [corpus.clips[i] for i in split.validation], corpus.emotions, rng)
    if trial.opens_test:
        result.test = _scores(result, "test", [corpus.clips[i] for i in split.test], corpus.emotions, rng)
    result.seconds = {"features": 0.0, "fit": 1.0, "score": 0.0}
    return result


def _scores(result: Result, part: str, clips: list[Any], emotions: tuple[str, ...], rng: np.random.Generator) -> Scores:
    predictions = result.predictions[part] = Predictions.of(clips, emotions, rng.dirichlet(np.ones(len(emotions)), len(clips)))
    return predictions.scores


def lean(trial: Trial, workspace: Workspace, on_epoch: Any, preparing: Any = None) -> Result:
    """The same without curves and files: a load for stores."""
    result = simulated(trial, workspace, lambda *_: None)
    result.history = {}
    result.predictions = {}
    return result


def main(options: str) -> int:
    """Run a study as JSON says: study changes, home, execution, objective. Exit codes as of `bench`."""
    import dataclasses
    import functools

    from registry.errors import BenchError

    what = json.loads(options)
    changes = {key: tuple(value) if isinstance(value, list) else value for key, value in what.get("study", {}).items()}
    study, home = dataclasses.replace(STUDY, **changes), Path(what["home"])
    objective = functools.partial(simulated, **what.get("objective", {})) if what.get("objective") is not None else None
    execution = Execution(**what["execution"], **({"objective": objective} if objective else {}))
    try:
        store = Store(home)
        run_study(study_file(study), store, Workspace(home, workers=1), {}, Console(), execution=execution)
        write_report(store, "simulated")
    except KeyboardInterrupt:
        return 130
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    import simulated as itself  # workers import it by this name, never as __main__

    sys.exit(itself.main(sys.argv[1]))
