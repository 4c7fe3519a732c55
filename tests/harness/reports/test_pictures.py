"""Each picture of a report has a file of its own."""

from __future__ import annotations

from pathlib import Path

from harness.evaluation.pareto import Point
from harness.reports.pictures import Pictures


def test_two_corpora_under_one_protocol_have_a_picture_each(tmp_path: Path) -> None:
    pictures = Pictures(tmp_path / "study.md", tmp_path / "study")
    points = [Point("a", 5, 0.5), Point("b", 6, 0.6)]
    paths = [pictures.pareto("speaker_folds[fold=1]", points) for _ in range(3)]
    assert len(set(paths)) == 3 and all((tmp_path / path).stat().st_size > 1000 for path in paths)
    assert paths[0] == "study/pareto_speaker_folds_fold_1_.png"
