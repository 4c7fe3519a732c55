"""The transfer matrix: one cell trained on each corpus and tested on all of them, in an experiment of its own."""

from __future__ import annotations

import dataclasses
import itertools
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness.analyses.transfer.matrix import ABOUT, FOLDER, PREDICTIONS, PREFIX, TRANSFER, About, Matrix, matrices
from harness.analyses.transfer.options import TransferOptions
from harness.analyses.transfer.report import write_transfer
from harness.console import Console
from harness.data.corpora import Workspace, open_corpus, refuse_broken
from harness.data.features import FeatureJob, key_of, obtain
from harness.execution.prepare import split_reason
from harness.execution.run_study import Execution, run_study
from harness.study.cells import Cell, chosen_cells, plan
from harness.study.definition import Recipe, Study
from harness.study.files import chosen_study, parse_component
from harness.study.settings import has_setting
from harness.tracking.run_record import RunRecord
from harness.tracking.store import Store
from harness.tracking.tracker import Tracker
from harness.training import saved_model
from harness.training.predictions import Predictions
from registry.core import get, short_label
from registry.corpora.combined import CALM, Combined
from registry.corpus import Corpus
from registry.errors import BenchError, require

UNTOUCHED_HZ = 48_000  # of the joined corpora the highest rate: nothing above a clip's own is lost
PROTOCOLS = ("unseen_speakers_80_20", "unseen_sentences")  # the first that fits; the second shares speakers


@dataclass(frozen=True, eq=False)
class TransferCorpus:
    """One of the corpora.

    Args:
        name: as the command line gives it. loader: of its clips without calm ones.
        split: the protocol that it is trained under; None: it is only tested on.
    """

    name: str
    loader: Any
    corpus: Corpus
    split: Any


def measure_transfer(options: TransferOptions, store: Store, workspace: Workspace, console: Console,
                     execution: Execution | None = None) -> list[Matrix]:
    """Train the cell, without a search, on every corpus, test it on all, and write the report; the same call continues.

    Returns: the study's matrices. Raises: BenchError for what must be fixed first, or when nothing could be trained.
    """
    file = chosen_study(options.study, seeds=list(options.seeds))
    name, study = file.name, file.study
    cell = chosen_cells(plan(study, "", options.settings), options.cell)[0]
    corpora = _corpora(options, cell, workspace, console)
    tracker = store.experiment(PREFIX + name, TRANSFER)  # made first, so that its runs are on no leaderboard
    for source in corpora:
        if source.split is None:
            continue
        part = _study(source, cell, study)
        fixed = {key: value for key, value in options.settings.items() if any(has_setting(cell.base, key) for cell in plan(part, ""))}
        run_study(dataclasses.replace(file, name=PREFIX + name, study=part), store, workspace, fixed, console, execution=execution)
        base = plan(part, source.corpus.fingerprint, fixed)[0].base
        signatures = {dataclasses.replace(base, seed=seed, opens_test=True).signature for seed in study.seeds}
        _test(source, corpora, signatures, tracker, workspace, console)
    write_transfer(store)
    results = matrices(store, PREFIX + name)
    if not results:
        raise BenchError(f"no training of {name} finished: the runs of the experiment {PREFIX}{name} have the reasons")
    return results


def _corpora(options: TransferOptions, cell: Cell, workspace: Workspace, console: Console) -> list[TransferCorpus]:
    corpora = [_corpus(name, cell, workspace, console) for name in options.corpora]
    if all(corpus.split is None for corpus in corpora):
        raise BenchError(f"none of {', '.join(options.corpora)} can be split for training: the lines above have the reasons")
    for other, one in itertools.combinations(corpora, 2):
        both = set(one.corpus.digests) & set(other.corpus.digests)
        require(not both, f"{other.name} and {one.name} share {len(both):,} clips: a network would be tested on what it was trained on. "
                "Name corpora of different clips")
    return corpora


def _corpus(name: str, cell: Cell, workspace: Workspace, console: Console) -> TransferCorpus:
    """A corpus without its calm clips, and the strictest protocol that fits it."""
    loader = parse_component("corpora", name)
    corpus = open_corpus(loader, workspace.data)
    if CALM in corpus.emotions:
        loader = Combined(corpora=(corpus.name,), calm="left_out", sample_rate=UNTOUCHED_HZ)
        corpus = open_corpus(loader, workspace.data)
    for line in refuse_broken(corpus, allow_missing=False):
        console.say(line)
    splits = [get("splits", protocol)() for protocol in PROTOCOLS]
    reasons = [split_reason(dataclasses.replace(cell, base=dataclasses.replace(cell.base, split=split)), corpus) for split in splits]
    split = next((split for split, reason in zip(splits, reasons, strict=True) if reason is None), None)
    if reasons[0]:
        instead = f"it is trained under {short_label(split)}, which shares speakers" if split else "it is only tested on"
        console.say(f"{name}: {'; '.join(filter(None, reasons))}: {instead}")
    return TransferCorpus(name, loader, corpus, split)


def _study(source: TransferCorpus, cell: Cell, study: Study) -> Study:
    """The cell alone on one corpus; every model is kept, to be tested on the other corpora, later ones too."""
    base = cell.base
    recipe = Recipe(name=cell.label, feature_space=base.feature_space, architecture=base.architecture, splits=(source.split,),
                    training=base.training, augmentation=base.augmentation)
    return Study(corpus=source.loader, recipes=(recipe,), trials=0, seeds=study.seeds, best_models=10_000, measure_cost=False)


def _test(source: TransferCorpus, corpora: Sequence[TransferCorpus], signatures: set[str], tracker: Tracker, workspace: Workspace,
          console: Console) -> None:
    """Test the networks of one corpus on all that they were not tested on yet, and store their predictions."""
    runs = [run for run in tracker.records("seed") if run.state == "finished" and run.about.signature in signatures]
    shared = {target.name: {clip.emotion for clip in target.corpus.clips} & set(source.corpus.emotions) for target in corpora}
    targets = [target for target in corpora if len(shared[target.name]) > 1]
    for name in shared.keys() - {target.name for target in targets}:
        console.say(f"{source.name} → {name}: not tested, there are not two emotions that both have")
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
    corpus = target.corpus
    job = FeatureJob(corpus, model.space, model.samples, workspace.cache, {key_of(corpus, model.space, model.samples): None})
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
