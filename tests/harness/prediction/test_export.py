"""A study's model as a folder: what lies in it, that it predicts the same, and what is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from calls import Ran

from harness.data.corpora import Workspace
from harness.evaluation.kept_models import KeptModel, kept_model
from harness.prediction.export import Exported, export_model
from harness.prediction.open_model import open_model
from harness.tracking.store import Store
from registry.corpora.synthetic import Synthetic
from registry.errors import BenchError, UsageError

pytest.importorskip("tf2onnx")  # of the extra [export]


def exported(ran: Ran, folder: Path) -> tuple[KeptModel, Exported]:
    store = Store(ran.home)
    kept = kept_model(store, "tiny_study")
    return kept, export_model(kept, folder, store, Workspace(home=ran.home))


@pytest.fixture(scope="module")
def made(ran: Ran, tmp_path_factory: pytest.TempPathFactory) -> tuple[KeptModel, Exported]:
    return exported(ran, tmp_path_factory.mktemp("exports") / "tiny")


def test_it_holds_the_network_twice_the_front_end_a_card_and_the_proof(made: tuple[KeptModel, Exported]) -> None:
    folder = made[1].folder
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "code", "export.json", "front_end.py", "keras", "model.onnx",
                                                              "requirements.txt"]
    about = json.loads((folder / "export.json").read_text())
    assert about["input"] == made[1].takes == "features" and about["run"] == made[0].run.run_id
    assert about["proof"]["largest_difference"] == made[1].proof.difference < 1e-5
    assert about["proof"]["largest_difference_to_what_the_run_logged"] < 1e-4
    assert len(about["proof"]["test_clips"]) == len(made[1].proof.clips) > 5
    needed = {line.partition("==")[0] for line in (folder / "requirements.txt").read_text().split()}
    assert needed == {"numpy", "onnxruntime", "soundfile", "soxr", "librosa"}
    assert [path.name for path in folder.parent.iterdir()] == ["tiny"]  # nothing is left beside it


def test_bench_and_its_own_front_end_predict_from_it_as_from_the_study(made: tuple[KeptModel, Exported], tmp_path: Path) -> None:
    clip = Synthetic().load().clips[3]
    waveform, rate = Synthetic().read_clip(clip)
    soundfile.write(tmp_path / "clip.wav", waveform, rate, subtype="FLOAT")
    expected = made[0].load().predict(waveform[None], {"sample_rate": rate})
    model = open_model(str(made[1].folder), lambda: pytest.fail("no store is needed")).model
    found = model.probabilities(model.standardised(model.extract(waveform, rate)[None]))[0]
    np.testing.assert_allclose(found, expected[list(model.emotions)].to_numpy()[0], atol=1e-5)
    packages = [path for path in sys.path if (Path(path) / "onnxruntime").is_dir()]
    code = ("import sys; from front_end import load; found = load().predict(sys.argv[1]); print(max(found, key=found.get), "
            "*found.values()); import registry; print(registry.__file__); print('keras' in sys.modules)")
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "clip.wav")], cwd=made[1].folder, capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": os.pathsep.join(packages)}, check=True)
    words, place, has_keras = done.stdout.strip().splitlines()
    assert words.split()[0] == expected["emotion"][0] and [float(p) for p in words.split()[1:]] == pytest.approx(found.tolist(), abs=1e-5)
    assert place.startswith(str(made[1].folder / "code")) and has_keras == "False"


def test_as_litert_it_holds_the_network_for_phones_and_no_onnx(ran: Ran, tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert")  # of the extra [export]
    store = Store(ran.home)
    made = export_model(kept_model(store, "tiny_study"), tmp_path / "new", store, Workspace(home=ran.home), "litert")
    assert sorted(path.name for path in made.folder.iterdir()) == ["README.md", "code", "export.json", "front_end.py", "keras",
                                                                   "model.tflite", "requirements.txt"]
    assert made.takes == "features" and made.proof.difference < 1e-5
    needed = (made.folder / "requirements.txt").read_text()
    assert "ai-edge-litert==" in needed and "onnxruntime" not in needed
    card = (made.folder / "README.md").read_text()
    assert "library_name: tflite" in card and "`model.tflite` takes `features`, (1, frames, bands) float32" in card


def test_a_network_that_litert_cannot_have_is_not_exported(ran: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ai_edge_litert")  # of the extra [export]

    def refuses(network: object) -> None:
        raise BenchError("its network can't be written as LiteRT (an odd layer)")

    monkeypatch.setattr("harness.prediction.export.litert_network", refuses)
    store = Store(ran.home)
    with pytest.raises(BenchError, match=r"can't be written as LiteRT \(an odd layer\)"):
        export_model(kept_model(store, "tiny_study"), tmp_path / "new", store, Workspace(home=ran.home), "litert")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something_is_left_as_it_is(ran: Ran, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(UsageError, match="is there already: give a folder that is new or empty"):
        exported(ran, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_network_that_onnx_cannot_have_is_exported_for_keras_alone_and_the_card_says_why(
        ran: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(network: object) -> None:
        raise BenchError("its network can't be written as ONNX (an odd layer)")

    monkeypatch.setattr("harness.prediction.export.onnx_network", refuses)
    made = exported(ran, tmp_path / "keras_only")[1]
    assert (made.takes, made.why_keras) == ("keras", "its network can't be written as ONNX (an odd layer)")
    assert not (made.folder / "model.onnx").exists() and "an odd layer" in (made.folder / "README.md").read_text()
    assert made.proof.difference == 0 and open_model(str(made.folder), lambda: Store(ran.home)).model.emotions == Synthetic().emotions


def test_nothing_is_written_where_the_two_differ(ran: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.prediction.proof.TOLERANCE", -1.0)
    with pytest.raises(BenchError, match=r"differ by up to .* nothing was written"):
        exported(ran, tmp_path / "new")
    assert list(tmp_path.iterdir()) == []
