"""The first screen of a report: the answer, its table and picture, what to trust of it, and where the rest is."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from harness.evaluation.answer import Answer, row_on
from harness.evaluation.baseline import gains
from harness.evaluation.intervals import LEAST_SPEAKERS, Figure
from harness.evaluation.leaderboard import Leaderboard
from harness.evaluation.pareto import measured_alike
from harness.evaluation.references import RESOLVED, STRICT
from harness.evaluation.rows import Row
from harness.evaluation.voices import Voices
from harness.reports.answer_table import answer_table, kind, proportion
from harness.reports.highlights import by_family, choice
from harness.reports.leaderboard_tables import common_marks
from harness.reports.markdown import brief, brief_interval, code, escape, plural, points, quoted
from harness.reports.voices_section import known_finding
from harness.training.cost import LATENCY

Panels = Mapping[str, Mapping[str, Mapping[str, Figure]]]
Draw = Callable[[Panels, Mapping[str, float], str], str]
NAMED = 3  # rows that gain, lose or wait for finals and are named before the others are only counted
MOST_PANELS = 2


def answer_markdown(answer: Answer, baseline: str, draw: Draw | None, running: int = 0) -> list[str]:
    """The quotation with the answer, the table and the picture of one corpus.

    Args: baseline: label of a study's baseline. draw: gives the path of the picture of panels, lines and the row to take; None: there is
        none. running: trials of the study that have not ended.
    """
    board, row = answer.main, answer.taken
    if board is None or row is None:
        going = f" {plural(running, 'trial')} are running." if running else ""
        return [quoted([f"**No finals yet**, so there is nothing to take.{going} {_waiting(answer)}".rstrip()])]
    known = known_finding(answer.known)
    take = " ".join(filter(None, (_take(answer, row), choice(board))))
    about = " ".join(filter(None, (_references(board), _detectable(board))))
    lines = [_made_up(board), known if answer.by_protocol else "", _over(board, baseline), take, *_voices(answer, row),
             "" if answer.by_protocol else known, by_family(board, lambda each: _figure(board, each)), about, _unfinished(answer, running)]
    if answer.by_protocol:
        return [quoted([line for line in lines if line])]
    picture = [f"![Test UAR with intervals]({draw(*_picture(answer))})"] if draw and board.predictions else []
    return [quoted([line for line in lines if line]), _heading(answer), answer_table(answer, baseline), *picture]


def _figure(board: Leaderboard, row: Row) -> str:
    return f"{escape(board.short(row))}, {brief(row.test['uar'][0])}"


def _made_up(board: Leaderboard) -> str:
    return ("**No human speech**: the clips are synthetic, so figures only show that the machinery works."
            if board.rows[0].synthetic else "")


def _take(answer: Answer, row: Row) -> str:
    """Which row to take, what it reaches, and how sure that is."""
    assert answer.main
    board = answer.main
    first = f"**Take {escape(board.short(row))}.**" if len(board.finished) > 1 else f"**{escape(board.short(row))}** is the only network."
    leak = f" **A leak was found in it: {escape(row.leaks)}.** Do not believe its figures." if row.leaks else ""
    figure = brief_interval(row.test["uar"][0], *board.interval(row))
    heard = [f"{brief(of.test['uar'][0])}" for pair in answer.pairs[:1] if (of := row_on(pair.heard, row))]
    return (f"{first}{leak} On {kind(board)} ({escape(row.split)}) its test UAR is {figure}{_standing(board, row)}."
            + (f" With voices that it has heard: {heard[0]}." if heard else ""))


def _standing(board: Leaderboard, row: Row) -> str:
    """What its rank says, as the end of a sentence; empty for a single row."""
    rows = len(board.finished)
    rank = board.statistics[row.cell].rank if row.cell in board.statistics else None
    if rows == 1:
        return ""
    if rank is None:
        return "; there are no ranks"
    if rank > 1:
        return f"; {rank - 1} of {plural(rows - 1, 'other row')} {'is' if rank == 2 else 'are'} significantly better on test"
    if len(board.best) == 1:
        return "; no other row shares its rank 1"
    if len(board.best) == rows:
        return f"; {'both' if rows == 2 else f'all {rows}'} networks share rank 1, so cost may decide{_fastest(board)}"
    return f"; it shares rank 1 with {len(board.best) - 1} of {plural(rows - 1, 'other row')}{_fastest(board)}"


def _fastest(board: Leaderboard) -> str:
    """Which of the rows of rank 1 answers fastest, where all were measured, and alike."""
    if not all(LATENCY in row.cost for row in board.best) or not measured_alike(board.best):
        return ""
    first = min(board.best, key=lambda row: (row.cost[LATENCY], row.cell))
    return f" (fastest: {escape(board.short(first))}, {first.cost[LATENCY]:.1f} ms)"


def _over(board: Leaderboard, baseline: str) -> str:
    """How many rows gain over the baseline, and which."""
    rows = gains(board, baseline) if baseline else []
    if not rows:
        return ""
    told = [row for row in rows if row.is_told]
    better, worse = ([row for row in told if (row.gain[0] > 0) == gaining] for gaining in (True, False))
    names = {row.name: escape(board.short(each)) for each in board.finished for row in rows if row.name == board.name(each)}

    def named(found: Sequence[object], which: Sequence[str]) -> str:
        return f"{len(found)} ({', '.join(which[:NAMED])}{', …' if len(which) > NAMED else ''})" if found else "0"

    up, down = ([f"{names[row.name]} {points(row.gain)}" for row in side] for side in (better, worse[::-1]))
    gain = (f"**Of {plural(len(rows), 'change')} to {escape(baseline)} {named(better, up)} gain**" if better
            else f"**None of {plural(len(rows), 'change')} to {escape(baseline)} can be told to gain**")
    rest = f", and of {len(rows) - len(told)} neither can be told" if len(rows) > len(told) else ""
    return f"{gain}, {named(worse, down)} lose{rest}. One interval of 20 misses by chance."


def _voices(answer: Answer, taken: Row) -> list[str]:
    """What the row to take owes to voices that it knows, for each pair of protocols, and which other rows owe something to them."""
    pairs = [(pair, row) for pair in answer.pairs for row in pair.rows if row.name == taken.name]
    if not pairs:
        return []
    several = len(answer.pairs) > 1
    gains_in_words = "; ".join(f"{points(row.gain)} points{f' at {proportion(pair.new)}' if several else ''}" for pair, row in pairs)
    first = pairs[0][1]
    if first.collapsed:
        text = ("**What heard voices are worth can't be told**: its networks took every clip for one emotion, of heard or new voices, and "
                "have learnt nothing; another seed may (`--seeds 1`).")
    elif not first.is_told:
        text = f"**Whether heard voices help it can't be told**: {gains_in_words}."
    elif first.gain[0] > 0:
        text = f"**About {100 * first.gain[0]:.0f} of {100 * first.heard[0]:.0f} points come from known speakers**: {gains_in_words}."
    else:
        text = f"**It is worse on voices that it has heard**: {gains_in_words}."
    others = [f"{escape(_short(answer, row.name))} {points(row.gain)}{f' at {proportion(pair.new)}' if several else ''}"
              for pair in answer.pairs for row in pair.rows if row.is_told and row.name != taken.name]
    more = f" and {len(others) - NAMED} more" if len(others) > NAMED else ""
    beside = "It can be told of other rows, too" if first.is_told else "Of other rows it can"
    return [text + (f" {beside}: {', '.join(others[:NAMED])}{more}." if others else "")]


def _short(answer: Answer, name: str) -> str:
    return next((answer.boards[0].short(row) for row in answer.networks if row.name == name), name)


def _references(board: Leaderboard) -> str:
    """`Listeners: .440–.469. Chance: .167.`"""
    figures = {reference.name: reference.figures["uar"][0] for reference in board.references}
    if not figures:
        return ""
    low, high = figures.get(STRICT), figures.get(RESOLVED)
    heard = f"Listeners to the same clips: {brief(low)}–{brief(high)}. " if low is not None and high is not None else ""
    return f"{heard}Chance: {brief(figures['chance'])}."


def _detectable(board: Leaderboard) -> str:
    """Which differences the test part could have shown."""
    if len(board.finished) < 2 or not board.predictions:
        return ""
    speakers = board.predictions[0].counts.shape[1]
    if not board.predictions[0].test[0].knows_speakers:
        return "Who speaks is not known, so nothing can be told apart: clips of one speaker are not independent of each other."
    one, of_all = board.pairs.smallest if board.pairs else (math.nan, math.nan)
    if math.isnan(of_all):
        return (f"Nothing can be told apart here: {plural(speakers, 'test speaker')}, and {LEAST_SPEAKERS} is the least."
                if speakers < LEAST_SPEAKERS else "Rows were tested on different clips, so nothing can be told apart.")
    count = math.comb(len(board.predictions), 2)
    alone = f" ({100 * one:.1f} if one pair alone is asked for)" if count > 1 else ""
    return (f"Two rows can be told apart here ({speakers} test speakers) from about {100 * of_all:.1f} points on{alone}; those that "
            "can't be may still differ by less.")


def _unfinished(answer: Answer, running: int) -> str:
    going = f" {plural(running, 'trial')} are running." if running else ""
    waiting = _waiting(answer)
    return f"**Not finished:** {waiting}{going}" if waiting or running else ""


def _waiting(answer: Answer) -> str:
    rows = [f"{escape(board.short(row))} on {escape(row.protocol)}" for board in answer.boards for row in board.rows if not row.seeds]
    more = f" and {len(rows) - NAMED} more" if len(rows) > NAMED else ""
    return f"No finals yet of {', '.join(rows[:NAMED])}{more}." if rows else ""


def _heading(answer: Answer) -> str:
    """What the table has, and what all its rows have in common."""
    assert answer.main
    board = answer.main
    marks = [escape(mark) for mark in common_marks(board) if mark.startswith(("cut", "pretrained"))]
    every = "; ".join([*map(code, board.names.common), *marks])
    interval = " […]: 95 % interval over speakers" + (" and trainings." if not board.one_seed_each else ".")
    return " ".join([f"Test UAR on {escape(board.corpus)}.{interval if board.predictions else ''}",
                     *([f"A difference is in points of UAR, on {_same_clips(answer)} that both protocols test."] if answer.pairs else []),
                     *([f"Every row: {every}."] if every else [])])


def _same_clips(answer: Answer) -> str:
    """The clips on which differences are, with their numbers where these are known and the same for all."""
    numbers = {(row.clips, row.speakers) for pair in answer.pairs for row in pair.rows}
    clips, speakers = numbers.pop()
    return f"the {plural(clips, 'clip')} of {plural(speakers, 'speaker')}" if speakers and not numbers else "the clips"


def _picture(answer: Answer) -> tuple[Panels, Mapping[str, float], str]:
    """The panels of the picture, its lines, and the row to take."""
    assert answer.main and answer.taken
    board, lines = answer.main, {each.name: each.figures["uar"][0] for each in answer.main.references if each.name in ("chance", RESOLVED)}
    panels: dict[str, Mapping[str, Mapping[str, Figure]]] = {}
    for pair in answer.pairs[:MOST_PANELS]:
        panels[proportion(pair.new)] = _of_pair(answer, pair)
    if not panels or board not in [pair.new for pair in answer.pairs]:
        of_main = {board.short(finals.row): {kind(board): board.test_uar(finals)} for finals in board.predictions}
        panels = {board.rows[0].protocol: of_main, **panels}
    return dict(list(panels.items())[:MOST_PANELS]), lines, board.short(answer.taken)


def _of_pair(answer: Answer, pair: Voices) -> dict[str, dict[str, Figure]]:
    found = {row.name: {"new speakers": row.new, "heard speakers": row.heard} for row in pair.rows}
    return {answer.boards[0].short(row): found[row.name] for row in answer.networks if row.name in found}
