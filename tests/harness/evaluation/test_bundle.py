"""A bundle has all that the figures of a report come from, and the same runs give the same bytes."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
from bundled import made, packed, seeds
from untrained_finals import finals

from harness.data.corpora import open_corpus
from harness.evaluation.bundle import bundle_files, write_bundle
from harness.evaluation.study_records import read_record
from harness.reports.study_report import write_report
from harness.tracking.store import Store
from registry.corpora.synthetic import Synthetic
from registry.errors import BenchError, UsageError


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    finals(folder, "width", {2: 0.8})
    return folder


def test_it_has_predictions_settings_curves_splits_openings_and_the_figures() -> None:
    of_seeds = {f"runs/{seed['run_id']}/{name}" for seed in seeds() for name in ("test.csv", "validation.csv", "configuration.json",
                                                                                "history.csv")}
    split, = (name for name in made() if name.startswith("splits/"))
    evals = {f"every_eval_ever/{row}.json" for row in ("00000002", "00000003")}
    assert made().keys() == {*of_seeds, *evals, split, "runs.json", "openings.json", "record.json", "croissant.json", "README.md"}
    assert len(of_seeds) == 16
    head, first, *rest = made()[split].decode().splitlines()
    assert (head, first.split(",")[1], len(rest) + 1) == ("clip,part,speaker,emotion", "train", 240)
    assert all(line.split(",")[0].startswith(f"{line.split(',')[2]}_") and f"_{line.split(',')[3]}_" in line for line in (first, *rest))
    test = made()[f"runs/{seeds()[0]['run_id']}/test.csv"].decode()
    assert test.startswith("clip,speaker,sentence,") and test.splitlines()[0].endswith(",truth,ANG,DIS,FEA,HAP,NEU,SAD")


def test_the_same_runs_give_the_same_bytes_and_the_figures_of_the_page(home: Path, tmp_path: Path) -> None:
    store = Store(home)
    digests = [write_bundle(store, "width", tmp_path / name)[0] for name in ("a.zip", "b.zip")]
    assert digests[0] == digests[1] and (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    page, _ = write_report(store, "width")
    record = json.loads(bundle_files(store.experiment("width"))["record.json"])
    assert record["studies"]["width"] == read_record(page.with_suffix("")).data


def test_without_the_corpus_the_split_has_no_training_clips_and_says_so(home: Path) -> None:
    files = bundle_files(Store(home).experiment("width"))
    split, = (content.decode() for name, content in files.items() if name.startswith("splits/"))
    assert ",train" not in split and ",test" in split and b"training clips were not at hand" in files["README.md"]


def test_a_corpus_that_was_changed_since_is_an_error(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = open_corpus(Synthetic(n_speakers=40, n_sentences=1), None)
    renamed = dataclasses.replace(corpus, clips=tuple(dataclasses.replace(clip, id=f"x{clip.id}") for clip in corpus.clips))
    monkeypatch.setattr("harness.evaluation.bundle.open_corpus", lambda *_: renamed)
    with pytest.raises(BenchError, match=r"is not as it was when run .* was trained .*, or leave out --data"):
        bundle_files(Store(home).experiment("width"), home)


def test_what_can_not_be_bundled_says_why(home: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Did you mean 'width'"):
        write_bundle(Store(home), "widht", tmp_path / "a.zip")
    Store(tmp_path).experiment("empty")
    with pytest.raises(BenchError, match="empty has no finals yet"):
        write_bundle(Store(tmp_path), "empty", tmp_path / "a.zip")
    lost = tmp_path / "lost"
    finals(lost, "width", {2: 0.8}, seeds=1)
    next((lost / "mlartifacts").rglob("test/predictions.csv")).unlink()
    with pytest.raises(BenchError, match="the store has lost the test predictions of seed 0: bring the files back"):
        write_bundle(Store(lost), "width", tmp_path / "a.zip")
    assert not (tmp_path / "a.zip").exists()
    shutil.rmtree(lost)


def test_a_file_that_was_there_is_replaced_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_text("old")
    assert packed(tmp_path / "a.zip").read_bytes()[:2] == b"PK" and [path.name for path in tmp_path.iterdir()] == ["a.zip"]
