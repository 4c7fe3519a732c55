"""The figures of a final over its seeds, and finals of the settings as written beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from finals_as_written import WRITTEN, run, worse_as_written

from harness.evaluation.audit import openings
from harness.evaluation.rows import rows
from harness.evaluation.study_status import study_status
from harness.execution.finals import aggregates
from harness.study.trial import Trial
from harness.tracking.run_record import RunRecord
from harness.tracking.store import Store
from harness.training.result import Result


def test_aggregates_are_means_under_the_names_that_seeds_use_and_deviations() -> None:
    figures = [{f"{part}/{score}": value for part in ("validation", "test") for score in ("wa", "uar", "macro_f1")} for value in (0.4, 0.6)]
    found = aggregates(figures)
    assert found["test/uar"] == 0.5 and found["validation/wa_sd"] == pytest.approx(0.02**0.5)
    assert len(found) == 12 and aggregates([]) == {}


def seeds(records: list[RunRecord]) -> list[tuple[str, str, str]]:
    return [(run.kind_in_words, run.seed, run.state) for run in records if run.kind == "seed"]


def test_the_settings_as_written_get_finals_of_their_own_that_are_part_of_no_row(tmp_path: Path) -> None:
    records = run(tmp_path)
    assert seeds(records) == [("seed", "0", "finished"), ("seed", "1", "finished"), ("seed as written", "0", "finished"),
                              ("seed as written", "1", "finished")]
    row, = rows(records)
    own = [record for record in records if record.kind_in_words == "seed"]
    assert row.seed_runs == tuple(record.run_id for record in own) and row.test_openings == 4
    assert row.test["uar"][0] == pytest.approx(sum(record.metrics["test/uar"] for record in own) / 2)
    assert float(row.chosen["training.learning_rate"]) != WRITTEN
    assert {run.params["training.learning_rate"] for run in records if run.kind_in_words == "seed as written"} == {str(WRITTEN)}
    assert openings(own[0], records).text == "4, once for each seed, of the best trial and of the settings as written"
    assert {run.kind_in_words for run in run_again(tmp_path, records)} == {"study", "trial", "final", "seed", "seed as written"}


def run_again(home: Path, before: list[RunRecord]) -> list[RunRecord]:
    """The records after the same call again, which trains nothing."""
    after = run(home, objective=None)
    assert {record.run_id for record in after} == {record.run_id for record in before}
    return after


def test_a_run_that_was_stopped_in_a_final_as_written_has_recorded_the_final_and_trains_the_rest_only(tmp_path: Path) -> None:
    def stopped(trial: Trial, *arguments: Any) -> Result:
        if trial.opens_test and trial.seed == 1 and trial.training.learning_rate == WRITTEN:
            raise KeyboardInterrupt
        return worse_as_written(trial, *arguments)

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, stopped)
    before = Store(tmp_path).experiment("simulated").records()
    assert [record.state for record in before if record.kind == "final"] == ["finished"]
    assert study_status(Store(tmp_path), "simulated").left == (0, 1)
    after = run(tmp_path)
    assert {record.run_id for record in before if record.state == "finished"} <= {record.run_id for record in after}
    finished = [record for record in after if record.kind == "seed" and record.state == "finished"]
    assert len(finished) == len({record.about.signature for record in finished}) == 4
    assert study_status(Store(tmp_path), "simulated").left == (0, 0)


def test_settings_as_written_are_trained_once_while_they_are_the_best_and_kept_once_a_better_trial_is_found(tmp_path: Path) -> None:
    first = run(tmp_path, trials=1)
    assert seeds(first) == [("seed", "0", "finished"), ("seed", "1", "finished")]
    assert [record.about.as_written for record in first if record.kind == "final"] == [True]
    more = run(tmp_path, trials=2)
    assert sorted(seeds(more)) == [("seed", "0", "finished"), ("seed", "1", "finished"), ("seed as written", "0", "finished"),
                                   ("seed as written", "1", "finished")]
