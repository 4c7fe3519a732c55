"""An exported folder predicts as the model that it was made of: in bench, by its own front_end.py, and by Keras."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from exportable import EMOTIONS, RATE, saved, sound

from harness.prediction.exported_model import ExportedModel, about_export, load_exported
from harness.prediction.front_end import Model
from harness.training import saved_model
from registry.audio import resample
from registry.errors import BenchError

pytest.importorskip("tf2onnx")  # of the extra [export]
ABOUT = {"format": 1, "input": "waveform", "emotions": EMOTIONS, "sample_rate": RATE, "samples": RATE, "trim_db": 25.0}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, saved_model.WaveformModel]:
    """A folder as `bench export` makes it, and the model that it was made of."""
    from harness.prediction.export import _write_onnx

    folder = tmp_path_factory.mktemp("exported")
    model = saved_model.load(saved(folder / "keras", trim_db=25.0))
    assert _write_onnx(model, folder) == ""
    (folder / "export.json").write_text(json.dumps(ABOUT))
    return folder, model


@pytest.mark.parametrize(("seconds", "rate"), [(0.6, RATE), (1.0, 48_000), (1.7, 16_000)])
def test_it_predicts_as_the_original_at_any_rate_and_length(made: tuple[Path, Any], seconds: float, rate: int) -> None:
    exported, waveform = load_exported(made[0]), resample(sound(seconds), RATE, rate)
    assert isinstance(exported, ExportedModel) and exported.heard_s == 1 and not exported.knows_speaker and exported.emotions == EMOTIONS
    found, expected = (model.probabilities(model.standardised(model.extract(waveform, rate)[None])) for model in (exported, made[1]))
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_its_front_end_predicts_a_file_without_bench(made: tuple[Path, Any], tmp_path: Path) -> None:
    folder = shutil.copytree(made[0], tmp_path / "elsewhere")
    shutil.rmtree(folder / "keras")  # which it does not need
    stereo = np.stack([sound(0.8, 44_100), sound(0.8, 44_100, 1)], axis=1)
    soundfile.write(tmp_path / "clip.wav", stereo, 44_100, subtype="FLOAT")
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    packages = [path for path in sys.path if (Path(path) / "onnxruntime").is_dir()]
    done = subprocess.run([sys.executable, "front_end.py", str(tmp_path / "clip.wav")], cwd=folder, capture_output=True, text=True,
                          env={**environment, "PYTHONPATH": os.pathsep.join(packages)}, check=True)
    words = done.stdout.removeprefix(f"{tmp_path / 'clip.wav'} ").split()
    expected = made[1].predict(stereo.mean(axis=1)[None], {"sample_rate": 44_100})
    assert words[0] == expected["emotion"][0]
    assert {words[i]: float(words[i + 1]) for i in (0, 2, 4)} == pytest.approx(expected[list(EMOTIONS)].iloc[0].to_dict(), abs=1e-3)


def test_without_onnx_runtime_keras_predicts_the_same(made: tuple[Path, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert isinstance(load_exported(made[0]), saved_model.WaveformModel)


def test_a_folder_that_is_none_or_is_damaged_says_so(made: tuple[Path, Any], tmp_path: Path) -> None:
    assert about_export(tmp_path) is None
    with pytest.raises(BenchError, match=r"has no export\.json"):
        load_exported(tmp_path)
    folder = shutil.copytree(made[0], tmp_path / "copy")
    (folder / "model.onnx").write_bytes(b"nothing")
    with pytest.raises(BenchError, match=r"model\.onnx can't be read .*: export the model again"):
        load_exported(folder)
    (folder / "export.json").write_text('{"format": 99}')
    with pytest.raises(BenchError, match="not of format 1"):
        about_export(folder)
    (folder / "export.json").write_text("{")
    with pytest.raises(BenchError, match="is damaged"):
        about_export(folder)


def test_a_litert_folder_predicts_as_the_original_in_bench_and_by_its_front_end(tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert")  # of the extra [export]
    from harness.prediction.export import _write_litert

    model, waveform = saved_model.load(saved(tmp_path / "keras", trim_db=25.0)), sound(0.8, 16_000)
    assert _write_litert(model, tmp_path) == ""
    (tmp_path / "export.json").write_text(json.dumps(ABOUT | {"input": "features", "network": "model.tflite"}))
    exported = load_exported(tmp_path)
    assert isinstance(exported, ExportedModel)
    found, expected = (each.probabilities(each.standardised(np.stack([each.extract(waveform, 16_000)] * 2))) for each in (exported, model))
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_allclose(Model(tmp_path).probabilities(waveform, 16_000), expected[0], atol=1e-5)
    (tmp_path / "model.tflite").write_bytes(b"nothing")
    with pytest.raises(BenchError, match=r"model\.tflite can't be read .*: export the model again"):
        load_exported(tmp_path)
