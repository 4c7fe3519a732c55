"""Where a model fails is told in tables and sentences that say how to read them."""

from __future__ import annotations

import numpy as np
from grouped_predictions import FEMALE, SPEAKERS, said

from harness.reports.groups_section import groups_markdown


def test_the_table_says_which_emotions_a_group_lacks_that_is_not_ranked() -> None:
    truth = np.arange(480) // 2 % 2
    level = np.where((truth == 1) & (SPEAKERS < 6), "HI", np.where(SPEAKERS % 2 == 0, "LO", "MD"))
    text = groups_markdown([said(np.arange(480) % 3 > 0, SPEAKERS, level=level)])
    assert "| intensity | HI | – | 120 | 6 | 1 (no ANG) | " in text and "groups with other emotions than most" in text.replace("\n", " ")


def test_speakers_without_a_rank_are_counted() -> None:
    speakers = np.where((SPEAKERS == 0) & (np.arange(480) // 2 % 2 == 0), 1, SPEAKERS)
    text = groups_markdown([said(np.full(480, True), speakers)])
    assert "speakers are shown; 1 with other emotions than most are not ranked." in text


def test_clips_of_unknown_groups_are_counted() -> None:
    partly = said(np.full(480, True), SPEAKERS, sex=np.where(SPEAKERS == 0, "", FEMALE))
    assert "Not known, and in no group: sex of 40 clips." in groups_markdown([partly])


def test_where_speakers_are_not_known_groups_have_none() -> None:
    text = groups_markdown([said(np.arange(480) % 2 > 0, np.full(480, ""), sex=FEMALE)])
    assert "| sex | female | – | 240 | – | 2 | 0.500 [–] | 0.500 [–] |" in text and "Who speaks is not known: no speaker is shown." in text


def test_the_table_is_markdown_whatever_groups_are_called_and_says_how_to_read_it() -> None:
    text = groups_markdown([said(np.arange(480) % 2 > 0, SPEAKERS, race=np.where(SPEAKERS < 6, "a|b", "c"), sex=FEMALE)])
    assert "| race | a\\|b | " in text and "a question, not a finding" in text.replace("\n", " ")
    assert "The 10 worst of 12 speakers are shown. WA varies over speakers with a standard deviation of " in text
    assert {line.count("|") - line.count("\\|") for line in text.splitlines() if line.startswith("|")} == {9, 7}  # groups, speakers


def test_there_is_nothing_to_tell_of_one_speaker_with_few_clips() -> None:
    assert groups_markdown([said(np.full(10, True), np.zeros(10, int))]) == ""
