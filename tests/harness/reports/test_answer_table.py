"""One row a network, and its protocols side by side."""

from __future__ import annotations

from made_records import boards_of, row

from harness.evaluation.answer import answers
from harness.reports.answer_table import answer_table, kind

RANDOM, UNSEEN = {"split": "random_80_20", "shares_speakers": "True"}, {"split": "unseen_speakers_80_20"}


def cells(table: str) -> list[list[str]]:
    return [[cell.strip().replace("\N{NO-BREAK SPACE}", " ") for cell in line.split("|")[1:-1]] for line in table.splitlines()]


def test_new_and_heard_speakers_and_their_difference_stand_beside_each_other() -> None:
    answer, = answers(boards_of(row("a", "net", RANDOM), row("weak", "other", UNSEEN), row("c", "net", UNSEEN)))
    heads, _, first, second = cells(answer_table(answer, ""))
    assert heads == ["network", "rank", "new speakers", "heard speakers", "difference on the same clips", ""]
    assert first[0] == "**net**" and first[-1] == "take" and first[3].startswith(".605 [") and first[4].startswith("+0.0 [")
    assert second[:2] == ["other", "2"] and second[3:] == ["–", "–", ""], "it has no twin"


def test_several_proportions_are_lines_of_a_cell() -> None:
    boards = boards_of(*(row(f"{kind}{part}", "net", {"split": f"{kind}_{part}", "shares_speakers": str(kind == "random")})
                         for kind in ("random", "unseen_speakers") for part in ("70_30", "80_20")))
    heads, _, line = cells(answer_table(*answers(boards), ""))
    assert heads == ["network", "split", "new speakers", "heard speakers", "difference on the same clips"]
    assert line[1] == "70:30<br>80:20" and all(cell.count("<br>") == 1 for cell in line[1:])


def test_what_is_gained_over_a_baseline_and_latency_have_columns_of_their_own() -> None:
    answer, = answers(boards_of(row("weak", "net", UNSEEN, recipe="plain"), row("a", "net", UNSEEN, recipe="warm")))
    heads, _, *lines = cells(answer_table(answer, "plain"))
    assert heads == ["network", "rank", "new speakers", "points over plain", ""]
    assert [line[3][:5] for line in lines] == ["–", "+23.3"], "in the order of the leaderboard, whose figures these records made up"


def test_marks_of_a_single_row_stand_beside_it_and_those_of_all_do_not() -> None:
    leak = {"leaks": "speakers"}
    answer, = answers(boards_of(row("a", "net", UNSEEN, **leak), row("weak", "other", UNSEEN)))
    lines = cells(answer_table(answer, ""))
    assert "**leak found: speakers**" in lines[2][-1] and "partial" not in "".join(lines[2] + lines[3])


def test_a_leaderboard_is_of_new_heard_or_known_speakers() -> None:
    known = {"split": "known_speakers", "feature_space": "mel image normalise=per_speaker"}
    boards = boards_of(row("a", "net", RANDOM), row("b", "net", UNSEEN), row("c", "net", known))
    assert sorted(map(kind, boards)) == ["heard speakers", "new speakers", "speaker known"]
