"""Writes a kept model as a folder that predicts elsewhere: the network, front end, model card, and the proof that it is the same model."""

from __future__ import annotations

import importlib.metadata
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from harness.data.corpora import Workspace
from harness.evaluation.kept_models import KeptModel
from harness.prediction import front_end, onnx_front
from harness.prediction.exported_model import FORMAT, KERAS, LITERT, ONNX, load_exported
from harness.prediction.front_end import ABOUT
from harness.prediction.model_card import model_card
from harness.prediction.proof import Proof, proof_clips, prove
from harness.tracking.models import requirements
from harness.tracking.store import Store
from harness.training import saved_model
from harness.training.litert_network import litert_network, require_litert
from harness.training.onnx_network import onnx_network, require_packages
from registry.errors import BenchError, Lacking, UsageError

REGISTRY = Path(front_end.__file__).parents[2] / "registry"
COPIED = (".", "feature_spaces", "encoders")  # folders of the registry that compute features
SMALL = ("numpy", "soundfile", "soxr")  # what predicts, besides what runs the network
FORMS = {"onnx": (ONNX, "onnxruntime"), "litert": (LITERT, "ai-edge-litert")}
"""What `--format` takes -> the file of the network, and the package that runs it."""


class Exported(NamedTuple):
    """What was written. Args: takes: `waveform` or `features`; `keras` where there is no ONNX, for the reason in `why_keras`."""

    folder: Path
    takes: str
    proof: Proof
    why_keras: str = ""


def export_model(kept: KeptModel, folder: Path, store: Store, workspace: Workspace, form: str = "onnx") -> Exported:
    """Write a kept model into a new folder, once its probabilities on test clips are those of the original to 1e-4.

    Args: form: `onnx` or `litert`.
    Raises: UsageError for a folder that holds something, or a model that must know who speaks; Lacking without the extra `[export]`;
        BenchError without the corpus or the run's files, for a network that LiteRT can't have, or when the two differ.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is there already: give a folder that is new or empty")
    (require_litert if form == "litert" else require_packages)()
    clips = proof_clips(kept, workspace)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".bench-export-") as beside:
        made = Path(beside) / "made"
        original = _write_keras(kept, made)
        original.require_any_speaker("no model is exported")
        why = _write_litert(original, made) if form == "litert" else _write_onnx(original, made)
        about = _about(kept, original, made, form)
        _write_json(made, about)
        proof = prove(original, load_exported(made), clips)
        _write_json(made, about | {"proof": proof.as_json()})
        card = model_card(kept, original, store, clips.corpus, about, proof, why)
        (made / "README.md").write_text(card, encoding="utf-8")
        if folder.exists():
            folder.rmdir()
        made.rename(folder)
    return Exported(folder, about["input"], proof, why)


def _write_keras(kept: KeptModel, made: Path) -> saved_model.WaveformModel:
    """Copy the original into `keras/`, which Keras and bench read."""
    with tempfile.TemporaryDirectory() as temporary:
        files = kept.files(Path(temporary))
        shutil.copytree(next(iter(sorted(files.rglob(saved_model.SETTINGS)))).parent, made / KERAS)
    return saved_model.load(made / KERAS)


def _write_onnx(model: saved_model.WaveformModel, made: Path) -> str:
    """Write `model.onnx`, with what computes its input beside it; returns why there is none, where it can't be written."""
    import onnx

    try:
        network = onnx_network(model.network)
    except Lacking:
        raise
    except BenchError as error:
        return str(error)
    inside = onnx_front.can_be_inside(model.space)
    onnx.save(onnx_front.with_front(network, model.space, model.samples) if inside else network, made / ONNX)
    _write_front(made, with_code=not inside)
    return ""


def _write_litert(model: saved_model.WaveformModel, made: Path) -> str:
    """Write `model.tflite`, with what computes its input beside it. Raises: BenchError for a network that can't be written so."""
    (made / LITERT).write_bytes(litert_network(model.network))
    _write_front(made, with_code=True)
    return ""


def _write_front(made: Path, with_code: bool) -> None:
    """Write the front end; with the source that computes features where these are not in the network."""
    shutil.copyfile(front_end.__file__, made / "front_end.py")
    for name in COPIED if with_code else ():
        (made / "code" / "registry" / name).mkdir(parents=True, exist_ok=True)
        for path in sorted((REGISTRY / name).glob("*.py")):
            shutil.copyfile(path, made / "code" / "registry" / name / path.name)


def _about(kept: KeptModel, model: saved_model.WaveformModel, made: Path, form: str) -> dict[str, Any]:
    """What `export.json` says of the model."""
    network, runtime = FORMS[form]
    has_code, there = (made / "code").is_dir(), (made / network).is_file()
    takes = ("features" if has_code else "waveform") if there else KERAS
    (made / "requirements.txt").write_text("\n".join(_needed(takes, model, made, runtime)) + "\n", encoding="utf-8")
    return {"format": FORMAT, "model": kept.name, "run": kept.run.run_id, "input": takes, **({"network": network} if there else {}),
            "emotions": list(model.emotions), "sample_rate": model.space.sample_rate, "samples": model.samples,
            "trim_db": model.space.trim_db, "written_by": f"ser-bench {importlib.metadata.version('ser-bench')}"}


def _needed(takes: str, model: saved_model.WaveformModel, made: Path, runtime: str) -> list[str]:
    """The packages that predict, in their exact versions."""
    runs = [f"{name}=={importlib.metadata.version(name)}" for name in (*SMALL, runtime, *(["librosa"] if takes == "features" else []))]
    if takes == "waveform":
        return runs
    computes = takes == KERAS or model.space.pretrained or (made / KERAS / "source").is_dir()
    return list(dict.fromkeys([*(runs if takes == "features" else []), *(requirements(made / KERAS) if computes else []),
                               *saved_model.packages_of(made / KERAS)]))


def _write_json(made: Path, about: dict[str, Any]) -> None:
    (made / ABOUT).write_text(json.dumps(about, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
