"""The page on transfer is made from the matrix alone."""

from __future__ import annotations

import dataclasses

from transfer_pairs import two_corpora

from harness.analyses.transfer.report import figures_with_chance, marks, sentences, transfer_markdown


def test_what_is_seen_is_computed_from_the_matrix() -> None:
    matrix = two_corpora()
    first, second, third = sentences(matrix)
    assert "networks reach 87% on unseen speakers of their own corpus and 30% on other corpora (means over 1 and 2 pairs;" in first
    assert second == "The best transfer is two → one (0.800, chance 0.500), the worst one → two (0.500, chance 0.500)."
    assert third.startswith("Not significantly above chance: one → two (0.500, chance 0.500), of 2 pairs")
    alone = {("one", "one"): matrix.pairs["one", "one"]}
    assert sentences(dataclasses.replace(matrix, pairs=alone)) == ["No pair of different corpora has been tested."]


def test_the_page_marks_few_speakers_and_known_voices_and_gives_the_command() -> None:
    matrix = two_corpora()
    assert marks(matrix.pairs["two", "two"]) == "†‡" and marks(matrix.pairs["two", "one"]) == ""
    text = transfer_markdown([matrix], ["1.png"])
    assert "| one (partial) | two (partial) |" in text and "fewer than 5 speakers" in text and "are in training too" in text
    assert "`bench transfer --study s --corpora one two --cell net" in text
    places = [text.index(part) for part in ("> Of what is possible above chance", "](1.png)", "| trained on", "## How it was measured")]
    assert places == sorted(places)
    assert figures_with_chance(matrix)[0][2].endswith("(chance 0.500)")
