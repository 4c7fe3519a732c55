"""The sentences of the page on noise are computed from a row's figures."""

from __future__ import annotations

from noise_row import ROW

from harness.analyses.noise.report import sentences


def test_sentences_say_what_noise_takes_away_in_figures() -> None:
    same, lost = sentences(ROW)
    assert "3 of 100 are taken for another emotion" in same and "0.020" in same
    assert lost.startswith("in white noise UAR goes from 1.000 to 0.550 at 0 dB; half of what it had above chance is gone at 0 dB.")
    assert lost.endswith("95% of the clips are taken for SAD.")
