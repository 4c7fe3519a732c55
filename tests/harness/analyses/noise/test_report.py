"""The sentences of the page on noise are computed from a row's figures."""

from __future__ import annotations

import dataclasses

from noise_row import ROW

from harness.analyses.noise.report import finding, sentences


def test_sentences_say_what_noise_takes_away_in_figures() -> None:
    same, lost = sentences(ROW)
    assert "3 of 100 are taken for another emotion" in same and "0.020" in same
    assert lost.startswith("in white noise UAR goes from 1.000 to 0.550 at 0 dB; half of what it had above chance is gone at 0 dB.")
    assert lost.endswith("95% of the clips are taken for SAD.")


def test_the_page_begins_with_what_noise_takes_from_the_row_that_is_best_on_clean_clips() -> None:
    worse = dataclasses.replace(ROW, label="worse", counts={**ROW.counts, "clean": ROW.counts["white 10"]})
    assert finding([worse, ROW]).startswith("**net** on unseen, lab. In white noise UAR goes from 1.000 to 0.550 at 0 dB;")
