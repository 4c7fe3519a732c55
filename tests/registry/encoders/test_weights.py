"""Where weights are looked for, how they are known, and what is said where they lack."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
from pathlib import Path

import pytest

from registry.encoders import weights
from registry.encoders.models import PINNED, pinned
from registry.errors import BenchError, Lacking, UsageError

NAME = "whisper-tiny.en"
CONTENT = b"what is published"


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without weights; `CONTENT` is what is pinned. Returns the folder of models."""
    model = dataclasses.replace(pinned(NAME), sha256=hashlib.sha256(CONTENT).hexdigest(), package=("bench_test_weights", "model/model.bin"))
    monkeypatch.setitem(PINNED, NAME, model)
    monkeypatch.setenv("BENCH_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "models"


def put(path: Path, content: bytes = CONTENT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_the_folder_of_models_comes_before_the_hub_s_cache_and_that_before_an_installed_package(
        models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    put(tmp_path / "bench_test_weights" / "__init__.py", b"raise SystemExit('it is not imported')")
    importlib.invalidate_caches()
    revision = "0d3d19a32d3338f10357c0889762bd8d64bbdeba"
    for path in (tmp_path / "bench_test_weights" / "model" / "model.bin",
                 tmp_path / "hub" / "models--Systran--faster-whisper-tiny.en" / "snapshots" / revision / "model.bin",
                 models / "tiny.en" / "model.bin", models / NAME / "model.bin"):
        put(path)
        assert weights.find(NAME) == path
        assert weights.state(NAME)[:3] == (NAME, "as pinned", str(path))


def test_the_hub_s_cache_is_found_as_its_own_library_finds_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    expected = Path("models--Systran--faster-whisper-tiny.en") / "snapshots" / pinned(NAME).revision / "model.bin"
    for variable, hub in (("XDG_CACHE_HOME", "huggingface/hub"), ("HF_HOME", "hub"), ("HF_HUB_CACHE", "")):
        monkeypatch.delenv("HF_HUB_CACHE", raising=False)
        monkeypatch.setenv(variable, str(tmp_path / variable))
        assert tmp_path / variable / hub / expected in list(weights.places(NAME))


def test_a_pinned_digest_is_known_without_the_file_and_one_of_a_local_folder_is_computed(models: Path) -> None:
    assert weights.sha256(NAME) == hashlib.sha256(CONTENT).hexdigest()
    path = put(models / "whisper-mine" / "model.safetensors", b"mine")
    assert weights.sha256("whisper-mine") == hashlib.sha256(b"mine").hexdigest()
    assert weights.state("whisper-mine") == ("whisper-mine", "not pinned", str(path), "0.0", hashlib.sha256(b"mine").hexdigest()[:12] + "…")
    put(path, b"changed")
    assert weights.sha256("whisper-mine") == hashlib.sha256(b"changed").hexdigest()


def test_a_file_is_read_for_its_digest_once_while_it_stays_the_same(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(models / NAME / "model.bin")
    weights._digest.cache_clear()
    assert [weights.verified(NAME) for _ in range(3)] == [models / NAME / "model.bin"] * 3
    assert weights._digest.cache_info().misses == 1


def test_another_file_than_the_pinned_one_is_refused_and_left_alone(models: Path) -> None:
    path = put(models / NAME / "model.bin", b"something else")
    found = hashlib.sha256(b"something else").hexdigest()
    with pytest.raises(BenchError, match=rf"is not the published file .* {found}, and .* is pinned\. It was left as it is; .* pull "):
        weights.verified(NAME)
    assert path.read_bytes() == b"something else" and weights.state(NAME).state == "wrong"


def test_what_the_hub_s_cache_calls_main_is_taken_of_models_that_are_not_pinned(tmp_path: Path) -> None:
    repository = tmp_path / "hub" / "models--openai--whisper-base"
    put(repository / "snapshots" / "old" / "model.safetensors")
    with pytest.raises(Lacking):
        weights.find("whisper-base")
    path = put(repository / "snapshots" / "new" / "model.safetensors")
    put(repository / "refs" / "main", b"new\n")
    assert weights.verified("whisper-base") == path


def test_where_weights_lack_the_message_has_the_command_and_the_places(models: Path) -> None:
    with pytest.raises(Lacking, match=r"`bench models pull whisper-tiny.en` fetches them \(76 MB\).*--models DIR or BENCH_MODELS"):
        weights.verified(NAME)
    with pytest.raises(Lacking, match=r"no pinned address .* put model.safetensors or model.bin into .*models/whisper-large-v3.*"
                                      "openai/whisper-large-v3 or Systran/faster-whisper-large-v3"):
        weights.find("whisper-large-v3")
    assert weights.state(NAME).state == "absent" and not models.exists()


def test_every_pinned_model_has_a_whole_digest_an_encrypted_address_and_says_what_it_was_trained_on() -> None:
    for name, model in PINNED.items():
        (file,) = model.source.files
        assert file.url.startswith("https://") and len(model.revision) == 40 and len(model.sha256) == 64 and file.size == model.bytes
        assert model.source.title == name and all(model.facts.values())
        assert {"licence", "trained on", "overlap with corpora"} <= model.facts.keys()
    with pytest.raises(UsageError, match=r"Did you mean 'whisper-tiny\.en'"):
        pinned("whisper-tiny")
