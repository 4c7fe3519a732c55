"""Runs one trial: corpus → split → features → fit → score; the only module that reads test arrays."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from harness.data.augmented_copies import copies
from harness.data.corpora import Workspace, open_corpus
from harness.data.cut_clips import cut
from harness.data.feature_store import DiskFull
from harness.data.feature_workers import DamagedClips
from harness.data.features import Progress, features
from harness.data.known_speakers import BySpeaker, by_speaker
from harness.safe_text import mask_secrets
from harness.study.trial import Trial
from harness.training.backend import fix_threads, set_up
from harness.training.fit import OnEpoch, fit
from harness.training.fitted import Fitted
from harness.training.predictions import Predictions
from harness.training.result import Diverged, NotTheTrialsFault, Pruned, Result
from harness.training.scores import Scores
from harness.training.targets import targets
from harness.training.training_clips import training_clips
from registry.corpus import Corpus
from registry.errors import BenchError, Declined, require

if TYPE_CHECKING:
    from registry.split import Split


def run_trial(trial: Trial, workspace: Workspace, on_epoch: OnEpoch, preparing: Progress | None = None) -> Result:
    """Train and score one trial; a trial that fails is a result with its reason, not an exception.

    Args:
        preparing: called with (clips done, clips in all) while features or augmented copies are computed.
    Raises: BenchError when the clips are not those that the trial was planned on, or this process computes with other threads;
    KeyboardInterrupt passes through after the result's state is set by the caller.
    """
    require(trial.validation_folds == 1, "a trial of several validation folds is trained by train_folds, one fold after the other")
    result = Result(trial)
    corpus = open_corpus(trial.corpus, workspace.data, workspace.left_out)
    if corpus.fingerprint != trial.corpus_fingerprint:
        raise BenchError(f"the clips of {corpus.name} changed since this trial was planned: start the study again")
    if trial.votes_fingerprint not in ("", corpus.votes_fingerprint):
        raise BenchError(f"the listeners' votes of {corpus.name} changed since this trial was planned: start the study again")
    fix_threads(trial.training.threads)
    try:
        _train_and_score(result, corpus, workspace, on_epoch, preparing)
    except Pruned as pruned:
        result.state, result.reason = "pruned", str(pruned)
    except NotTheTrialsFault as error:
        raise error.fault from error
    except (Diverged, Declined) as error:
        result.state, result.reason = "failed", str(error)
    except Exception as error:  # of a network, a backend or a full memory: the end of this trial, not of the study
        result.state, result.reason = "failed", _failure(error, trial)
    return result


def _train_and_score(result: Result, corpus: Corpus, workspace: Workspace, on_epoch: OnEpoch, preparing: Progress | None) -> None:
    trial = result.trial
    split: Split = trial.split(corpus)
    result.note_parts(split, corpus)

    def record_epoch(epoch: int, metrics: dict[str, float]) -> None:
        result.history = {**result.history, **{k: [*result.history.get(k, []), v] for k, v in metrics.items()}}
        try:
            on_epoch(epoch, metrics)
        except Pruned:
            raise
        except Exception as error:
            raise NotTheTrialsFault(error) from error

    with _timed(result, "features"):
        try:
            arrays = features(corpus, trial.feature_space, workspace.cache, workspace.workers, preparing)
            copied = copies(corpus, split.train, trial.feature_space, trial.augmentation, trial.seed, workspace.cache, workspace.workers,
                            preparing)
        except (DamagedClips, DiskFull) as error:
            raise NotTheTrialsFault(error) from error
        if trial.feature_space.normalise == "per_speaker":
            arrays = by_speaker(arrays, corpus, trial.split.enrolled(corpus), split.train)
            result.usual_variance = arrays.usual if isinstance(arrays, BySpeaker) else None
        result.cut = cut(corpus, trial.feature_space, workspace.cache).mark
        x = training_clips(arrays, split.train, copied)
        x_validation = arrays[split.validation]
        y = np.tile(targets(corpus, trial.training.target)[split.train], (1 + len(copied), 1))
        result.counts |= {"copies": len(x) - len(split.train)} if copied else {}
    set_up()
    with _timed(result, "fit"):
        fitted = fit(trial, x, y, x_validation, corpus.labels[split.validation], len(corpus.emotions), record_epoch)
    result.best_epoch, result.parameters, result.model = fitted.best_epoch, fitted.parameters, fitted.model
    with _timed(result, "score"):
        result.validation = _score(result, fitted, "validation", x_validation, split.validation, corpus)
        if trial.opens_test:
            result.test = score_test(result, fitted, arrays, split, corpus)


def _failure(error: Exception, trial: Trial) -> str:
    """Why a trial failed, as its row shows it; of a full memory, also what to do about it."""
    text = f"{type(error).__name__}: {str(error).strip()[:500]}"
    if out_of_memory(error):
        text = (f"out of memory with training.batch_size={trial.training.batch_size}: use a smaller training.batch_size, or run fewer "
                f"trials at once (--workers, --trials-per-gpu). {text}")
    return mask_secrets(text)


def out_of_memory(error: Exception) -> bool:
    """Whether an error is Python's, TensorFlow's, JAX's or PyTorch's way to say that memory is full."""
    name, text = type(error).__name__, str(error)
    return (isinstance(error, MemoryError) or name in ("ResourceExhaustedError", "OutOfMemoryError")
            or "RESOURCE_EXHAUSTED" in text or "can't allocate memory" in text)  # the last is PyTorch's on a CPU


def score_test(result: Result, fitted: Fitted, arrays: np.ndarray, split: Split, corpus: Corpus) -> Scores:
    """Open the sealed test part of a final, once: the only place where a network predicts test clips."""
    return _score(result, fitted, "test", arrays[split.test], split.test, corpus)


def _score(result: Result, fitted: Fitted, part: str, x: np.ndarray, indices: np.ndarray, corpus: Corpus) -> Scores:
    probabilities = fitted.predict(x)
    if not np.isfinite(probabilities).all():
        raise Diverged(f"the network's probabilities for the {part} part are not finite")
    predictions = result.predictions[part] = Predictions.of([corpus.clips[i] for i in indices], corpus.emotions, probabilities)
    return predictions.scores


@contextmanager
def _timed(result: Result, phase: str) -> Iterator[None]:
    start = time.perf_counter()
    try:
        yield
    finally:
        result.seconds[phase] = time.perf_counter() - start
