"""Two or three sentences name the row that validation chose and those that can not be told from the best."""

from __future__ import annotations

from made_records import final, known, lucky_and_sound
from made_records import record as plain_record

from harness.evaluation.leaderboard import leaderboards
from harness.evaluation.rows import rows
from harness.reports.highlights import highlights


def test_the_chosen_row_is_named_first_whatever_came_out_on_test() -> None:
    board, = leaderboards(lucky_and_sound(), known(lucky_and_sound()))
    assert highlights(board).startswith("**Chosen by validation UAR: mel image × sound**")


def test_rows_that_share_rank_1_are_counted_and_the_first_ones_named() -> None:
    found = [record for place in range(6) for record in final(f"net{place}", (0.6 - 0.01 * place,), 0.1)]
    board, = leaderboards(rows(found), known(rows(found)))
    assert "6 of 6 rows share rank 1 and can't be told apart: " in highlights(board) and highlights(board).endswith(" and 2 more.")


def test_where_there_are_several_kinds_of_rows_the_one_that_validation_chooses_of_each_is_named() -> None:
    found = [*final("net", (0.6,), 0.1),
             *final("svm", (0.5,), 0.1, family="functionals"), *final("tree", (0.4,), 0.1, family="functionals"),
             *final("lr", (0.7,), 0.1, family="pretrained", pretrained='{"whisper-tiny.en": {"licence": "MIT"}}')]
    board, = leaderboards(rows(found), known(rows(found)))
    each = highlights(board).partition("Of each kind, validation chooses: ")[2]
    names = [part.partition(", test UAR 0.")[0] for part in each.split("; ")]
    assert names == ["pretrained: mel image × lr", "functionals: mel image × svm", "from scratch: mel image × net"]
    alike, = leaderboards(rows(found[:2]), known(rows(found[:2])))
    assert "Of each kind" not in highlights(alike)


def test_without_finals_there_is_nothing_to_say() -> None:
    board, = leaderboards(rows([plain_record("trial", "c")]), {})
    assert highlights(board) == ""
