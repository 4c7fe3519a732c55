"""The table of a report's first screen: one row a network, its protocols side by side, what stands between them, and latency."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from harness.evaluation.answer import Answer, row_on
from harness.evaluation.baseline import Gain, gains
from harness.evaluation.leaderboard import Leaderboard
from harness.evaluation.pareto import measured_alike
from harness.evaluation.rows import Row
from harness.evaluation.short_names import full_name
from harness.evaluation.voices import Voices
from harness.reports.highlights import rank_of
from harness.reports.leaderboard_tables import BOLD, common_marks
from harness.reports.markdown import brief_interval, escape, points, table, unbroken
from harness.training.cost import LATENCY

MOST_OTHERS = 2  # columns of protocols that have no twin: more would not fit a page
Cells = Callable[[Row], str]


def answer_table(answer: Answer, baseline: str) -> str:
    """A line for each network, the best on the main leaderboard first; empty without finals.

    Args: baseline: label of the row over which others gain; empty: there is none.
    """
    if answer.main is None:
        return ""
    columns: dict[str, Cells] = {"rank": lambda row: _rank(answer, row)} if len({_rank(answer, row) for row in answer.networks}) > 1 else {}
    columns |= {**_protocols(answer), **_over(answer, baseline)}
    if measured_alike([row for row in answer.networks if LATENCY in row.cost]):
        columns["latency"] = lambda row: f"{row.cost[LATENCY]:.1f} ms" if LATENCY in row.cost else "–"
    columns[""] = lambda row: _notes(answer, row)
    lines = [[_name(answer, row), *(cell(row) for cell in columns.values())] for row in answer.networks]
    if not any(line[-1] for line in lines):
        lines, columns = [line[:-1] for line in lines], {name: cell for name, cell in columns.items() if name}
    return table(["network", *columns], lines, "l" + "r" * (len(columns) - 1) + ("l" if "" in columns else "r"))


def kind(board: Leaderboard) -> str:
    """Of whom its test clips are, in two words."""
    row = board.finished[0] if board.finished else board.rows[0]
    if row.knows_speakers:
        return "speaker known"
    unknown = bool(row.speakers) and not any(row.speakers.values())
    return "speakers unknown" if unknown else "heard speakers" if row.shares_speakers else "new speakers"


def proportion(board: Leaderboard) -> str:
    """`70:30` of a protocol whose name says so; else its name."""
    found = re.search(r"_(\d+)_(\d+)$", board.rows[0].split)
    return f"{found[1]}:{found[2]}" if found else escape(board.rows[0].protocol)


def _name(answer: Answer, row: Row) -> str:
    name = escape(answer.boards[0].short(row))
    return f"**{name}**" if answer.taken and full_name(row) == full_name(answer.taken) else name


def _rank(answer: Answer, network: Row) -> str:
    row = row_on(answer.main, network) if answer.main else None
    return rank_of(answer.main, row) if answer.main and row else "–"


def _protocols(answer: Answer) -> dict[str, Cells]:
    """Head -> the figures of a network under a protocol, or under each of several proportions of one kind, a line each."""
    assert answer.main
    paired = answer.main in [board for pair in answer.pairs for board in (pair.new, pair.heard)]
    columns: dict[str, Cells] = {} if paired else {kind(answer.main): _column([answer.main])}
    if answer.pairs:
        heads = ["new speakers", "heard speakers", "difference on the same clips"]
        if not paired:  # the column of the main leaderboard has the name of its kind
            heads = [f"{head}, {proportion(answer.pairs[0].new)}" for head in heads]
        split = "<br>".join(proportion(pair.new) for pair in answer.pairs)
        columns |= {"split": lambda row: split} if len(answer.pairs) > 1 else {}
        columns |= {heads[0]: _column([pair.new for pair in answer.pairs]), heads[1]: _column([pair.heard for pair in answer.pairs]),
                    heads[2]: lambda row: "<br>".join(_gain(pair, row) for pair in answer.pairs)}
    others = [board for board in answer.others if board.predictions][:MOST_OTHERS]
    return columns | {escape(board.rows[0].protocol): _column([board]) for board in others}


def _column(boards: Sequence[Leaderboard]) -> Cells:
    return lambda row: "<br>".join(_uar(board, row) for board in boards)


def _uar(board: Leaderboard, network: Row) -> str:
    row = row_on(board, network)
    return brief_interval(row.test["uar"][0], *board.interval(row)) if row else "–"


def _gain(pair: Voices, network: Row) -> str:
    return next((unbroken(points(row.gain)) for row in pair.rows if row.name == network.name), "–")



def _over(answer: Answer, baseline: str) -> dict[str, Cells]:
    """The column of what rows gain over a study's baseline."""
    found: Mapping[str, Gain] = {row.name: row for row in gains(answer.main, baseline)} if baseline and answer.main else {}
    if not found:
        return {}

    def cell(network: Row) -> str:
        row = row_on(answer.main, network) if answer.main else None
        gain = found.get(answer.main.name(row)) if answer.main and row else None
        return unbroken(points(gain.gain)) if gain else "–"

    return {f"points over {escape(baseline)}": cell}


def _notes(answer: Answer, network: Row) -> str:
    """What a reader must know of one row and not of all: that it is the one to take, and its own marks."""
    row = row_on(answer.main, network) if answer.main else None
    if row is None or answer.main is None:
        return ""
    left_out = ("⚠ ", "pretrained", "chosen", *common_marks(answer.main))  # alarms stand in the line on trust, models below
    words = [*(["take"] if row is answer.taken and len(answer.main.finished) > 1 else []),
             *(f"**{escape(mark)}**" if mark.startswith(BOLD) else escape(mark)
               for mark in answer.main.marks(row) if not mark.startswith(left_out))]
    return "; ".join(words)
