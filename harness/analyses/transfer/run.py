"""The transfer matrix: one cell trained on each corpus and tested on all of them, in an experiment of its own."""

from __future__ import annotations

import dataclasses
import itertools
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from harness.analyses.transfer.matrix import ABOUT, FOLDER, PREDICTIONS, PREFIX, TRANSFER, About, Matrix, matrices
from harness.analyses.transfer.options import TransferOptions
from harness.analyses.transfer.plan import TransferCorpus, planned
from harness.analyses.transfer.report import write_transfer
from harness.console import Console
from harness.data.corpora import Workspace
from harness.data.features import FeatureJob, key_of, obtain, padded_samples
from harness.execution.auto_precision import resolved
from harness.execution.run_study import Execution, run_study
from harness.study.cells import plan
from harness.tracking.run_record import RunRecord
from harness.tracking.store import Store
from harness.tracking.tracker import Tracker
from harness.training import saved_model
from harness.training.predictions import Predictions
from registry.errors import BenchError


def measure_transfer(options: TransferOptions, store: Store, workspace: Workspace, console: Console,
                     execution: Execution | None = None) -> list[Matrix]:
    """Train the cell, without a search, on every corpus, test it on all, and write the report; the same call continues.

    Returns: the study's matrices. Raises: BenchError for what must be fixed first, or when nothing could be trained.
    """
    made = planned(options, workspace, console)
    name, pairs = made.file.name, made.pairs()
    tracker = store.experiment(PREFIX + name, TRANSFER)  # made first, so that its runs are on no leaderboard
    for source in made.sources:
        part, fixed = made.part(source)
        run_study(dataclasses.replace(made.file, name=PREFIX + name, study=part), store, workspace, fixed, console, execution=execution,
                  kind=TRANSFER)
        planned_here = plan(part, source.corpus.fingerprint, fixed, source.corpus.votes_fingerprint)
        cells = resolved(planned_here, source.corpus, workspace.home, lambda line: None)  # it is told
        base = cells[0].base
        signatures = {base.of_final(seed).signature for seed in part.seeds}
        _test(source, [target for one, target in pairs if one is source], signatures, tracker, workspace, console)
    write_transfer(store)
    results = matrices(store, PREFIX + name)
    if not results:
        raise BenchError(f"no training of {name} finished: the runs of the experiment {PREFIX}{name} have the reasons")
    return results


def _test(source: TransferCorpus, targets: Sequence[TransferCorpus], signatures: set[str], tracker: Tracker, workspace: Workspace,
          console: Console) -> None:
    """Test the networks of one corpus on all targets that they were not tested on yet, and store their predictions."""
    runs = [run for run in tracker.records("seed") if run.state == "finished" and run.about.signature in signatures]
    with console.progress(), console.bar(f"trained on {source.name}: tests", len(runs) * len(targets)) as bar:
        for done, (run, target) in enumerate(itertools.product(runs, targets), 1):
            _test_once(run, source, target, tracker, workspace)
            bar.update(done)


def _test_once(run: RunRecord, source: TransferCorpus, target: TransferCorpus, tracker: Tracker, workspace: Workspace) -> None:
    """Test a run on a corpus and store its predictions with it, unless they are there."""
    where, same = f"{FOLDER}/{target.corpus.fingerprint[:16]}", source.name == target.name
    with tempfile.TemporaryDirectory() as folder:
        if tracker.files(run.run_id, f"{where}/{ABOUT}", Path(folder)):
            return
    predictions = tracker.predictions(run.run_id, "test") if same else _predict(run, target, tracker, workspace)
    if predictions is None:
        return
    about = About(source.name, target.name, same, target.corpus.coverage, target.corpus.synthetic, time.time())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / where
        path.mkdir(parents=True)
        predictions.write(path / PREDICTIONS)
        (path / ABOUT).write_text(json.dumps(dataclasses.asdict(about), indent=2) + "\n", encoding="utf-8")
        tracker.add_files(run.run_id, Path(folder))


def _predict(run: RunRecord, target: TransferCorpus, tracker: Tracker, workspace: Workspace) -> Predictions:
    """The predictions of a run's network of all clips of another corpus whose emotion it knows."""
    with tempfile.TemporaryDirectory() as folder:
        files = tracker.models.files(run, Path(folder))
        if files is None:
            raise BenchError(f"the model of run {run.run_id} ({run.name}) is gone from the store: restore mlartifacts/, or delete the run "
                             "to train it again")
        model = saved_model.load(files)
    model.require_any_speaker("no row is transferred")
    corpus, samples = target.corpus, model.samples
    if model.space.join == "vector" and model.space.duration_s is None:  # of whole clips: those that the target's own networks are fed
        samples = padded_samples(corpus, model.space)
    job = FeatureJob(corpus, model.space, samples, workspace.cache, {key_of(corpus, model.space, samples): None})
    features = obtain(job, workspace.workers, None)[0]  # (clips, frames, bands), in the cache for the next seed
    known = [i for i, clip in enumerate(corpus.clips) if clip.emotion in model.emotions]
    return among_shared([corpus.clips[i] for i in known], model.emotions, model.network.predict(features[known], batch_size=256, verbose=0))


def among_shared(clips: Sequence[Any], emotions: Sequence[str], probabilities: np.ndarray) -> Predictions:
    """Predictions among the emotions of the clips alone: the softmax over the shared ones, scaled to sum to one.

    Args:
        clips: whose emotions are all among `emotions`, those of the network's outputs. probabilities: shape (clips, emotions).
    """
    present = {clip.emotion for clip in clips}
    shared = [i for i, emotion in enumerate(emotions) if emotion in present]
    kept = np.asarray(probabilities, np.float64)[:, shared]
    total = kept.sum(axis=1, keepdims=True)
    scaled = np.where(total > 0, kept / np.where(total > 0, total, 1), 1 / len(shared))
    return Predictions.of(clips, tuple(emotions[i] for i in shared), scaled)
