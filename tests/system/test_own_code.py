"""A user's own network and the modules beside it: shown, run, saved, measured in noise and audited, or declined before training."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
from calls import bench, study_file
from own_network import PARTS, own_network

from harness.tracking.store import Store
from harness.training import saved_model


def own_study(folder: Path, parts: str, **changes: str) -> Path:
    """A study with an architecture from a module beside it."""
    own_network(folder, parts)
    fields = {"architectures": "(OwnNet(),)", **changes}
    return study_file(folder, ", ".join(f"{field}={value}" for field, value in fields.items()), preamble="from own_net import OwnNet")


def test_a_network_that_could_not_be_loaded_again_is_declined_before_training_unless_no_model_is_kept(tmp_path: Path) -> None:
    parts = PARTS.replace("return Scale(3.0),", "return keras.layers.Lambda(lambda x: x * 2),")
    refused = bench("run", "--study", own_study(tmp_path, parts), "--home", tmp_path / "home", "--dry-run")
    assert refused.code == 1 and "own_net: its network could not be saved and loaded again (UsageError: It holds Lambda" in refused.err
    assert "set best_models=0 to keep no model" in refused.err
    assert bench("run", "--study", own_study(tmp_path, parts, best_models="0"), "--home", tmp_path / "home", "--dry-run").code == 0


def test_a_study_that_imports_a_module_beside_it_is_shown_and_run_from_another_folder(tmp_path: Path) -> None:
    study = own_study(tmp_path / "a", PARTS, splits="STUDY.splits[1:]", trials="0", seeds="(0,)")
    assert "own_net" in bench("show", study).out
    outcome = bench("run", "--study", study, "--home", tmp_path / "home")
    assert outcome.code == 0 and "× own_net" in outcome.out, outcome.err
    tracker = Store(tmp_path / "home").experiment("own")
    model = tracker.models.files(tracker.records("seed")[0], tmp_path)
    shutil.rmtree(tmp_path / "a")
    assert model and saved_model.load(model).predict(np.full((1, 16_000), 0.5, np.float32)).shape == (1, 7)
    measured, audited = (bench(*words, "--home", tmp_path / "home") for words in (("noise", "own", "--levels", "20"), ("audit", "own")))
    assert (measured.code, audited.code) == (0, 0) and "can't be rebuilt" not in audited.out, (measured.err, audited)
