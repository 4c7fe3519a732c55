"""The description of a bundle's tables: what mlcroissant reads by it is what the tables say, and a changed table is found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from bundled import made, seeds, unpacked

from harness.evaluation.bundled_runs import BundledRuns, place
from harness.evaluation.croissant import CROISSANT, described, other_files


def test_it_lists_each_split_and_each_prediction_with_its_hash_and_columns() -> None:
    document = json.loads(made()[CROISSANT])
    tables = {name for name in made() if name.endswith(".csv") and not name.endswith("history.csv")}
    assert {each["contentUrl"] for each in document["distribution"]} == tables and len(tables) == 9
    assert document["license"] == ["synthetic[n_speakers=40, n_sentences=1]: none needed: computed"]
    records = {each["@id"]: each for each in document["recordSet"]}
    assert len(records) == 9
    split, = (each for key, each in records.items() if key.startswith("splits/"))
    assert [field["name"] for field in split["field"]] == ["clip", "part", "speaker", "emotion"]
    test = records[place(seeds()[0]["run_id"], "test")]
    assert [field["name"] for field in test["field"] if field["dataType"] == "sc:Float"] == ["ANG", "DIS", "FEA", "HAP", "NEU", "SAD"]
    assert test["description"].startswith("Predictions of seed 0 of ") and "test part of unseen_speakers_80_20" in test["description"]


def test_the_licence_is_that_of_each_corpus_and_a_corpus_of_ones_own_has_none_that_is_known() -> None:
    runs = json.loads(made()["runs.json"])
    corpora = ("crema_d", "combined[corpora=('ravdess', 'savee')]", "mine", "mine")
    for run, corpus in zip((run for run in runs if run["kind"] == "seed"), corpora, strict=True):
        run["tags"]["bench.corpus_label"] = corpus
    files = made() | {"runs.json": json.dumps(runs).encode()}
    document = json.loads(described("width", files, BundledRuns("width", files).records("seed")))
    assert document["license"] == [
        "combined[corpora=('ravdess', 'savee')]: ravdess: CC BY-NC-SA 4.0; savee: for research, on request from its authors",
        "crema_d: Open Database Licence 1.0; contents: Database Contents Licence 1.0", "mine: not known"]
    assert "Cao" in document["citeAs"] and "Livingstone" in document["citeAs"]


def test_a_table_that_is_missing_or_was_changed_is_named() -> None:
    split, = (name for name in made() if name.startswith("splits/"))
    assert other_files(made()[CROISSANT], made()) == (9, [])
    assert other_files(made()[CROISSANT], made() | {split: b""})[1] == [f"{CROISSANT} says that {split} has another SHA-256"]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    mlcroissant = pytest.importorskip("mlcroissant")
    folder = unpacked(tmp_path_factory.mktemp("bundle"))
    return folder, mlcroissant.Dataset(str(folder / CROISSANT))


def read(dataset: Any, key: str) -> list[dict[str, Any]]:
    """The records of a set, by the last part of their names, texts decoded."""
    return [{name.rpartition("/")[2]: value.decode() if isinstance(value, bytes) else value for name, value in record.items()}
            for record in dataset.records(key)]


def test_mlcroissant_finds_no_fault_in_it_and_reads_the_split(dataset: tuple[Path, Any]) -> None:
    issues = dataset[1].metadata.ctx.issues
    assert not issues.errors and {"citeAs" in text for text in issues.warnings} == {True}  # synthetic clips have no paper
    split, = (name for name in made() if name.startswith("splits/"))
    records = read(dataset[1], split.removesuffix(".csv"))
    head, *lines = made()[split].decode().splitlines()
    assert [",".join(record[column] for column in head.split(",")) for record in records] == lines and len(lines) == 240
    assert {record["part"] for record in records} == {"train", "validation", "test"}


def test_mlcroissant_reads_predictions_whose_recall_is_that_of_the_report(dataset: tuple[Path, Any]) -> None:
    emotions = ["ANG", "DIS", "FEA", "HAP", "NEU", "SAD"]
    records = read(dataset[1], place(seeds()[0]["run_id"], "test"))
    right = {emotion: [max(emotions, key=lambda name: each[name]) == emotion for each in records if each["truth"] == emotion]
             for emotion in emotions}
    assert sum(sum(of_one) / len(of_one) for of_one in right.values()) / 6 == pytest.approx(seeds()[0]["metrics"]["test/uar"])
    assert {each["speaker"] for each in records} == {line.split(",")[1] for line in
                                                     made()[place(seeds()[0]["run_id"], "test.csv")].decode().splitlines()[1:]}


def test_mlcroissant_refuses_a_table_that_was_changed(dataset: tuple[Path, Any]) -> None:
    key = place(seeds()[1]["run_id"], "validation")
    path = dataset[0] / f"{key}.csv"
    path.write_text(path.read_text().replace("S09", "S08", 1))
    with pytest.raises(Exception, match="during the operation Download") as raised:
        read(dataset[1], key)
    assert "is not identical" in str(raised.value.__cause__)
