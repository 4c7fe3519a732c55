"""A study goes on where it stopped, runs nothing twice, and outlives trials that fail and clips that are damaged."""

from __future__ import annotations

from pathlib import Path

import pytest
from calls import TINY, Outcome, Ran, bench, study_file
from failing_study import FAILING
from listed_recipes import RECIPES
from mlflow_client import client_of, runs_of

from harness.execution.run_study import check_stores
from harness.tracking.store import Store

ONE_PROTOCOL = ("--split", "unseen_speakers_80_20", "--seeds", "0")


def count(home: Path, study: str = "tiny_study") -> dict[str, int]:
    return {kind: len(found) for kind, found in runs_of(client_of(home), study).items()}


def signatures(home: Path, study: str = "tiny_study") -> list[str]:
    runs = runs_of(client_of(home), study)
    return [run.data.tags["bench.signature"] for run in runs["trial"] + runs["seed"]]


def test_the_same_command_again_trains_nothing_and_changes_no_byte_of_the_report(ran: Ran) -> None:
    files = sorted(path for path in (ran.home / "reports").rglob("*") if path.is_file())
    before = {path: path.read_bytes() for path in files}
    again = bench("run", "--study", TINY, "--home", ran.home)
    assert again.code == 0, again.err
    assert count(ran.home) == {"study": 1, "trial": 4, "final": 2, "seed": 4}
    assert again.out == ran.outcome.out and again.err.count("0 to do") == 2
    assert {path: path.read_bytes() for path in sorted(p for p in (ran.home / "reports").rglob("*") if p.is_file())} == before


def test_a_look_at_the_stores_before_a_run_creates_neither_files_nor_tables(tmp_path: Path) -> None:
    empty, absent = tmp_path / "empty.db", tmp_path / "absent.db"
    empty.touch()
    for file in (empty, absent):
        check_stores("tiny", Store(tmp_path), f"sqlite:///{file}")
    check_stores("tiny", Store(tmp_path / "home"))
    assert empty.stat().st_size == 0 and list(tmp_path.iterdir()) == [empty]


def test_more_trials_add_the_difference_and_no_signature_is_run_twice(tmp_path: Path) -> None:
    first = bench("run", "--study", TINY, "--home", tmp_path, *ONE_PROTOCOL, "--trials", 1)
    assert first.code == 0, first.err
    assert count(tmp_path) == {"study": 1, "trial": 1, "final": 1, "seed": 1}
    kept = signatures(tmp_path)
    more = bench("run", "--study", TINY, "--home", tmp_path, *ONE_PROTOCOL, "--trials", 2)
    assert more.code == 0 and "1 cell × 2 trials, 1 to do" in more.err
    found = signatures(tmp_path)
    assert count(tmp_path)["trial"] == 2 and set(kept) < set(found) and len(found) == len(set(found))


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome]:
    """A study of three networks: one raises, one gives NaN, one works."""
    folder = tmp_path_factory.mktemp("failing")
    networks = "(Raises(), GivesNan(filters=(2,)), Plain1D(filters=(4,), dense=()))"
    file = study_file(folder, f"architectures={networks}, splits=STUDY.splits[1:], seeds=(0,)", "failing", FAILING)
    return folder, bench("run", "--study", file, "--home", folder)


def test_a_trial_that_raises_or_diverges_is_a_failed_row_with_its_reason_and_the_study_goes_on(failed: tuple[Path, Outcome]) -> None:
    home, outcome = failed
    assert outcome.code == 0, outcome.err
    runs = runs_of(client_of(home), "failing")
    reasons = {run.data.tags["bench.architecture"]: (run.info.status, run.data.tags.get("bench.reason", "")) for run in runs["trial"]}
    assert reasons["raises"] == ("FAILED", (
        "out of memory with training.batch_size=16: use a smaller training.batch_size, or run fewer trials at once (--workers, "
        "--trials-per-gpu). MemoryError: no room for a | in a table"))
    assert reasons["gives_nan[filters=(2,)]"][0] == "FAILED" and "no longer finite in epoch 1" in reasons["gives_nan[filters=(2,)]"][1]
    assert reasons["plain_1d[filters=(4,), dense=()]"] == ("FINISHED", "")
    assert len(runs["final"]) == len(runs["seed"]) == 1 and outcome.err.count("no trial completed, so there is no final") == 2


def test_failed_trials_are_counted_and_explained_in_the_report(failed: tuple[Path, Outcome]) -> None:
    text = (failed[0] / "reports" / "failing.md").read_text()
    assert "Trials: 6 attempted, 2 completed, 0 pruned, 4 failed. The sealed test parts were opened 1 time" in text
    assert text.split("## Failed")[1].count("MemoryError: no room for a \\| in a table") == 2
    assert "Without finals: " in text and "raises (2 failed)" in text


def test_every_cell_has_its_first_trial_before_any_has_its_second(failed: tuple[Path, Outcome]) -> None:
    order = [run.data.tags["bench.architecture"].partition("[")[0] for run in runs_of(client_of(failed[0]), "failing")["trial"]]
    assert order[:3] == ["raises", "gives_nan", "plain_1d"] and sorted(order[3:]) == sorted(order[:3])


@pytest.mark.slow
def test_recipes_are_run_by_name_without_a_search_and_only_their_finals_are_trained(tmp_path: Path) -> None:
    path = study_file(tmp_path, "trials=0", preamble=RECIPES)
    done = bench("run", "--study", path, "--home", tmp_path)
    assert done.code == 0, done.err
    records = Store(tmp_path).experiment("own").records("trial", "seed")
    assert sorted(r.name for r in records) == ["louder seed 0 · random_80_20", "louder seed 0 · unseen_speakers_80_20",
                                               "quick seed 0 · random_80_20"]
    parts = {"recipe", "feature_space", "architecture", "protocol"}
    assert all(r.kind == "seed" and set(r.params) == parts | {"seed"} for r in records)
    assert "| louder |" in (tmp_path / "reports" / "own.md").read_text()
    again = bench("run", "--study", path, "--home", tmp_path, "--cell", "louder", "--split", "random_80_20")
    assert again.code == 0 and len(Store(tmp_path).experiment("own").records("seed")) == 3  # known already
