"""The model that MLflow keeps takes raw audio and predicts as its network did in the run."""

from __future__ import annotations

import csv
import dataclasses
import importlib.metadata
import io
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import h5py
import mlflow
import numpy as np
import pytest
from calls import Ran
from mlflow.exceptions import MlflowException
from mlflow_client import client_of, runs_of
from own_network import PARTS, own_network
from tiny_study import STUDY

from harness.data.corpora import open_corpus
from harness.evaluation.leak_checks import same_statistics
from harness.study.cells import plan
from harness.tracking.models import requirements
from harness.training import saved_model
from harness.training.result import Result
from harness.training.saved_model import normaliser_of
from registry.audio import resample
from registry.core import get, specification
from registry.corpus import Clip
from registry.errors import BenchError
from registry.feature_space import FeatureSpace
from registry.feature_spaces.whisper import Whisper

EMOTIONS = STUDY.corpus.emotions
CLIPS: dict[str, Clip] = {clip.id: clip for clip in STUDY.corpus.load().clips}


@pytest.fixture(scope="module")
def kept(ran: Ran, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, list[dict[str, str]]]:
    """A kept model, loaded, and the predictions of the test clips that its run logged."""
    client = client_of(ran.home)
    run = next(run for run in runs_of(client)["seed"] if run.data.tags.get("bench.model"))
    path = client.download_artifacts(run.info.run_id, "test/predictions.csv", str(tmp_path_factory.mktemp("predictions")))
    mlflow.set_tracking_uri(f"sqlite:///{ran.home / 'mlflow.db'}")
    try:
        model = mlflow.pyfunc.load_model(run.data.tags["bench.model"])
    finally:
        mlflow.set_tracking_uri(None)  # type: ignore[arg-type]
    with Path(path).open(newline="") as file:
        return model, list(csv.DictReader(file))


def waveform_of(clip_id: str) -> np.ndarray:
    return STUDY.corpus.read_clip(CLIPS[clip_id])[0]


def test_from_raw_waveforms_the_model_predicts_what_its_run_logged(kept: tuple[Any, list[dict[str, str]]]) -> None:
    model, rows = kept
    for row in rows:
        predicted = model.predict(waveform_of(row["clip"])[None, :])
        logged = [float(row[emotion]) for emotion in EMOTIONS]
        np.testing.assert_allclose(predicted[list(EMOTIONS)].to_numpy()[0], logged, atol=1e-4)
        assert predicted["emotion"][0] == EMOTIONS[int(np.argmax(logged))]


def test_several_waveforms_of_one_length_give_a_row_each(kept: tuple[Any, list[dict[str, str]]]) -> None:
    model, rows = kept
    clips = np.stack([waveform_of(row["clip"])[:16_000] for row in rows[:3]])
    together = model.predict(clips)[list(EMOTIONS)].to_numpy()
    alone = np.concatenate([model.predict(clip[None, :])[list(EMOTIONS)].to_numpy() for clip in clips])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_allclose(together.sum(axis=1), 1, atol=1e-5)


def test_audio_at_another_rate_is_resampled_when_its_rate_is_given(kept: tuple[Any, list[dict[str, str]]]) -> None:
    model, rows = kept
    for row in rows[:3]:
        waveform = waveform_of(row["clip"])
        faster = resample(waveform, 16_000, 48_000)
        predicted = model.predict(faster[None, :], params={"sample_rate": 48_000})[list(EMOTIONS)].to_numpy()
        np.testing.assert_allclose(predicted, model.predict(waveform[None, :])[list(EMOTIONS)].to_numpy(), atol=0.02)


def test_what_is_no_waveform_is_refused(kept: tuple[Any, list[dict[str, str]]]) -> None:
    with pytest.raises(MlflowException):
        kept[0].predict(np.array([["not", "audio"]]))


@pytest.mark.parametrize(("waveforms", "reason"), [
    (np.zeros((1, 0)), "at least 100 samples, not 0"), (np.zeros((1, 99)), "at least 100 samples, not 99"),
    (np.zeros((16_000, 1)), "at least 100 samples, not 1"), (np.zeros((0, 16_000)), "at least one clip"),
    (np.r_[np.zeros((2, 16_000)), np.full((1, 16_000), np.nan)], r"clips \[2\] hold NaN"),
    (np.full((1, 16_000), np.inf), r"clips \[0\] hold NaN or infinite values")])
def test_an_array_that_is_no_speech_is_refused(kept: tuple[Any, list[dict[str, str]]], waveforms: np.ndarray, reason: str) -> None:
    with pytest.raises(BenchError, match=reason):
        kept[0].predict(waveforms.astype(np.float32))


def test_a_rate_of_16_misspelt_parameters_and_whole_numbers_are_no_prediction(kept: tuple[Any, list[dict[str, str]]], ran: Ran) -> None:
    model, waveform = kept[0], waveform_of(kept[1][0]["clip"])[None, :]
    assert model.predict(waveform, params={"sample_rate": 16_000.0}).equals(model.predict(waveform))
    with pytest.raises(BenchError, match=r"from 4,000 to 192,000, not 16\.0: give the rate of the recording"):
        model.predict(waveform, params={"sample_rate": 16})
    with pytest.raises(MlflowException, match="int16"):
        model.predict((waveform * 32_767).astype(np.int16))
    own = saved_model.load(ran.home / "mlartifacts")
    with pytest.raises(BenchError, match="Did you mean 'sample_rate'"):
        own.predict(waveform, {"sample_rte": 16_000})
    with pytest.raises(BenchError, match="not int16: divide by full scale"):
        own.predict((waveform * 32_767).astype(np.int16))


def test_it_holds_the_weights_and_no_state_of_the_optimiser(ran: Ran) -> None:
    path = next((ran.home / "mlartifacts").rglob("model.keras"))
    with zipfile.ZipFile(path) as archive, h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as weights:
        assert "layers" in weights and "optimizer" not in weights


OWN_FEATURE = '''"""Largest magnitude of each frame."""

import numpy as np

from registry.core import register


@register("peaks")
class Peaks:
    """Output shape: (1 + samples // hop_length, 1)."""

    hop_length: int = 512

    def __call__(self, waveform, sample_rate):
        frames = 1 + len(waveform) // self.hop_length
        padded = np.pad(np.abs(waveform), (0, frames * self.hop_length - len(waveform)))
        return padded.reshape(frames, self.hop_length).max(axis=1, keepdims=True).astype(np.float32)
'''


def test_a_model_carries_the_source_of_a_feature_that_is_a_user_s_own(tmp_path: Path) -> None:
    import keras

    file = tmp_path / "peaks.py"
    file.write_text(OWN_FEATURE)
    space = FeatureSpace(features=(get("feature-spaces", str(file))(),), join="channels", duration_s=0.5)
    trial = dataclasses.replace(plan(STUDY, "clips")[0].base, feature_space=space)
    network = keras.Sequential([keras.Input((16, 1)), keras.layers.Flatten(), keras.layers.Dense(6, activation="softmax")])
    saved_model.write(Result(trial, model=network), open_corpus(STUDY.corpus, None), tmp_path / "model")
    file.unlink()
    loaded = saved_model._load_pyfunc(str(tmp_path / "model"))
    assert loaded.samples == 8_000, "the length is that of the trial's own feature space"
    assert loaded.predict(np.full((2, 16_000), 0.5, np.float32)).shape == (2, 7)


def test_a_model_with_a_layer_of_a_user_s_own_is_loaded_where_its_files_are_not_and_lists_what_it_imports(tmp_path: Path) -> None:
    architecture = own_network(tmp_path / "user", "import scipy\n" + PARTS)
    trial = dataclasses.replace(plan(STUDY, "clips")[0].base, architecture=architecture)
    saved_model.write(Result(trial, model=architecture((32, 2), 6)), open_corpus(STUDY.corpus, None), tmp_path / "model")
    assert not (tmp_path / "model" / "source" / "0" / "own_net.py").exists()
    assert f"scipy=={importlib.metadata.version('scipy')}" in requirements(tmp_path / "model")
    shutil.rmtree(tmp_path / "user")
    assert saved_model.load(tmp_path).predict(np.full((2, 16_000), 0.5, np.float32)).shape == (2, 7)


def test_a_saved_models_normaliser_is_read_without_keras(ran: Ran, tmp_path: Path) -> None:
    import keras

    path = next((ran.home / "mlartifacts").rglob("model.keras"))
    layers = keras.models.load_model(path, compile=False).layers
    layer = next(layer for layer in layers if isinstance(layer, keras.layers.Normalization))
    found = normaliser_of(path.parent)
    assert found is not None and same_statistics(found, (np.asarray(layer.mean), np.asarray(layer.variance)))
    assert normaliser_of(tmp_path) is None


def test_a_model_is_not_loaded_with_other_weights_of_its_encoder_than_it_was_trained_with(tmp_path: Path) -> None:
    written = json.loads(json.dumps(specification(FeatureSpace(features=(Whisper(layers=(1,)),), join="channels"))))
    assert saved_model.space_from(written, tmp_path).features == (Whisper(layers=(1,)),)
    written["features"][0]["files_sha256"] = "0" * 64
    with pytest.raises(BenchError, match=r"was trained on whisper with weights of the SHA-256 0000.*, and those found here have 1a5afae0"):
        saved_model.space_from(written, tmp_path)
