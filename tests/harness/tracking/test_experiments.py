"""A store that people use by hand, too: what they made, renamed or deleted is told with the way out, and their own runs are left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_finals import record, said
from web_server import answering

from harness.tracking.experiments import find_experiment, shell_command, why_missing
from harness.tracking.run_record import RunTags
from harness.tracking.store import Store
from registry.errors import BenchError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("by hand")


@pytest.fixture
def store(folder: Path) -> Store:
    return Store(folder)


def test_an_experiment_that_bench_did_not_make_is_used_once_it_is_adopted(store: Store) -> None:
    made = store.client.create_experiment("theirs")
    with pytest.raises(BenchError, match=rf"'theirs' \(id {made}\) was not made by bench, .*add --adopt .*; or give the study another"):
        store.experiment("theirs")
    assert "theirs" not in store.studies() and store.client.get_experiment(made).tags == {}
    assert Store(store.home, adopt=True).experiment("theirs").adopted.endswith(made)
    assert store.experiment("theirs").experiment_id == made and store.studies() == ["theirs"]


def test_an_experiment_of_another_kind_is_never_adopted(folder: Path) -> None:
    Store(folder).experiment("leakage-x", "leakage")
    with pytest.raises(BenchError, match="holds what `bench leakage` measured, not the runs of a study: give the study another name"):
        Store(folder, adopt=True).experiment("leakage-x")


def test_a_deleted_experiment_is_told_with_both_commands_that_bring_it_back(store: Store) -> None:
    number = store.experiment("gone").experiment_id
    store.client.delete_experiment(number)
    command = rf"MLFLOW_TRACKING_URI='?sqlite.*:////.*/mlflow\.db'? mlflow experiments restore -x {number}`"
    for look in (store.experiment, store.check_experiment):
        with pytest.raises(BenchError, match=rf"'gone' .* was deleted in MLflow: `bench restore gone` brings it back .*{command}"):
            look("gone")
    assert "bench restore gone" in str(store.no_study("gone")) and "was deleted" in why_missing(store.client, "gone")


def test_a_renamed_experiment_is_found_by_its_runs_and_a_new_one_is_made_only_on_request(folder: Path) -> None:
    store = Store(folder)
    tracker = store.experiment("before")
    tracker.start("study", "before on clips", None, RunTags())
    store.client.rename_experiment(tracker.experiment_id, "after")
    with pytest.raises(BenchError, match=rf"of 'before' are in the experiment 'after' \(id {tracker.experiment_id}\), which was renamed in "
                                         rf"MLflow: `.*experiments rename -x {tracker.experiment_id} --new-name before`"):
        store.experiment("before")
    assert "are in the experiment 'after'" in str(store.no_study("before"))
    assert Store(folder, adopt=True).experiment("before").experiment_id != tracker.experiment_id
    assert store.experiment("before", "").records() == []


def test_a_look_before_training_makes_nothing(tmp_path: Path) -> None:
    Store(tmp_path / "new").check_experiment("any")
    assert not (tmp_path / "new").exists()
    Store(tmp_path).studies()
    Store(tmp_path).check_experiment("any")
    assert Store(tmp_path).client.get_experiment_by_name("any") is None


def test_runs_logged_by_hand_into_a_study_are_ignored_and_never_ended(store: Store) -> None:
    tracker = store.experiment("shared")
    record(tracker, "good", 0.1, [said(0.7)])
    mine = store.client.create_run(tracker.experiment_id, run_name="mine", tags={"stage": "try"}).info.run_id
    store.client.log_metric(mine, "test/uar", 1.0)
    assert {each.kind for each in tracker.records()} == {"final", "seed"} and len(tracker.openings()) == 1
    tracker.reconcile(lambda tags: False)
    assert store.client.get_run(mine).info.status == "RUNNING"


def test_a_deleted_run_is_told_by_its_id(store: Store) -> None:
    tracker = store.experiment("shared runs")
    run = tracker.start("trial", "lr=1", None, RunTags())
    assert tracker.has(run) and why_missing(store.client, run) == ""
    store.client.delete_run(run)
    assert not tracker.has(run)
    for text in (run, run[:8]):
        assert why_missing(store.client, text) == f"the run {text} was deleted in MLflow: `bench restore {text}` brings it back"
    assert why_missing(store.client, "no such") == why_missing(store.client, "") == ""
    assert [record.run_id for record in tracker.deleted("trial")] == [run] and tracker.deleted("seed") == []


def test_more_experiments_than_a_page_holds_are_all_found(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    search = store.client.search_experiments
    for name in ("a", "b", "c"):
        store.experiment(name, "many")
    monkeypatch.setattr(store.client, "search_experiments", lambda *args, **options: search(*args, **options, max_results=1))
    assert store.studies("many") == ["a", "b", "c"]


def test_a_server_that_knows_nothing_of_experiments_is_no_mlflow_server() -> None:
    with answering(200, "{}") as address, pytest.raises(BenchError, match=r"it has no answer about the experiment 'x'.*no MLflow server"):
        find_experiment(Store(Path("nowhere"), address).client, "x")


def test_a_command_names_an_address_with_a_secret_by_its_variable() -> None:
    from mlflow import MlflowClient

    command = shell_command(MlflowClient("http://anna:s3cret@127.0.0.1:9"), "runs list")
    assert command == 'MLFLOW_TRACKING_URI="$MLFLOW_TRACKING_URI" mlflow runs list'
