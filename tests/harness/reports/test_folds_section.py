"""Rows over folds have average ranks, sentences, a diagram where there are folds enough; a pooled leaderboard shows each fold."""

from __future__ import annotations

from drawn_pictures import DrawnPictures
from made_folds import predictions, records
from made_records import final

from harness.evaluation.leaderboard import leaderboards
from harness.evaluation.rows import rows
from harness.reports.study_report import study_markdown


def test_folds_are_blocks_over_which_rows_get_average_ranks_and_a_diagram() -> None:
    found = [record for fold in range(1, 6) for i, cell in enumerate(("best", "middle", "worst"))
             for record in final(f"{cell}{fold}", (0.6 - 0.1 * i + 0.01 * fold,), 0.1, split=f"speaker_folds[fold={fold}]",
                                 architecture=cell)]
    text = study_markdown("study", found, leaderboards(rows(found), {}), DrawnPictures())
    assert "### speaker_folds on crema_d" in text and "![Critical difference](study/ranks.png)" in text
    assert "| mel image × best | 1.00 | 0.630 | 5 |" in text and "over 5 folds: p 0.007" in text
    assert "can tell no rows apart here: 5 folds give no corrected p below 0.19" in text
    few = study_markdown("study", found[:18], leaderboards(rows(found[:18]), {}), DrawnPictures())
    assert "needs at least 5 blocks" in few and "![Critical" not in few


def test_pooled_folds_have_one_section_that_says_so_and_a_line_for_each_fold() -> None:
    found = records({"good": (1, 2, 3, 4, 5), "weak": (1, 2, 3, 4, 5)})
    made = rows(found)
    text = study_markdown("study", found, leaderboards(made, predictions(made, {"good": 0.9, "weak": 0.4})), DrawnPictures())
    assert "### speaker_folds (5 folds) on crema_d" in text
    assert "Each of 180 clips of 10 speakers is tested once, in one of 5 folds." in text and "trained on 108 clips and chosen on 36" in text
    assert "over the 10 speakers of the test parts of all folds and over trainings" in text
    assert "| 3 | S06, S07 | 36 | 0.505 ± 0.007 | 0.505 ± 0.007 |" in text and "| mean ± sd over folds |  |  | 0.505 ± 0.000 |" in text
    assert "- good: training.learning_rate 0.001, 0.002, 0.003, 0.004, 0.005" in text
    assert "--split speaker_folds --all-folds --cell good" in text and "### speaker_folds on crema_d" in text
    assert "opened 20 times" in text


def test_a_row_that_lacks_folds_is_waited_for_and_its_folds_are_shown() -> None:
    found = records({"good": (1, 4)})
    text = study_markdown("study", found, leaderboards(rows(found), {}), DrawnPictures())
    assert "No finals yet." in text and "Without finals: good (2 of 5 folds; no trials)." in text
    assert "nothing is pooled or ranked before all have finals" in text and "| 4 |  | 36 | 0.505 ± 0.007 |" in text
