"""What a report says of a study's baseline: which rows are better, which worse, and by how much."""

from __future__ import annotations

from made_records import boards_of, row

from harness.reports.baseline_section import baseline_markdown

RANDOM, UNSEEN = {"split": "random_80_20"}, {"split": "unseen_speakers_80_20"}


def test_better_and_worse_rows_are_named_with_their_points() -> None:
    boards = boards_of(row("weak", "net", UNSEEN, recipe="plain"), row("a", "net", UNSEEN, recipe="warm"))
    finding, table = baseline_markdown(boards, "plain")
    assert finding.startswith("On unseen_speakers_80_20, of 1 recipe 1 (**warm** +")
    assert "]) gain, 0 lose, and of 0 neither can be told. Points of test UAR" in finding
    assert table.splitlines()[0] == "| recipe | test UAR | points gained |" and table.splitlines()[2].startswith("| warm | 0.")
    worse = baseline_markdown(boards, "warm")[0]
    assert "of 1 recipe 0 gain, 1 (**plain** -" in worse


def test_what_chance_may_explain_is_said_for_all_rows_together() -> None:
    boards = boards_of(row("a", "net", UNSEEN, recipe="plain"), row("b", "net", UNSEEN, recipe="same"))
    assert "of 1 recipe 0 gain, 0 lose, and of 1 neither can be told" in baseline_markdown(boards, "plain")[0]


def test_a_study_without_a_baseline_has_no_such_part_and_one_with_it_has_it_for_each_protocol() -> None:
    boards = boards_of(*(row(f"{name}{place}", "net", split, recipe=name)
                         for place, split in enumerate((RANDOM, UNSEEN)) for name in ("plain", "warm")))
    assert baseline_markdown(boards, "") == [] and baseline_markdown(boards, "gone") == []
    assert [part[:19] for part in baseline_markdown(boards, "plain")[::2]] == ["On random_80_20, of", "On unseen_speakers_"]
