"""`--all-folds` from the run to the report: one ranked row for all folds, nothing trained twice, and rows that can be compared."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import simulated
from calls import TINY, bench

from harness.console import Console
from harness.data.corpora import Workspace
from harness.evaluation.leaderboard import read_leaderboards
from harness.evaluation.study_data import load_model, predictions, results
from harness.execution.run_study import Execution, run_study
from harness.reports.index import write_index
from harness.reports.study_report import write_report
from harness.tracking.store import Store
from registry.corpora.synthetic import Synthetic
from registry.errors import UsageError
from registry.feature_space import FeatureSpace
from registry.feature_spaces.energy import Energy
from registry.splits.random_folds import RandomFolds

STUDY = dataclasses.replace(
    simulated.STUDY, corpus=Synthetic(n_speakers=6, n_sentences=1), splits=(RandomFolds(folds=2),), trials=1, seeds=(0,),
    feature_spaces=(*simulated.STUDY.feature_spaces, FeatureSpace(features=(Energy(),), join="channels", duration_s=0.5)))
POOLED = "random_folds[folds=2] (2 folds)"


def run(home: Path, all_folds: bool) -> set[str]:
    return run_study(simulated.study_file(STUDY), Store(home), Workspace(home, workers=1), {}, Console(quiet=True), all_folds=all_folds,
                     execution=Execution(in_process=True, objective=simulated.simulated))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fold 1 was run alone before all folds were."""
    made = tmp_path_factory.mktemp("folds")
    run(made, all_folds=False)
    assert [board.rows[0].split for board in read_leaderboards(Store(made), "simulated")[1]] == ["random_folds[folds=2]"]
    keys = run(made, all_folds=True)
    store = Store(made)
    _, boards = write_report(store, "simulated")
    write_index(store, {"simulated": boards})
    assert keys == {row.cell for board in boards for row in board.rows}
    return made


def test_all_folds_are_one_ranked_board_and_what_had_run_alone_was_not_trained_again(home: Path) -> None:
    records, (board,) = read_leaderboards(Store(home), "simulated")
    assert len([r for r in records if r.kind == "trial"]) == len([r for r in records if r.kind == "seed"]) == 4
    assert [row.split for row in board.rows] == [POOLED] * 2 and len(board.folds) == 2
    assert all("shared speakers" in board.marks(row) for row in board.rows)
    assert all(board.statistics[row.cell].rank and board.interval(row)[0] < row.test["uar"][0] for row in board.rows)
    assert all((row.clips, row.speakers, row.test_openings) == ({"test": 36}, {"test": 6}, 2) for row in board.rows)
    for fold in board.folds:
        assert {row.pooled_cell for row in fold.rows} == {row.cell for row in board.rows}
        assert all(row.audit and not row.leaks for row in fold.rows)


def test_the_index_the_json_and_the_frame_have_the_row_of_all_folds_alone(home: Path) -> None:
    assert (home / "reports" / "README.md").read_text().count("(2 folds) on ") == 2  # one for each row
    board, = json.loads(bench("report", "--home", home, "--json").out)["studies"]["simulated"]["leaderboards"]
    found = board["rows"]
    assert [(row["split"], row["folds_done"], row["folds"]) for row in found] == [(POOLED, 2, 2)] * 2
    frame = results("simulated", home=home)
    assert frame["protocol"].tolist() == [POOLED] * 2 and frame["test_uar_low"].notna().all() and frame["rank"].notna().all()


def test_pooled_rows_are_compared_on_all_clips(home: Path) -> None:
    rows = [f"simulated:{row.cell}@{POOLED}" for row in read_leaderboards(Store(home), "simulated")[1][0].rows]
    data = json.loads(bench("compare", *rows, "--json", "--home", home).out)
    assert (data["clips"], data["speakers"], data["seeds"]) == (36, 6, [["0"], ["0"]]) and 0 < data["scores"]["uar"]["p"] <= 1
    by_label = bench("compare", f"simulated:zcr+energy duration_s=0.5 × plain_1d[filters=(2,), dense=()]@{POOLED}", rows[1], "--home", home)
    assert "36 test clips of 6 speakers" in by_label.out


def test_the_list_of_runs_says_how_all_folds_together_are_compared(home: Path) -> None:
    row = bench("runs", "--home", home).out.splitlines()[-1].split("such as ")[1].strip(".'")
    assert row in {f"simulated:{each.name}@{POOLED}" for each in read_leaderboards(Store(home), "simulated")[1][0].rows}


def test_predictions_of_all_folds_have_every_clip_once_and_a_model_is_that_of_one_fold(home: Path) -> None:
    key = read_leaderboards(Store(home), "simulated")[1][0].rows[0].cell
    frame = predictions("simulated", protocol=POOLED, cell=key, home=home)
    assert len(frame) == frame["clip"].nunique() == 36 and frame["protocol"].nunique() == 2
    with pytest.raises(UsageError, match=r"pools 2 folds, .* such as 'simulated:.*@random_folds\[folds=2\]'"):
        load_model(f"simulated:{key}@{POOLED}", home=home)


def test_a_dry_run_and_show_count_the_trainings_of_all_folds_and_show_a_line_for_each_row() -> None:
    for call in (("run", "--study", TINY, "--dry-run", "--split", "leave_one_speaker_out"), ("run", "--study", TINY, "--dry-run", "--split",
                                                                                             "leave_one_speaker_out[fold=3]")):
        outcome = bench(*call, "--all-folds")
        cells, parts = outcome.out.split("4 cells × 2 trials + 8 finals = 16 trainings")
        assert cells.count("under leave_one_speaker_out (4 folds)") == parts.count("leave_one_speaker_out (4 folds) │") == 1
        assert "leave_one_speaker_out[fold" not in outcome.out
    refused = bench("show", TINY, "--all-folds")
    assert refused.code == 2 and "there are no folds to run all of: random_80_20, unseen_speakers_80_20 have none" in refused.err
