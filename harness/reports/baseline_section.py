"""The part of a report on a study's baseline: what each other row gains over it."""

from __future__ import annotations

from collections.abc import Iterable

from harness.evaluation.baseline import Gain, gains
from harness.evaluation.leaderboard import Leaderboard
from harness.reports.markdown import escape, plural, points, table, with_interval


def baseline_markdown(boards: Iterable[Leaderboard], baseline: str) -> list[str]:
    """A finding and a table for each leaderboard that has the baseline; empty without one."""
    return [part for board in boards for part in _of_board(board, baseline)] if baseline else []


def _of_board(board: Leaderboard, baseline: str) -> list[str]:
    rows = gains(board, baseline)
    if not rows:
        return []
    told = [row for row in rows if row.is_told]
    better, worse = (_counted(row for row in told if (row.gain[0] > 0) == gains_it) for gains_it in (True, False))
    rest = len(rows) - len(told)
    lines = [[escape(row.name), with_interval(*row.uar), points(row.gain)] for row in rows]
    return [f"On {escape(board.rows[0].protocol)}, of {plural(len(rows), 'recipe')} {better} gain, {worse} lose, and of {rest} "
            "neither can be told. Points of test UAR, paired by speaker. Each interval stands for itself, and one of 20 misses by chance; "
            "the ranks below are corrected for the number of pairs.",
            table(["recipe", "test UAR", "points gained"], lines, "lrr")]


def _counted(rows: Iterable[Gain]) -> str:
    """How many rows there are, and which: `2 (**mixup** +3.1 [+0.8, +5.4], …)`."""
    names = [f"**{escape(row.name)}** {points(row.gain)}" for row in rows]
    return f"{len(names)} ({', '.join(names)})" if names else "0"
