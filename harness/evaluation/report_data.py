"""A study's report as data for programs: the documented form of `bench report --json` and of the `record.json` beside each report.

`docs/record.md` describes every field. The figures are those of the page, made by the same functions.
"""

from __future__ import annotations

import datetime
import importlib.metadata
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from harness.evaluation.baseline import gains
from harness.evaluation.calibration import calibration_errors
from harness.evaluation.folds import compare_over_folds, folds
from harness.evaluation.intervals import SCORES, Figure, mean_sd
from harness.evaluation.leaderboard import Leaderboard
from harness.evaluation.rows import NO_FIGURE, Row, named, plain
from harness.evaluation.search_worth import SearchWorth
from harness.evaluation.voices import Voices, known_voices, voices

SCHEMA = 2  # grows when a field changes its form or is taken away; a new field does not change it
FIGURE = ("value", "low", "high")
FROM_SCRATCH = "from scratch"


def report_document(studies: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The whole document: the form's number, the version that wrote it, and the data of each study."""
    return {"schema": SCHEMA, "bench": importlib.metadata.version("ser-bench"), "studies": dict(studies)}


def study_data(boards: Sequence[Leaderboard], question: str = "", baseline: str = "", worths: Sequence[SearchWorth | None] = ()
               ) -> dict[str, Any]:
    """One study's leaderboards, and what is compared between them; figures that do not exist are null.

    Args: worths: what searching was worth on each leaderboard; empty where that was not looked at.
    """
    found = [board_data(board, baseline, worth) for board, worth in zip(boards, worths or [None] * len(boards), strict=True)]
    data = {"question": question, "baseline": baseline, "leaderboards": found,
            "voices": [_voices(pair) for pair in voices(boards)], "known_voices": [_voices(pair) for pair in known_voices(boards)],
            "over_folds": _over_folds([row for board in boards for fold in board.folds or (board,) for row in fold.rows])}
    return {key: plain(value) for key, value in data.items()}


def board_data(board: Leaderboard, baseline: str = "", worth: SearchWorth | None = None) -> dict[str, Any]:
    """One leaderboard: what all rows share, its reference rows, and its rows, best test UAR first."""
    first = (board.finished or board.rows)[0]
    test = board.predictions[0].test[0] if board.predictions else None
    shared = {name: getattr(first, name) for name in ("corpus", "corpus_label", "corpus_fingerprint", "coverage", "synthetic",
                                                      "split_fingerprint", "shares_speakers", "knows_speakers")}
    below = [{"name": reference.name, "basis": reference.basis, "recall": reference.recall,
              **{score: named(FIGURE, figures) for score, figures in reference.figures.items()}} for reference in board.references]
    return {"protocol": first.protocol, **shared, "emotions": list(test.emotions) if test else [],
            "clips": first.clips, "speakers": first.speakers, "alarms": board.alarms, "references": below,
            "search_worth": _worth(worth, {row.cell: board.name(row) for row in board.rows}),
            "gains": [{"name": gain.name, "gain": named(FIGURE, gain.gain)} for gain in gains(board, baseline)] if baseline else [],
            "rows": [row_data(board, row) for row in board.rows]}


def row_data(board: Leaderboard, row: Row) -> dict[str, Any]:
    """One row: what it is, its figures with deviation over seeds and 95 % interval, rank, cost and marks."""
    statistics = board.statistics.get(row.cell)
    finals = next((finals for finals in board.predictions if finals.row is row), None)
    labels = {other.cell: board.name(other) for other in board.rows}
    fields = row.as_json()
    del fields["requested_at"]  # each start of a study sets it, and the same runs give the same bytes
    fields["ended_at"] = in_utc(row.ended_at) if row.ended_at else None
    family = fields.pop("family") or FROM_SCRATCH
    voted = board.voted.rows.get(row.cell) if board.voted else None
    figures = {score: {**fields["test"][score], **named(("low", "high"), board.interval(row, score))} for score in SCORES if row.seeds}
    errors = mean_sd(calibration_errors(finals.test)) if finals else NO_FIGURE
    return {"name": labels[row.cell], "class": family, **fields, "test": figures,
            "calibration_error": named(("mean", "sd"), errors), "rank": statistics.rank if statistics else None,
            "alike": [labels[cell] for cell in statistics.alike] if statistics else None, "chosen": row is board.chosen,
            "voted": voted.as_json() if voted else None,
            "marks": board.marks(row), "alarms": statistics.alarms if statistics else None,
            "no_statistics": board.missing_files.get(row.cell)}


def in_utc(seconds: float) -> str:
    """A moment, in seconds since 1970, as its texts sort.

    >>> in_utc(1795691635.9)
    '2026-11-26T11:13:55Z'
    """
    return datetime.datetime.fromtimestamp(int(seconds), datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _voices(pair: Voices) -> dict[str, Any]:
    figures = [{"name": row.name, "new": _figure(row.new), "heard": _figure(row.heard), "gain": _figure(row.gain), "clips": row.clips,
                "speakers": row.speakers} for row in pair.rows]
    return {"new": pair.new.rows[0].protocol, "heard": pair.heard.rows[0].protocol, "rows": figures}


def _worth(worth: SearchWorth | None, names: Mapping[str, str]) -> dict[str, Any] | None:
    if worth is None:
        return None
    rows = [{"name": names[cell], "best": row.best, "as_written": row.written, "same": row.same,
             "difference": _figure((row.difference, row.low, row.high))} for cell, row in worth.rows.items()]
    return {"difference": _figure(worth.overall), "rows": rows}


def _over_folds(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """What comparing rows over folds of speakers gives, for each protocol that has several."""
    found = []
    for protocol, (labels, figures) in folds(rows).items():
        compared = compare_over_folds(figures)
        found.append({"protocol": protocol, "rows": labels, "folds": len(figures), "average_ranks": compared.average_ranks.tolist(),
                      "friedman_p": compared.friedman, "critical_difference": compared.critical_difference,
                      "wilcoxon_p": np.asarray(compared.corrected).tolist()})
    return found


def _figure(figure: Figure) -> dict[str, float]:
    return named(FIGURE, figure)
