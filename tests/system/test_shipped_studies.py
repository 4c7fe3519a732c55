"""The shipped studies ask what the published systems asked, with real budgets; the first one shows a table that says something."""

from __future__ import annotations

from pathlib import Path

import pytest
from calls import bench

from harness import load_study, results
from harness.evaluation.parts import parts_of
from registry.core import short_label


@pytest.mark.parametrize("name", ["cnn1d", "cnn2d"])
def test_the_main_studies_search_the_published_proportions_and_their_twins_of_unseen_speakers(name: str) -> None:
    study = load_study(name)
    assert [short_label(split) for split in study.splits] == [f"{kind}_{shares}" for shares in ("70_30", "80_20")
                                                              for kind in ("random", "unseen_speakers")]
    assert study.trials >= 16 and len(study.seeds) == 3


def test_the_first_study_has_clips_and_speakers_enough_for_intervals_and_ranks() -> None:
    study = load_study("quickstart")
    parts = parts_of(study.splits, study.corpus.load())
    assert [part.warnings() for part in parts] == [[], []]
    assert parts[1].in_words("test") == "480 clips of 16 speakers"


@pytest.mark.slow
@pytest.mark.usefixtures("no_cost")
def test_the_first_study_has_learnt_to_understand_unseen_speakers_without_any_search(tmp_path: Path) -> None:
    cell = "mel[n_mels=24] duration_s=3.5 × residual_1d[filters=16]"
    outcome = bench("run", "--study", "quickstart", "--split", "unseen_speakers_80_20", "--cell", cell, "--trials", "1", "--seeds", "0",
                    "--in-process", "--home", tmp_path)
    assert outcome.code == 0, outcome.err
    assert results("quickstart", home=tmp_path).loc[0, "test_uar"] >= 0.6
