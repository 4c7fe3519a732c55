"""The feature space speech_encoder gives what transformers gives, for small models with random weights; `make encoders` runs all of it."""

from __future__ import annotations

import importlib.util
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from registry import contracts
from registry.core import specification
from registry.encoders import transformers_models
from registry.errors import BenchError, Lacking, UsageError
from registry.feature_space import FeatureSpace
from registry.feature_spaces.speech_encoder import SpeechEncoder

RATE = 16_000
INSTALLED = all(importlib.util.find_spec(package) for package in ("torch", "transformers"))
needs_transformers = pytest.mark.skipif(not INSTALLED, reason="torch and transformers are not installed (they are in the extra encoders)")
SMALL: dict[str, Any] = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32, "conv_dim": (8, 8),
                         "conv_kernel": (10, 3), "conv_stride": (5, 64), "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 2,
                         "num_feat_extract_layers": 2}
KINDS = {"wav2vec2": "Wav2Vec2", "hubert": "Hubert", "wavlm": "WavLM", "data2vec-audio": "Data2VecAudio"}


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of models, and no cache of the hub."""
    for variable, folder in (("BENCH_MODELS", "models"), ("HF_HUB_CACHE", "hub")):
        monkeypatch.setenv(variable, str(tmp_path / folder))
    return tmp_path / "models"


def noise(samples: int) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.1, samples).astype(np.float32)


def saved(folder: Path, kind: str = "hubert", seed: int = 0, **fields: Any) -> Any:
    """A model with random weights, as `save_pretrained` writes it."""
    import torch
    import transformers

    torch.manual_seed(seed)
    configuration = getattr(transformers, f"{KINDS[kind]}Config")(**{**SMALL, **fields})
    model = getattr(transformers, f"{KINDS[kind]}Model")(configuration).eval()
    model.save_pretrained(folder)
    return model


def described(folder: Path, **settings: Any) -> None:
    """A model's description without its weights."""
    folder.mkdir(parents=True)
    fields = {"model_type": "hubert", **{key: SMALL[key] for key in ("hidden_size", "num_hidden_layers", "conv_kernel", "conv_stride")}}
    (folder / "config.json").write_text(json.dumps(fields | settings))


@needs_transformers
@pytest.mark.parametrize("kind", KINDS)
def test_layers_are_those_of_transformers_for_a_waveform_of_mean_0_and_variance_1(kind: str, models: Path) -> None:
    import torch

    model, waveform = saved(models / "lab--tiny", kind), noise(8_000)
    ours = SpeechEncoder(model="lab/tiny", layers=(2, 0))(waveform, RATE)
    heard = (waveform - waveform.mean()) / np.sqrt(waveform.var() + 1e-7)
    with torch.inference_mode():
        states = model(torch.from_numpy(heard[None]), output_hidden_states=True).hidden_states
    np.testing.assert_allclose(ours, np.concatenate([states[2][0], states[0][0]], axis=-1), atol=1e-5)
    assert ours.dtype == np.float32 and ours.shape == SpeechEncoder(model="lab/tiny", layers=(2, 0)).shape(8_000)


@needs_transformers
def test_it_keeps_the_contract_of_features_and_repeats_after_pickling(models: Path) -> None:
    saved(models / "lab--tiny")
    feature = SpeechEncoder(model="lab/tiny", layers=(1,))
    contracts.check_feature(feature)
    again = pickle.loads(pickle.dumps(feature))
    assert again == feature
    np.testing.assert_array_equal(feature(noise(4_000), RATE), again(noise(4_000), RATE))


@needs_transformers
def test_all_layers_are_stored_and_others_cost_nothing(models: Path) -> None:
    saved(models / "lab--tiny")
    feature = SpeechEncoder(model="lab/tiny", layers=(2, 1))
    stored = feature.stored
    assert stored.layers == (0, 1, 2)
    np.testing.assert_array_equal(feature(noise(4_000), RATE), stored(noise(4_000), RATE)[:, feature.columns])


@needs_transformers
def test_a_waveform_is_left_as_it_is_where_the_model_says_so(models: Path) -> None:
    saved(models / "lab--tiny")
    feature = SpeechEncoder(model="lab/tiny", layers=(1,))
    before, digest = feature(noise(4_000), RATE), feature.files_sha256
    (models / "lab--tiny" / "preprocessor_config.json").write_text('{"do_normalize": false}')
    assert feature.files_sha256 != digest
    assert np.abs(feature(noise(4_000), RATE) - before).max() > 1e-4


@needs_transformers
def test_weights_and_version_are_in_the_specification_and_the_model_is_disclosed(models: Path) -> None:
    model = saved(models / "facebook--hubert-base-ls960")
    feature = SpeechEncoder(layers=(1,))
    fields = specification(feature)
    assert fields["files_sha256"] == transformers_models.sha256("facebook/hubert-base-ls960")
    assert fields["package_version"].startswith("transformers==")
    facts = feature.pretrained["facebook/hubert-base-ls960"]
    assert facts["parameters"] == f"{model.num_parameters():,}" and "audiobooks" in facts["trained on"]
    other = fields["files_sha256"]
    saved(models / "facebook--hubert-base-ls960", seed=1)
    assert feature.files_sha256 != other
    assert FeatureSpace(features=(feature,), join="vector").family == "pretrained"


@needs_transformers
def test_damaged_weights_are_an_error_that_names_them(models: Path) -> None:
    saved(models / "lab--tiny")
    weights = models / "lab--tiny" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(BenchError, match=r"lab--tiny can't be read as a model .*: fetch it again"):
        SpeechEncoder(model="lab/tiny", layers=(1,))(noise(4_000), RATE)


@needs_transformers
def test_the_hubs_cache_is_looked_at_after_the_folder_of_models(tmp_path: Path, models: Path) -> None:
    repository = tmp_path / "hub" / "models--lab--tiny"
    saved(repository / "snapshots" / "abc")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("abc")
    assert transformers_models.find("lab/tiny") == repository / "snapshots" / "abc"
    saved(models / "lab--tiny")
    assert transformers_models.find("lab/tiny") == models / "lab--tiny"


def test_frames_are_counted_without_encoding(models: Path) -> None:
    described(models / "lab--tiny")
    (models / "lab--tiny" / "model.safetensors").touch()
    settings = transformers_models.configuration("lab/tiny")
    fewest = transformers_models.fewest_samples(settings)
    assert fewest == 20 and [transformers_models.frames(settings, n) for n in (19, 20, 339, 340, 659, 660)] == [0, 1, 1, 2, 2, 3]
    assert SpeechEncoder(model="lab/tiny", layers=(0, 2)).shape(10) == (1, 32)


def test_a_model_that_is_not_there_is_told_with_what_to_do() -> None:
    with pytest.raises(Lacking, match=r"there is no lab/tiny on this machine: put its config.json, .*hf download lab/tiny"):
        SpeechEncoder(model="lab/tiny").shape(16_000)


def test_weights_that_may_hold_code_are_not_read(models: Path) -> None:
    described(models / "lab--tiny")
    (models / "lab--tiny" / "pytorch_model.bin").touch()
    with pytest.raises(Lacking, match=r"has no model.safetensors: weights in another form are not read, since they may hold code"):
        SpeechEncoder(model="lab/tiny").shape(16_000)


@pytest.mark.parametrize(("settings", "message"), [
    ({"model_type": "bert"}, "speech_encoder reads wav2vec2, .*, and lab/tiny is 'bert'"),
    ({"num_hidden_layers": 7}, "lab/tiny has no layer 8: 0 is what the convolutions give, 1 to 7 are its blocks")])
def test_a_model_of_another_kind_and_a_layer_that_is_not_there_are_errors(settings: dict[str, Any], message: str, models: Path) -> None:
    described(models / "lab--tiny", **settings)
    (models / "lab--tiny" / "model.safetensors").touch()
    with pytest.raises(UsageError, match=message):
        SpeechEncoder(model="lab/tiny").shape(16_000)


@pytest.mark.parametrize(("fields", "message"), [
    ({"model": "../x"}, "must be the name of a model"), ({"model": "a/b/c"}, "must be the name of a model"), ({"layers": ()}, "one layer"),
    ({"layers": (1, 1)}, "differ"), ({"layers": (-1,)}, "negative")])
def test_wrong_fields_are_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        SpeechEncoder(**fields)


def test_another_rate_is_refused_with_what_to_set() -> None:
    with pytest.raises(UsageError, match="hears at 16000 Hz only, not 8000: set the feature space's sample_rate=16000"):
        SpeechEncoder()(noise(800), 8_000)


@pytest.mark.skipif(INSTALLED, reason="torch and transformers are installed")
def test_without_the_extra_it_is_told_what_to_install() -> None:
    with pytest.raises(Lacking, match=r"the packages transformers and torch, .*: pip install 'ser-bench\[encoders\]'"):
        SpeechEncoder()(noise(800), RATE)
    assert SpeechEncoder().package_version == "transformers, not installed"
