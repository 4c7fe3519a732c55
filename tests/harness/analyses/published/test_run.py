"""`bench replicate`: a recipe and its twin are run, nothing is trained twice, and results of other machines stay on the page."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from calls import bench

from harness.analyses.published.options import ReplicateOptions
from harness.analyses.published.run import _planned, scaled
from harness.analyses.published.systems import chosen
from harness.analyses.published.verdicts import comparisons, from_earlier_report, other_settings
from harness.data.corpora import Workspace
from harness.tracking.store import Store

pytestmark = pytest.mark.usefixtures("no_cost")


def test_a_share_of_the_epochs_is_at_least_one() -> None:
    assert [scaled(epochs, 0.1) for epochs in (5, 10, 30, 1000)] == [1, 1, 3, 100]


def test_replicate_runs_a_recipe_and_its_twin_and_continues_where_it_stopped(tmp_path: Path) -> None:
    call = ("replicate", "000_1d", "--corpus", "synthetic[n_speakers=4,n_sentences=2]", "--epochs-scale", "0.03", "--home", tmp_path)
    done = bench(*call)
    assert done.code == 0, done.err
    text = (tmp_path / "reports" / "published-systems.md").read_text()
    line, = (line for line in text.splitlines() if line.startswith("| [000_1d]"))
    assert "| .458 |" in line and "| 1 of 30 epochs,<br>48 clips: synthetic | can't tell" in line
    assert "- Verdict: can't tell on synthetic clips and after 1 of 30 epochs" in text and "](published-systems/wa.png)" in text
    assert (tmp_path / "reports" / "published-systems" / "wa.png").stat().st_size > 5_000
    again = bench(*call)
    assert again.code == 0 and "seed 0" not in again.err
    assert (tmp_path / "reports" / "published-systems.md").read_text() == text


@pytest.mark.slow
def test_several_seeds_each_count_and_a_run_with_other_settings_or_of_another_corpus_does_not_take_the_rows_place(tmp_path: Path) -> None:
    small = ("--corpus", "synthetic[n_speakers=8,n_sentences=2]", "--home", tmp_path)
    assert bench("replicate", "000_1d", *small, "--epochs-scale", "0.03", "--seeds", "0", "1").code == 0
    before, = comparisons(Store(tmp_path))
    assert before.shared is not None and before.unseen is not None and before.shared.row.seeds == 2
    measured, low, high = before.shared.figures["uar"]
    assert low <= measured <= high
    assert 0 < before.shared.confused[0][2] <= 2 * 29  # the 30 % of 96 clips, once a seed
    other = bench("replicate", "000_1d", *small, "--epochs-scale", "0.1", "--set", "training.optimizer=sgd")
    assert other.code == 0, other.err
    after, = comparisons(Store(tmp_path))
    assert after.shared is not None and after.shared.row.seed_runs == before.shared.row.seed_runs
    assert other_settings(dataclasses.replace(after.shared.row, settings="--set training.optimizer=sgd --set training.epochs=3")) == \
        "training.optimizer=sgd"


@pytest.mark.slow
def test_what_was_trained_in_another_place_stays_in_the_page_and_is_marked(tmp_path: Path) -> None:
    small = ("--corpus", "synthetic[n_speakers=4,n_sentences=2]", "--epochs-scale", "0.03", "--split", "random_70_30")
    there, here = tmp_path / "there", tmp_path / "here"
    assert bench("replicate", "000_1d", *small, "--home", there).code == 0
    (here / "reports").mkdir(parents=True)
    carried = here / "reports" / "published-systems.json"
    carried.write_text((there / "reports" / "published-systems.json").read_text())
    assert bench("replicate", "003_1d", *small, "--home", here).code == 0
    text = (here / "reports" / "published-systems.md").read_text()
    lines = [line for line in text.splitlines() if line.startswith("| [00")]
    earlier, = (line for line in (there / "reports" / "published-systems.md").read_text().splitlines() if line.startswith("| [000_1d]"))
    assert [line.split("]")[0] for line in lines] == ["| [000_1d", "| [003_1d"] and lines[0] == earlier
    of_first, of_second = text.split("### 000_1d")[1].split("### 003_1d")
    assert "kept: its runs lie in another store" in of_first and "kept: " not in of_second
    assert [result.earlier for result in from_earlier_report(carried)] == [True, True]
    carried.write_text("[{}]")
    damaged = bench("report", "--home", here)
    assert damaged.code == 1 and "published-systems.json can't be read" in damaged.err and carried.read_text() == "[{}]"


def test_a_recipe_that_gives_nothing_is_named_with_code_1(tmp_path: Path) -> None:
    done = bench("replicate", "003_1d", "--corpus", "synthetic[n_speakers=4,n_sentences=2]", "--epochs-scale", "0.003", "--home", tmp_path,
                 "--set", "training.learning_rate=1e30")
    assert done.code == 1 and "003_1d: no training finished" in done.err


def test_a_shorter_training_lowers_the_rate_at_the_same_share_of_it() -> None:
    (system, name), = chosen(["002_rezonet"])
    options = ReplicateOptions([name], epochs_scale=0.1, corpus="synthetic")
    settings = _planned(options, system, name, Workspace(home=Path()))[-1]
    assert settings == {"training.epochs": 9, "training.drop_epochs": 5}


def test_a_wrong_share_or_system_is_refused_before_anything_runs(tmp_path: Path) -> None:
    for words, message in ((["--epochs-scale", "0"], "must be in (0, 1], not 0.0"), (["005"], "no published system or recipe"),
                        (["000", "--set", "training.epoch=3", "--corpus", "synthetic"], "Did you mean 'training.epochs'"),
                        (["000", "--seeds", "0", "0"], "seeds must differ")):
        refused = bench("replicate", *words, "--home", tmp_path)
        assert refused.code == 2 and message in refused.err and not list(tmp_path.iterdir())
