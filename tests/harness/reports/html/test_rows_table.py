"""All rows of a study are one table, whose scale holds every figure and whose reference rows stay below."""

from __future__ import annotations

from html_pages import boards_of, records

from harness.evaluation.answer import answers
from harness.evaluation.report_data import board_data
from harness.reports.html.rows_table import filters, rows_table


def test_rows_stand_together_by_protocol_with_figures_as_the_report_writes_them() -> None:
    boards = boards_of(records())
    table = rows_table(boards, [board_data(board) for board in boards], several=False)
    heads = [column.head for column in table.columns]
    assert heads[:6] == ["rank", "network", "protocol", "test UAR", "95 % interval", "kind"] and "ms a clip" not in heads
    texts = [[str(cell.text) for cell in line.cells[:5]] for line in table.lines]
    assert [text[2] for text in texts] == ["random_80_20"] * 2 + ["unseen_speakers_80_20"] * 3
    assert texts[2][0] == "1" and texts[2][1].startswith("good<small>") and texts[2][3].startswith(".550\N{NO-BREAK SPACE}[")
    assert {line.cells[1].text for line in table.below} == {"chance", "majority class"}
    assert all(len(line.cells) == len(heads) for line in table.below)


def test_a_row_is_found_by_its_whole_name_and_its_settings() -> None:
    boards = boards_of(records())
    good = rows_table(boards, [board_data(board) for board in boards], several=False).lines[2]
    assert "mel image × good" in good.words and good.keys == {"protocol": "unseen_speakers_80_20", "class": "pretrained"}


def test_the_protocol_of_the_answer_is_chosen_at_first() -> None:
    boards = boards_of(records())
    protocol, kind = filters(rows_table(boards, [board_data(board) for board in boards], False), answers(boards), False)
    assert protocol.chosen == "unseen_speakers_80_20" and next(iter(protocol.values)) == "" and kind.several
