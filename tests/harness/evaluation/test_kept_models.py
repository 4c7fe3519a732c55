"""Which saved model a study, a row, a run or an address stands for."""

from __future__ import annotations

from pathlib import Path

import pytest
from calls import Ran
from copied_home import copied_home

from harness.evaluation.kept_models import kept_model
from harness.tracking.store import Store
from registry.errors import BenchError, UsageError


def test_a_study_stands_for_its_chosen_row_on_new_speakers_and_the_others_are_named(ran: Ran) -> None:
    store = Store(ran.home)
    kept = kept_model(store, "tiny_study")
    assert kept.run.about.split == "unseen_speakers_80_20" and kept.run.about.model
    (other,) = kept.others
    assert other.startswith("tiny_study:zcr+energy") and other.endswith("@random_80_20")
    assert kept_model(store, other).run.about.split == "random_80_20"
    assert kept_model(store, kept.run.run_id[:12]).run.run_id == kept.run.run_id


def test_an_address_of_mlflows_registry_stands_for_the_run_that_trained_the_model(ran: Ran, tmp_path: Path) -> None:
    store = Store(copied_home(ran.home, tmp_path / "home"))
    kept = kept_model(store, "tiny_study")
    with pytest.raises(UsageError, match="is not in the model registry of the store, where no model has an alias"):
        kept_model(store, "models:/tiny@champion")
    store.client.create_registered_model("tiny")
    store.client.create_model_version("tiny", kept.run.about.model, kept.run.run_id)
    store.client.set_registered_model_alias("tiny", "champion", "1")
    for address in ("models:/tiny@champion", "models:/tiny/1", kept.run.about.model):
        found = kept_model(store, address)
        assert found.run.run_id == kept.run.run_id and found.name.startswith(f"{address} of tiny_study:")
    with pytest.raises(UsageError, match="Did you mean 'models:/tiny@champion'"):
        kept_model(store, "models:/tiny@champoin")
    with pytest.raises(UsageError, match="is no model's address: give models:/NAME@ALIAS"):
        kept_model(store, "models:/tiny")


def test_what_was_never_kept_is_an_error_that_lists_what_was(ran: Ran) -> None:
    store = Store(ran.home)
    gone = next(run for run in store.experiment("tiny_study").records("seed") if not run.about.model)
    with pytest.raises(BenchError, match=r"was kept: a study keeps the `best_models` of each protocol .* Those of tiny_study: \w{8} "):
        kept_model(store, gone.run_id)
    study = next(run for run in store.experiment("tiny_study").records("trial"))
    with pytest.raises(UsageError, match="is a trial: give a row of its leaderboard"):
        kept_model(store, study.run_id)
