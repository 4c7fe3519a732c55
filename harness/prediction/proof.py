"""Whether an exported model predicts as the one it was made of, on clips that the run was tested on."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from harness.data.corpora import Workspace
from harness.evaluation.audit import corpus_of
from harness.evaluation.kept_models import KeptModel
from harness.prediction.predict import Model
from harness.study.rebuild import trial_from
from registry.clip_audio import waveform_of
from registry.corpus import Clip, Corpus
from registry.errors import BenchError

CLIPS = 24  # that are compared, spread over the test part
TOLERANCE = 1e-4  # of a probability


class ProofClips(NamedTuple):
    """Clips of a run's test part. Args: logged: what the run predicted of them, (clips, emotions)."""

    corpus: Corpus
    clips: tuple[Clip, ...]
    logged: np.ndarray


class Proof(NamedTuple):
    """Args: difference: the largest of a probability, to the original; to_logged: to what its run logged on its own machine."""

    clips: tuple[str, ...]
    difference: float
    to_logged: float

    def as_json(self) -> dict[str, Any]:
        """Plain data for `export.json`."""
        return {"test_clips": list(self.clips), "largest_difference": self.difference, "allowed": TOLERANCE,
                "largest_difference_to_what_the_run_logged": self.to_logged}


def proof_clips(kept: KeptModel, workspace: Workspace) -> ProofClips:
    """Clips of the test part of a model's run. Raises: BenchError where the corpus or the run's files are not there, or have changed."""
    run_id = kept.run.run_id
    configuration, logged = kept.tracker.configuration(run_id), kept.tracker.predictions(run_id, "test")
    if configuration is None or logged is None:
        raise BenchError(f"run {run_id} has lost its configuration or its test predictions: restore mlartifacts/, or run the study again")
    trial = trial_from(configuration, needed=("corpus",))
    corpus = corpus_of(kept.run, trial, workspace)
    if corpus.fingerprint != trial.corpus_fingerprint:
        raise BenchError(f"the clips of {corpus.name} ({corpus.coverage}) are not those that run {run_id} was trained on "
                         f"({kept.run.about.coverage}): give the same --data")
    places = np.unique(np.linspace(0, len(logged.clips) - 1, CLIPS).astype(int))
    by_id = {clip.id: clip for clip in corpus.clips}
    return ProofClips(corpus, tuple(by_id[name] for name in logged.clips[places]), logged.probabilities[places])


def prove(original: Model, exported: Model, clips: ProofClips) -> Proof:
    """How far the two differ on the clips. Raises: BenchError where that is more than `TOLERANCE`."""
    sounds = [waveform_of(clip, clips.corpus.read_clip) for clip in clips.clips]
    before, after = (np.concatenate([model.probabilities(model.standardised(model.extract(waveform, rate)[None]))
                                     for waveform, rate in sounds]) for model in (original, exported))
    difference = float(np.abs(before - after).max())
    if not difference <= TOLERANCE:
        raise BenchError(f"the exported model's probabilities differ by up to {difference:.2g} from those of the original on "
                         f"{len(sounds)} test clips, and {TOLERANCE:g} is allowed: nothing was written; please report this")
    return Proof(tuple(clip.id for clip in clips.clips), difference, float(np.abs(after - clips.logged).max()))
