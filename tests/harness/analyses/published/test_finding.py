"""The page on published systems begins with what was reproduced, which claims lie above it, and what the random split is worth."""

from __future__ import annotations

import dataclasses
import math

import pytest
from published_comparisons import collapsed, compared

from harness.analyses.published.finding import finding_markdown, panel
from harness.analyses.published.verdicts import Comparison

SPACE = "\N{NO-BREAK SPACE}"
PARTIAL = "5,885 of 7,442 clips: partial"


def named(name: str, comparison: Comparison) -> Comparison:
    return dataclasses.replace(comparison, name=name, published_name=name)


def test_the_worth_of_the_random_split_is_computed_from_the_figures_alone() -> None:
    text = finding_markdown([compared(0.45, 0.46, unseen=0.40), named("000_2d", compared(0.45, 0.46, unseen=0.44))])
    assert "worth +4.0 points of UAR** on average over 2 recipes" in text and "000_1d +6.0 ± 2.8, 000_2d +2.0 ± 2.8" in text
    assert "Beyond what sampling explains: 000_1d." in text
    assert "2 claims agree with what was measured (000_1d, 000_2d)." in text
    assert "worth" not in finding_markdown([compared(0.45, 0.46, unseen=0.40, half=math.nan)])
    assert "worth" not in finding_markdown([collapsed(compared(0.45, 0.17, unseen=0.40))])
    assert finding_markdown([]).startswith("> **Nothing yet**: no published recipe was trained on real clips")
    assert finding_markdown([compared(0.55, 0.16, coverage="72 clips: synthetic")]) == finding_markdown([])


def test_a_recipe_of_which_a_training_collapsed_says_so_beside_its_figure_and_nothing_of_voices() -> None:
    made = compared(0.51, 0.37, unseen=0.43)
    result = made.shown
    unstable = dataclasses.replace(made, shared=dataclasses.replace(result, left_out=("0",), row=dataclasses.replace(result.row, seeds=2)))
    text = finding_markdown([unstable])
    assert f"000_1d claims .510, and .370{SPACE}[.350,{SPACE}.390] was measured (1 of 2 trainings collapsed and left out)." in text
    assert "worth" in finding_markdown([made]) and "worth" not in text


def test_it_is_counted_what_is_reproduced_what_is_not_and_why_of_others_it_can_t_be_told() -> None:
    made = [named("a", compared(0.45, 0.46)), named("b", compared(0.60, 0.46)),
            named("c", compared(0.70, 0.46, coverage=PARTIAL, epochs="10")), named("d", compared(0.20, 0.46, coverage=PARTIAL))]
    text = finding_markdown(made)
    assert text.startswith("> **Of 4 published models, 1 is reproduced (a), 1 is not (b), and of 2 it can't be told**: "
                           "2 on a partial corpus, 1 after fewer epochs.")
    assert ("> **2 claims of WA lie above what was measured**: b claims .600, and .460 [.440, .480] was measured; "
            "c claims .700, and .460 [.440, .480] was measured (on a partial corpus, after fewer epochs).") in text.replace(SPACE, " ")
    assert "> 1 claim agrees with what was measured (a); 1 claim lies below it (d)." in text
    assert finding_markdown(made[:1]).startswith("> **Of 1 published model, 1 is reproduced (a), none is not.**")


def test_the_picture_has_a_claim_without_an_interval_beside_what_was_measured() -> None:
    row = panel([compared(0.45, 0.46, unseen=0.40)])["000_1d"]
    assert list(row) == ["claimed", "reproduced", "new speakers"] and row["claimed"][0] == 0.45 and math.isnan(row["claimed"][1])
    assert row["reproduced"] == pytest.approx((0.46, 0.44, 0.48)) and "new speakers" not in panel([compared(0.45, 0.46)])["000_1d"]
