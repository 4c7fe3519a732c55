"""The feature space whisper: what a user sees of it, with small encoders of random weights in a folder of models."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from encoder_files import random_encoder, write_model_bin, write_safetensors

from registry import contracts
from registry.core import canonical, differing, short_label, specification
from registry.encoders.models import PINNED, pinned
from registry.encoders.weights import sha256_of
from registry.errors import BenchError, Lacking, UsageError
from registry.feature_space import FeatureSpace
from registry.feature_spaces.whisper import Whisper

SMALL = Whisper(model="small-test", layers=(1, 3))


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of models with a small one of two blocks, and nothing elsewhere."""
    for variable in ("BENCH_MODELS", "HF_HUB_CACHE"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    monkeypatch.setitem(PINNED, "whisper-tiny.en", dataclasses.replace(pinned("whisper-tiny.en"), package=None))
    write_safetensors(tmp_path / "BENCH_MODELS" / "whisper-small-test" / "model.safetensors", random_encoder())
    return tmp_path / "BENCH_MODELS"


def noise(samples: int) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.1, samples).astype(np.float32)


def test_it_keeps_the_contract_of_features() -> None:
    contracts.check_feature(SMALL)


def test_it_is_one_feature_of_a_feature_space() -> None:
    space = FeatureSpace(features=(SMALL,), join="channels", duration_s=1.0)
    assert space.silent_shape(16_000) == (50, 128)
    assert space.extract(noise(10_000), 16_000, 16_000).shape == (50, 128)


def test_the_layers_of_a_component_are_columns_of_the_stored_one() -> None:
    assert SMALL.stored.layers == (0, 1, 2, 3) and SMALL.stored.stored == SMALL.stored
    everything = SMALL.stored(noise(5_000), 16_000)
    for chosen in (SMALL, dataclasses.replace(SMALL, layers=(3, 0))):
        np.testing.assert_array_equal(everything[:, chosen.columns], chosen(noise(5_000), 16_000))
    tiny = Whisper(layers=(5, 0))  # pinned: no file is needed
    assert len(tiny.stored.columns) == 6 * 384 and tiny.columns.tolist() == [*range(5 * 384, 6 * 384), *range(384)]


def test_the_digest_of_the_weights_is_in_the_specification(models: Path) -> None:
    file = models / "whisper-small-test" / "model.safetensors"
    before = specification(SMALL)
    assert before == {"component": "whisper", "version": 1, "files_sha256": sha256_of(file), "model": "small-test", "layers": [1, 3]}
    write_safetensors(file, random_encoder(seed=1))
    assert canonical(specification(SMALL)) != canonical(before)
    assert specification(Whisper())["files_sha256"] == pinned("whisper-tiny.en").sha256
    assert "sha256" not in short_label(SMALL) and differing(Whisper()) == {}


def test_a_layer_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(UsageError, match=r"Whisper tiny.en has no layer 6, 7: .* 1 to 4 are its blocks, 5 is the last one after"):
        Whisper(layers=(7, 2, 6)[::-1])
    with pytest.raises(UsageError, match=r"has no layer 4: .* 1 to 2 are its blocks"):
        Whisper(model="small-test", layers=(4,))(noise(1_000), 16_000)


@pytest.mark.parametrize(("fields", "message"), [
    ({"layers": ()}, "one layer at least"), ({"layers": (2, 2)}, "must differ"), ({"layers": (-1,)}, "must not be negative"),
    ({"layers": (1.5,)}, "must be int"), ({"model": "../tiny"}, "name of a size"), ({"model": ""}, "name of a size")])
def test_wrong_fields_are_refused(fields: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Whisper(**fields)  # type: ignore[arg-type]


def test_another_rate_is_refused_with_what_to_set() -> None:
    with pytest.raises(UsageError, match="16000 Hz only, not 22050: set the feature space's sample_rate=16000"):
        SMALL(noise(22_050), 22_050)


def test_weights_that_lack_are_no_broken_rule() -> None:
    with pytest.raises(Lacking, match=r"^the weights of whisper-tiny.en are not on this machine: `bench models pull whisper-tiny.en`"):
        contracts.check_feature(Whisper())
    with pytest.raises(Lacking, match="openai/whisper-base"):
        specification(Whisper(model="base"))


def test_another_file_than_the_pinned_one_is_not_read(models: Path) -> None:
    write_model_bin(models / "whisper-tiny.en" / "model.bin", random_encoder())
    with pytest.raises(BenchError, match=r"is not the published file of whisper-tiny\.en"):
        Whisper()(noise(1_000), 16_000)


def test_its_shape_in_a_space_is_known_without_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registry.encoders.whisper.encode", lambda *_: pytest.fail("a clip was encoded"))
    bands = 2 * 64
    for join, shape in (("channels", (150, bands)), ("image", (150, bands, 1)), ("vector", (4 * bands,))):
        space = FeatureSpace(features=(SMALL,), join=join, statistics=("mean", "quartiles"))  # type: ignore[arg-type]
        assert space.silent_shape(3 * 16_000) == shape
