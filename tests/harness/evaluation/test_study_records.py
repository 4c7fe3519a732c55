"""The record of a study is read as it was written, to the same counts; one that is damaged, or of another version, says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from made_folds import predictions, rows_of
from made_records import boards_of, row

from harness.evaluation.leaderboard import Leaderboard, leaderboards
from harness.evaluation.study_records import PREDICTIONS, RECORD, StudyRecord, read_record, record_of
from harness.tracking.run_record import RunRecord
from registry.errors import BenchError

UNSEEN, RANDOM = {"split": "unseen_speakers_80_20"}, {"split": "random_80_20", "shares_speakers": "True"}


def study() -> list[Leaderboard]:
    """Two protocols, one of two rows."""
    return boards_of(row("a", "net", UNSEEN), row("weak", "weak", UNSEEN), row("b", "net", RANDOM))


def written(folder: Path, boards: list[Leaderboard]) -> StudyRecord:
    record = record_of("small", [RunRecord("s", "study", "study", "finished", {}, {}, {"bench.question": "Is 5 < 6?"})], boards)
    record.write(folder)
    return record


def test_a_record_comes_back_with_the_counts_of_every_row(tmp_path: Path) -> None:
    boards = study()
    made, read = written(tmp_path, boards), read_record(tmp_path)
    assert read.name == "small" and read.data["question"] == "Is 5 < 6?" and read.data == made.data
    for board in boards:
        for finals in board.predictions:
            assert np.array_equal(read.tested[finals.row.cell].counts, finals.counts)
            assert read.tested[finals.row.cell].part == made.tested[finals.row.cell].part
    assert len({row.part for row in read.tested.values()}) == 1, "all rows were tested on the same clips"


def test_rows_that_pool_folds_come_back_whole(tmp_path: Path) -> None:
    made = rows_of({"good": (1, 2, 3, 4, 5)})
    board, = leaderboards(made, predictions(made, {"good": 0.8}))
    written(tmp_path, [board])
    (cell, tested), = read_record(tmp_path).tested.items()
    assert cell == board.rows[0].cell and np.array_equal(tested.counts, board.predictions[0].counts) and len(tested.clips) == 180


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        written(tmp_path / folder, study())
    for name in (RECORD, PREDICTIONS):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    head, first, *_ = (tmp_path / "one" / PREDICTIONS).read_text(encoding="utf-8").splitlines()
    assert head == "corpus,clip,speaker,truth,b 0,b 1,a 0,a 1,weak 0,weak 1" and first == "0123456789abcdef,clip000,S0,0,0,0,0,0,1,1"


def changed(name: str, old: str, new: str) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    return change


@pytest.mark.parametrize(("change", "message"), [
    (changed(RECORD, '"schema": 2', '"schema": 3'), "form 3 of bench .*, and this version reads form 2: update bench"),
    (changed(RECORD, '"schema": 2', '"schema": 1'), "write it again with `bench report`"),
    (changed(RECORD, '"schema"', '"scheme"'), "is not a report of bench as JSON"),
    (changed(RECORD, '"leaderboards"', '"tables"'), "damaged .KeyError: 'leaderboards'.: take both from where"),
    (changed(RECORD, '"parameters": 12345', '"parameters": "<b>"'), "TypeError: parameters is no int"),
    (changed(RECORD, '"otherwise"', '"other"'), "damaged .KeyError: 'otherwise'.: take both from where"),
    (changed(RECORD, '"epochs"', '"rounds"'), "damaged .KeyError: 'epochs'.: take both from where"),
    (changed(RECORD, '"mean": 0.655', '"mean": "x"'), "a figure is no number"),
    (lambda folder: (folder / RECORD).write_text(json.dumps([])), "is not a report of bench"),
    (lambda folder: (folder / RECORD).write_text("{"), "is damaged .JSONDecodeError"),
    (changed(PREDICTIONS, "clip000,S0,0,0", "clip000,S0,0,7"), "an emotion that is none of the 3"),
    (changed(PREDICTIONS, "clip000,S0,0,0", "clip000,S0,0"), "is damaged"), (changed(PREDICTIONS, "weak 1", "weak 2"), "'weak 1'"),
    (lambda folder: (folder / PREDICTIONS).unlink(), f"{PREDICTIONS}: No such file or directory; `bench report` writes it")])
def test_a_record_that_can_not_be_read_says_why(change: Callable[[Path], object], message: str, tmp_path: Path) -> None:
    written(tmp_path, study())
    change(tmp_path)
    with pytest.raises(BenchError, match=message):
        read_record(tmp_path)
