"""The same signature gives the same figures and weights, to the last bit, wherever and beside however many others it is trained."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from calls import TINY, bench, study_file
from tiny_trial import ignore, toy

from harness.execution.local_cluster import worker_environment
from harness.study.trial import Training
from harness.tracking.store import Store
from harness.training.backend import set_up
from harness.training.fit import fit
from registry.architectures.residual_2d import Residual2D
from registry.feature_space import FeatureSpace
from registry.feature_spaces.mel import Mel

SPACE = FeatureSpace(features=(Mel(n_mels=32),), join="image")
TRAINING = Training(epochs=1, batch_size=32, early_stopping=None)  # 64 clips: enough for two threads to give other sums
TRIAL = dataclasses.replace(toy(), feature_space=SPACE, architecture=Residual2D(), training=TRAINING)
PROGRAM = "import test_same_figures as it; print(it.trained())"


def trained() -> str:
    """A digest of all that a training gives: weights, figures of its epochs, and probabilities."""
    set_up()
    x, y = np.random.default_rng(0).normal(size=(64, 64, 32)).astype(np.float32), np.arange(64) % 6
    fitted = fit(TRIAL, x, y, x[:8], y[:8], 6, ignore)
    arrays = (*fitted.model.get_weights(), *fitted.history.values(), fitted.model.predict(x, verbose=0))
    return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()


def test_a_worker_beside_three_others_gives_the_weights_of_a_process_alone() -> None:
    paths = os.pathsep.join([str(Path(__file__).parent), str(TINY.parent), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, **worker_environment(4, ""), "TF_NUM_INTRAOP_THREADS": "3", "PYTHONPATH": paths}
    worker = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True, timeout=120)
    assert worker.stdout.split() == [trained()]


@pytest.mark.slow
def test_one_two_and_four_workers_and_none_give_the_same_figures_and_weights(tmp_path: Path) -> None:
    study = study_file(tmp_path, "sampler='random', prune='none', trials=3, seeds=(0, 1), best_models=10")
    found = {}
    for where in (("--in-process",), ("--workers", 1), ("--workers", 2), ("--workers", 4)):
        home = tmp_path / "".join(map(str, where))
        assert bench("run", "--study", study, "--home", home, *where).code == 0
        found[where] = figures(home), weights(home)
    alone, in_files = found["--in-process",]
    assert len(alone) == 2 * 3 + 2 * 2 and len(in_files) == 2 * 2
    assert all(each == (alone, in_files) for each in found.values())


def figures(home: Path) -> dict[str, dict[str, float]]:
    """Signature of each training -> its metrics, but for how long it took and what its process used."""
    return {record.about.signature: {name: value for name, value in record.metrics.items() if not name.startswith(("seconds/", "system/"))}
            for record in Store(home).experiment("own").records("trial", "seed")}


def weights(home: Path) -> set[str]:
    """Digests of the weights of the models that were kept."""
    return {_digest(path) for path in (home / "mlartifacts").rglob("model.keras")}


def _digest(path: Path) -> str:
    digest, names = hashlib.sha256(), []
    with zipfile.ZipFile(path) as archive, h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file:
        file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
        for name in sorted(names):
            digest.update(np.asarray(file[name]).tobytes())
    return digest.hexdigest()
