"""Where the row to take fails: how sure it is, its settings, and the groups in which it is worst."""

from __future__ import annotations

from drawn_pictures import DrawnPictures
from made_records import known, lucky_and_sound

from harness.evaluation.leaderboard import leaderboards
from harness.reports.failures_section import failures_markdown


def test_the_row_that_validation_chose_is_looked_at_and_no_other() -> None:
    made, pictures = lucky_and_sound(), DrawnPictures()
    about, groups, images = failures_markdown(leaderboards(made, known(made)), pictures.of)
    assert about.startswith("**sound on unseen_speakers_80_20**: Expected calibration error over 15 bins: 0.383 ± 0.000 over 2 seeds;")
    assert about.endswith("on the whole it is too sure. Settings that validation UAR chose: training.learning_rate = 0.1.")
    assert "| sex | female |" in groups and images.startswith("<details><summary>Reliability</summary>")
    assert failures_markdown(leaderboards(made, known(made)), None)[2] == "" and failures_markdown([], None) == []
