"""Rows over folds have average ranks, sentences, and a diagram where there are folds enough."""

from __future__ import annotations

from made_records import diagram, draw, final

from harness.evaluation.leaderboard import leaderboards
from harness.evaluation.rows import rows
from harness.reports.study_report import study_markdown


def test_folds_are_blocks_over_which_rows_get_average_ranks_and_a_diagram() -> None:
    found = [record for fold in range(1, 6) for i, cell in enumerate(("best", "middle", "worst"))
             for record in final(f"{cell}{fold}", (0.6 - 0.1 * i + 0.01 * fold,), 0.1, split=f"speaker_folds[fold={fold}]",
                                 architecture=cell)]
    text = study_markdown("study", found, leaderboards(rows(found), {}), draw, diagram)
    assert "## Over the folds of speaker_folds on crema_d" in text and "![Critical difference](study/ranks.png)" in text
    assert "| mel image × best | 1.00 | 0.630 | 5 |" in text and "over 5 folds: p 0.007" in text
    assert "can tell no rows apart here: 5 folds give no corrected p below 0.19" in text
    few = study_markdown("study", found[:18], leaderboards(rows(found[:18]), {}), draw, diagram)
    assert "needs at least 5 blocks" in few and "![Critical" not in few
