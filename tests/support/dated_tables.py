"""Tables of all studies whose rows say when their finals ended."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from made_records import boards_of, row

from harness.evaluation.joint_leaderboards import JointTable, joint_tables
from harness.evaluation.report_data import study_data
from harness.evaluation.study_records import StudyRecord


def dated(*studies: Mapping[str, str | None]) -> list[JointTable]:
    """Args: studies: of each its rows, `good` or `weak`, and when they ended, None in records of earlier versions."""
    return joint_tables([_record(f"study{number}", ends) for number, ends in enumerate(studies)])


def tables() -> list[JointTable]:
    """One table: `weak` is the older row."""
    return dated({"good": "2026-11-21T12:00:00Z", "weak": "2026-11-19T12:00:00Z"})


def _record(name: str, ends: Mapping[str, str | None]) -> StudyRecord:
    boards = boards_of(*(row(cell, cell, {"split": "unseen_speakers_80_20"}) for cell in ends))
    record = StudyRecord.of(name, study_data(boards), boards)
    for board in record.data["leaderboards"]:
        for each in board["rows"]:
            each["ended_at"] = ends[each["cell"]]
    return dataclasses.replace(record)
