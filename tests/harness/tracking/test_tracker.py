"""What MLflow holds after a run: a tree with true ends, parameters that vary, curves, files, datasets, and where it all came from."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from calls import TINY, Ran, bench
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow_client import client_of, runs_of
from mlflow_server import Server
from tiny_study import STUDY

from harness.data.corpora import open_corpus
from harness.study.cells import plan
from harness.tracking.run_record import RunTags
from harness.tracking.store import Store
from registry.core import canonical

TABLES = {"classification_report.txt", "confusion_matrix.csv", "confusion_matrix.png", "predictions.csv"}


@pytest.fixture(scope="module")
def client(ran: Ran) -> MlflowClient:
    return client_of(ran.home)


def files_of(client: MlflowClient, run: Run, folder: str | None = None) -> set[str]:
    return {Path(entry.path).name for entry in client.list_artifacts(run.info.run_id, folder)}


@pytest.fixture(scope="module")
def runs(client: MlflowClient) -> dict[str, list[Run]]:
    return runs_of(client)


def test_trials_and_finals_lie_below_their_study_and_seeds_below_their_final(runs: dict[str, list[Run]]) -> None:
    assert {kind: len(found) for kind, found in runs.items()} == {"study": 1, "trial": 4, "final": 2, "seed": 4}
    top, = runs["study"]
    assert "mlflow.parentRunId" not in top.data.tags
    assert {r.data.tags["mlflow.parentRunId"] for r in runs["trial"] + runs["final"]} == {top.info.run_id}
    finals = [r.info.run_id for r in runs["final"]]
    assert [r.data.tags["mlflow.parentRunId"] for r in runs["seed"]] == [finals[0], finals[0], finals[1], finals[1]]


def test_every_run_has_ended_as_what_it_was(runs: dict[str, list[Run]]) -> None:
    assert all(r.info.status == "FINISHED" and r.data.tags["bench.state"] == "finished" for found in runs.values() for r in found)
    assert all(r.info.end_time >= r.info.start_time for found in runs.values() for r in found)


def test_parameters_are_features_network_and_protocol_and_what_the_study_varies(runs: dict[str, list[Run]]) -> None:
    expected = {"feature_space", "architecture", "protocol", "training.learning_rate"}
    assert all(set(r.data.params) == expected for r in runs["trial"] + runs["final"])
    assert [r.data.params["seed"] for r in runs["seed"]] == ["0", "1", "0", "1"]


def test_names_are_short_and_show_what_differs(runs: dict[str, list[Run]]) -> None:
    protocols = ["random_80_20", "unseen_speakers_80_20"]
    names = {kind: sorted(r.info.run_name for r in found) for kind, found in runs.items()}
    assert names["trial"] == sorted(f"plain_1d trial {number} · {protocol}" for number in (1, 2) for protocol in protocols)
    assert names["seed"] == sorted(f"plain_1d seed {seed} · {protocol}" for seed in (0, 1) for protocol in protocols)
    assert names["final"] == [f"plain_1d ★ chosen · {protocol}" for protocol in protocols]


def test_the_study_s_own_run_carries_what_its_best_cells_reached(runs: dict[str, list[Run]]) -> None:
    finals = {r.data.tags["bench.split"]: r.data.metrics for r in runs["final"]}
    reached = {name: value for name, value in runs["study"][0].data.metrics.items() if not name.split("/")[1].startswith("search_")}
    assert reached == {f"{split}/{part}_uar": metrics[f"{part}/uar"]
                       for split, metrics in finals.items() for part in ("validation", "test")}


def test_a_trial_of_the_search_has_no_test_figure_and_a_final_s_seed_has_all(runs: dict[str, list[Run]]) -> None:
    figures = {"wa", "uar", "macro_f1", "loss"}
    for run in runs["trial"]:
        assert {f"validation/{figure}" for figure in figures} <= set(run.data.metrics)
        assert not [key for key in run.data.metrics if key.startswith("test/")]
    for run in runs["seed"]:
        assert {f"{part}/{figure}" for part in ("validation", "test") for figure in figures} <= set(run.data.metrics)


def test_curves_have_a_point_for_each_epoch_and_the_kept_one_has_a_name_of_its_own(client: MlflowClient,
                                                                                  runs: dict[str, list[Run]]) -> None:
    for run in runs["trial"] + runs["seed"]:
        curve = client.get_metric_history(run.info.run_id, "epoch/validation_uar")
        assert [point.step for point in curve] == [1, 2]
        kept = int(run.data.metrics["best_epoch"])
        assert run.data.metrics["validation/uar"] == pytest.approx(max(p.value for p in curve)) == pytest.approx(curve[kept - 1].value)
        assert run.data.metrics["seconds/fit"] > 0 and run.data.metrics["parameters"] == 90


def test_a_final_carries_the_mean_and_deviation_of_its_seeds(runs: dict[str, list[Run]]) -> None:
    for i, final in enumerate(runs["final"]):
        values = [r.data.metrics["test/uar"] for r in runs["seed"][2 * i : 2 * i + 2]]
        assert final.data.metrics["test/uar"] == pytest.approx(sum(values) / 2)
        assert final.data.metrics["test/uar_sd"] == pytest.approx(abs(values[0] - values[1]) / 2**0.5)


def test_files_of_the_test_part_are_with_the_seeds_only(client: MlflowClient, runs: dict[str, list[Run]]) -> None:
    common = {"configuration.json", "history.csv", "learning_curves.png", "validation", "emotions.json"}
    assert all(files_of(client, run) == common for run in runs["trial"])
    assert all(files_of(client, run) == common | {"test", "clips.json", "images"} for run in runs["seed"])
    for run in runs["trial"]:
        table = json.loads(Path(client.download_artifacts(run.info.run_id, "emotions.json")).read_text(encoding="utf-8"))
        assert {row[0] for row in table["data"]} == {"validation"}
    assert all(files_of(client, run, part) == TABLES for run in runs["seed"] for part in ("validation", "test"))


def test_everything_lies_below_the_home(ran: Ran, runs: dict[str, list[Run]]) -> None:
    root = ran.home.resolve().as_uri()
    assert all(run.info.artifact_uri.startswith(f"{root}/mlartifacts/tiny_study/") for found in runs.values() for run in found)
    assert {path.name for path in ran.home.iterdir()} >= {"mlflow.db", "optuna.db", "mlartifacts", "reports", ".bench"}


def test_the_predictions_are_one_row_a_clip_and_agree_with_the_figures(client: MlflowClient, runs: dict[str, list[Run]],
                                                                      tmp_path: Path) -> None:
    for run in runs["seed"]:
        path = client.download_artifacts(run.info.run_id, "test/predictions.csv", str(tmp_path))
        with Path(path).open(newline="") as file:
            rows = list(csv.DictReader(file))
        clips = dict(part.split(" ") for part in run.data.tags["bench.clips"].split(", "))
        assert len(rows) == int(clips["test"]) == len({row["clip"] for row in rows})
        assert set(rows[0]) == {"clip", "speaker", "sentence", "level", "sex", "truth", *STUDY.corpus.emotions}
        right = [max(STUDY.corpus.emotions, key=lambda e: float(row[e])) == row["truth"] for row in rows]
        assert run.data.metrics["test/wa"] == pytest.approx(sum(right) / len(rows))


def test_the_signature_is_the_hash_of_the_configuration_that_lies_beside_it(client: MlflowClient, runs: dict[str, list[Run]],
                                                                           tmp_path: Path) -> None:
    signatures = []
    for run in runs["trial"] + runs["seed"]:
        configuration = json.loads(Path(client.download_artifacts(run.info.run_id, "configuration.json", str(tmp_path))).read_text())
        signatures.append(hashlib.sha256(canonical(configuration).encode()).hexdigest()[:16])
        assert run.data.tags["bench.signature"] == signatures[-1]
    assert len(set(signatures)) == 8


def test_every_run_tells_its_datasets_by_the_fingerprint_of_its_split(runs: dict[str, list[Run]]) -> None:
    corpus = open_corpus(STUDY.corpus, None)
    splits = {cell.base.split.name: cell.base.split(corpus) for cell in plan(STUDY, corpus.fingerprint)}
    for run in runs["trial"] + runs["seed"]:
        split = splits[run.data.tags["bench.split"]]
        assert run.data.tags["bench.split_fingerprint"] == split.fingerprint(corpus)
        assert run.inputs is not None
        found = {entry.tags[0].value: entry.dataset for entry in run.inputs.dataset_inputs}
        parts = {"train", "validation"} | ({"test"} if run.data.tags["bench.kind"] == "seed" else set())
        assert set(found) == parts
        assert {data.digest for data in found.values()} == {split.fingerprint(corpus)[:16]}
        for part, data in found.items():
            assert json.loads(data.profile or "{}")["clips"] == split.counts[part]


def test_every_run_tells_commit_versions_hardware_and_corpus(runs: dict[str, list[Run]]) -> None:
    for run in runs["trial"] + runs["seed"]:
        tags = run.data.tags
        assert re.fullmatch(r"unknown|[0-9a-f]{7,40}(-dirty)?", tags["bench.commit"])
        assert re.search(r"keras \d+\.\d+.*mlflow \d+\.\d+", tags["bench.versions"])
        assert re.match(r"\d+ cores, \d+ GB, \w+", tags["bench.hardware"])
        assert tags["bench.coverage"] == "48 clips: synthetic" and tags["bench.corpus"] == "synthetic"


def test_a_run_of_a_dead_process_ends_as_killed_and_one_of_a_living_process_goes_on(tmp_path: Path) -> None:
    tracker = Store(tmp_path).experiment("tiny")
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    mine, dead, far = (tracker.start("trial", name, None, RunTags()) for name in ("mine", "dead", "far"))
    tracker.tag(dead, RunTags(pid=str(gone.pid)))
    tracker.tag(far, RunTags(pid=str(gone.pid), host=f"not-{socket.gethostname()}"))
    assert tracker.reconcile() == 1
    states = {record.run_id: record.state for record in tracker.records()}
    assert states == {mine: "running", dead: "killed", far: "running"}
    assert client_of(tmp_path).get_run(dead).info.status == "KILLED"


@pytest.mark.slow
def test_a_study_runs_against_a_server(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.address)
    outcome = bench("run", "--study", TINY, "--home", tmp_path / "home", "--split", "unseen_speakers_80_20", "--trials", 1, "--seeds", 0)
    assert outcome.code == 0, outcome.err
    client = MlflowClient(server.address)
    runs = runs_of(client)
    assert {kind: [r.info.status for r in found] for kind, found in runs.items()} == {
        kind: ["FINISHED"] for kind in ("study", "trial", "final", "seed")}
    assert files_of(client, runs["seed"][0], "test") == TABLES
    assert runs["seed"][0].data.tags["bench.model"].startswith("models:/")
    assert not (tmp_path / "home" / "mlflow.db").exists()
    assert "Most confused:" in (tmp_path / "home" / "reports" / "tiny_study.md").read_text()
