"""`bench models`: what is pinned, fetched whole or not at all, found again, and told where it lacks."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from calls import TINY, Outcome, bench
from encoder_files import random_encoder, write_model_bin, write_safetensors
from web_of_corpora import Web, serve

from registry.encoders.models import PINNED, pinned
from registry.encoders.weights import models_folder

NAME = "whisper-tiny.en"
PUBLISHED = "/Systran/faster-whisper-tiny.en/resolve/0d3d19a32d3338f10357c0889762bd8d64bbdeba/model.bin"


@pytest.fixture(autouse=True)
def content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A small encoder stands for the published one, on a machine without weights; returns its file's content."""
    whole = write_model_bin(tmp_path / "published.bin", random_encoder(blocks=1)).read_bytes()
    model = dataclasses.replace(pinned(NAME), sha256=hashlib.sha256(whole).hexdigest(), bytes=len(whole), package=None)
    monkeypatch.setitem(PINNED, NAME, model)
    monkeypatch.setenv("BENCH_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    for variable in ("HF_HUB_OFFLINE", "HF_ENDPOINT"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("harness.data.download.PAUSE_S", 0.01)
    return whole


@pytest.fixture
def web(content: bytes) -> Iterator[Web]:
    served = Web(files={PUBLISHED: content})
    server = serve(served)
    yield served
    server.shutdown()
    server.server_close()


def pulled(web: Web, *more: str) -> Outcome:
    return bench("models", "pull", NAME, "--mirror", web.address, "--quiet", *more)


def test_a_pull_puts_the_published_file_into_the_folder_of_models_once(web: Web, content: bytes, tmp_path: Path) -> None:
    outcome = pulled(web)
    place = tmp_path / "models" / NAME / "model.bin"
    assert outcome.code == 0 and outcome.out.startswith(f"{NAME}: {place}, ") and "as pinned" in outcome.out
    assert place.read_bytes() == content and not (place.parent / ".bench-download").exists()
    assert pulled(web).out == outcome.out and len(web.asked) == 1


def test_a_pull_that_broke_off_goes_on_where_it_was(web: Web, content: bytes, tmp_path: Path) -> None:
    web.misbehave(PUBLISHED, ["break"])
    assert pulled(web).code == 0 and (tmp_path / "models" / NAME / "model.bin").read_bytes() == content
    assert web.asked[1][1] is not None and web.sent[PUBLISHED] < 1.5 * len(content)  # the last block is sent again


def test_another_file_than_the_pinned_one_is_not_kept(web: Web, tmp_path: Path) -> None:
    web.misbehave(PUBLISHED, ["wrong"] * 9)
    outcome = pulled(web)
    assert outcome.code == 1 and "is not what was published" in outcome.err and "Traceback" not in outcome.err
    assert list((tmp_path / "models").rglob("model.bin*")) == []


def test_nothing_is_fetched_where_the_hub_is_offline_but_what_is_there_counts(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    outcome = pulled(web)
    assert outcome.code == 1 and "HF_HUB_OFFLINE is set, so whisper-tiny.en is not fetched: unset it, or put model.bin of" in outcome.err
    monkeypatch.delenv("HF_HUB_OFFLINE")
    assert pulled(web).code == 0
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert pulled(web).code == 0 and len(web.asked) == 1


def test_the_hub_s_own_variable_names_a_mirror(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", web.address)
    assert bench("models", "pull", NAME, "--quiet").code == 0 and [path for path, _ in web.asked] == [PUBLISHED]


def test_the_list_says_what_a_model_was_trained_on_and_its_licence() -> None:
    outcome = bench("models", "list")
    assert outcome.code == 0 and NAME in outcome.out and "MIT" in outcome.out and "438,000 hours" in outcome.out
    assert bench("models", "list", "nope").code == 2


def state_of(outcome: Outcome) -> dict[str, str]:
    rows = [line[1:].replace(" ", "").split("│") for line in outcome.out.splitlines() if line.startswith("│")]
    return {cells[0]: cells[1] for cells in rows}


def test_the_status_names_what_is_pinned_and_what_lies_in_the_folder_and_a_wrong_file_ends_it_with_1(tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    write_safetensors(folder / "whisper-mine" / "model.safetensors", random_encoder(blocks=1))
    outcome = bench("models", "status", "--models", folder)
    assert outcome.code == 0 and state_of(outcome) == {NAME: "absent", "whisper-mine": "notpinned"} and str(folder) in outcome.out
    assert os.environ["BENCH_MODELS"] == str(folder) == str(models_folder())
    write_model_bin(folder / NAME / "model.bin", random_encoder(seed=2))
    outcome = bench("models", "status", NAME)
    assert outcome.code == 1 and state_of(outcome) == {NAME: "wrong"}


def test_a_run_without_the_weights_ends_before_any_clip_is_read_with_the_command_that_fetches_them(tmp_path: Path) -> None:
    study = tmp_path / "heard.py"
    study.write_text(TINY.read_text(encoding="utf-8").replace("ZeroCrossingRate(), Energy()", "Whisper(),").replace(
        "from registry.feature_spaces.zcr", "from registry.feature_spaces.whisper import Whisper\nfrom registry.feature_spaces.zcr"))
    outcome = bench("run", "--study", study, "--home", tmp_path / "home")
    assert outcome.code == 1 and "`bench models pull whisper-tiny.en` fetches them" in outcome.err and "Traceback" not in outcome.err
    assert not list((tmp_path / "home").rglob("features/*"))
