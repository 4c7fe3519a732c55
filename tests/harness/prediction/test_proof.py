"""The exported model is compared with the original on clips of the run's own test part."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from calls import Ran
from exportable import RATE, saved, sound

from harness.data.corpora import Workspace
from harness.evaluation.kept_models import kept_model
from harness.prediction.proof import ProofClips, proof_clips, prove
from harness.tracking.store import Store
from harness.training import saved_model
from registry.corpus import Clip
from registry.errors import BenchError


def test_the_clips_are_of_the_test_part_with_what_the_run_logged_of_them(ran: Ran) -> None:
    kept = kept_model(Store(ran.home), "tiny_study")
    found, logged = proof_clips(kept, Workspace(home=ran.home)), kept.tracker.predictions(kept.run.run_id, "test")
    assert logged is not None and {clip.id for clip in found.clips} <= set(logged.clips.tolist())
    assert len(found.clips) == min(24, len(logged.clips)) == len(found.logged)


def test_equal_models_differ_by_nothing_and_others_are_refused(tmp_path: Path) -> None:
    clip = Clip(id="a", emotion="ANG", speaker="1")
    corpus = SimpleNamespace(read_clip=lambda clip: (sound(0.7), RATE))
    model = saved_model.load(saved(tmp_path))
    logged = model.predict(sound(0.7)[None])[list(model.emotions)].to_numpy()
    clips = ProofClips(corpus, (clip,), logged + 0.125)  # type: ignore[arg-type]
    proof = prove(model, model, clips)
    assert (proof.clips, proof.difference, proof.to_logged) == (("a",), 0.0, pytest.approx(0.125))
    assert proof.as_json()["allowed"] == 1e-4
    other = saved_model.load(tmp_path)
    other.network.set_weights([weights + 0.01 * np.arange(weights.size).reshape(weights.shape) for weights in other.network.get_weights()])
    with pytest.raises(BenchError, match=r"on 1 test clips, and 0\.0001 is allowed: nothing was written"):
        prove(model, other, clips)
