"""Of each protocol the best models are kept in MLflow, with the figures of their runs and exact requirements."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from calls import Ran
from copied_home import copied_home
from mlflow_client import client_of, runs_of

from harness.tracking.models import requirements
from harness.tracking.store import Store
from harness.training.saved_model import SETTINGS


def test_of_each_protocol_the_model_with_the_best_validation_uar_is_kept_and_the_files_of_others_are_gone(ran: Ran) -> None:
    seeds = runs_of(client_of(ran.home))["seed"]
    for split in {run.data.tags["bench.split"] for run in seeds}:
        protocol = [run for run in seeds if run.data.tags["bench.split"] == split]
        keeps = [run for run in protocol if run.data.tags.get("bench.model")]
        assert len(keeps) == 1
        assert keeps[0].data.metrics["validation/uar"] == max(run.data.metrics["validation/uar"] for run in protocol)
    assert len(list((ran.home / "mlartifacts").rglob("model.keras"))) == 2


def test_the_figures_of_its_run_stand_beside_it_and_are_in_the_run_once(ran: Ran) -> None:
    client = client_of(ran.home)
    for run in (run for run in runs_of(client)["seed"] if run.data.tags.get("bench.model")):
        model = client.get_logged_model(run.data.tags["bench.model"].removeprefix("models:/"))
        beside = {metric.key: metric.value for metric in model.metrics}
        assert beside == {key: value for key, value in run.data.metrics.items() if not key.startswith(("epoch/", "system/"))}
        assert len(client.get_metric_history(run.info.run_id, "test/uar")) == 1


def test_a_model_whose_files_the_store_has_lost_has_none(ran: Ran, tmp_path: Path) -> None:
    home = copied_home(ran.home, tmp_path / "home")
    tracker = Store(home).experiment("tiny_study")
    kept = next(record for record in tracker.records("seed") if record.about.model)
    assert tracker.models.files(kept, tmp_path / "before") is not None
    for folder in home.glob("mlartifacts/*/models"):
        shutil.rmtree(folder)
    assert tracker.models.files(kept, tmp_path / "after") is None


def test_its_requirements_are_exact_versions(ran: Ran) -> None:
    path = next((ran.home / "mlartifacts").rglob("requirements.txt"))
    lines = path.read_text().split()
    assert {line.partition("==")[0] for line in lines} >= {"keras", "tensorflow", "librosa", "numpy"}
    assert all("==" in line for line in lines)


def test_the_packages_that_compute_its_features_are_among_its_requirements(tmp_path: Path) -> None:
    features = [{"component": "egemaps", "version": 1, "package_version": "opensmile==2.6.0"}, {"component": "rms", "version": 1}]
    (tmp_path / SETTINGS).write_text(json.dumps({"feature_space": {"features": features}}), encoding="utf-8")
    lines = requirements(tmp_path)
    assert lines[-1] == "opensmile==2.6.0" and lines[:-1] == [line for line in lines if not line.startswith("opensmile")]


def test_a_model_that_was_registered_by_hand_is_people_s_and_one_deleted_by_hand_is_no_fault(ran: Ran, tmp_path: Path) -> None:
    tracker = Store(copied_home(ran.home, tmp_path / "home")).experiment("tiny_study")
    first, second = [record for record in tracker.records("seed") if record.about.model]
    assert not tracker.models.is_registered(first)
    tracker.client.create_registered_model("ours")
    tracker.client.create_model_version("ours", first.about.model, first.run_id)
    assert tracker.models.is_registered(first) and not tracker.models.is_registered(second)
    tracker.client.delete_logged_model(second.about.model.removeprefix("models:/"))
    tracker.models.forget(second)
    assert not tracker.record(second.run_id).about.model
