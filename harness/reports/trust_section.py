"""What the figures of a report's first screen rest on, in one line, and what the marks of its rows mean where they occur."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from harness.evaluation.answer import Answer
from harness.evaluation.leaderboard import Leaderboard
from harness.evaluation.rows import Row
from harness.reports.markdown import anchor, escape, plural
from harness.tracking.openings import Opening, repeated

READING = "docs/reading.md"
MEANINGS = {
    "shared speakers": "speakers of the test part are also in training, so figures say little about new voices",
    "speakers unknown": "who speaks is not known: voices of the test part may all be in training, and there are no intervals",
    "speaker known": "features are standardised by clips of the test speakers, of which no label is used",
    "partial": "clips of the corpus were missing", "synthetic": "no human speech, figures only show that the machinery works",
    "one seed": "what another training would give is not known", "chosen": "the row of highest validation UAR, the one to take",
    "cut": "so many clips are longer than the feature space's `duration_s`, or lose nearly all to `trim_db`; what is cut off is "
           "heard neither in training nor in test",
    "pretrained": "it has learnt from other audio, see below", "leak found": "do not believe its figures",
}
"""Beginning of a mark -> what it means."""


def trust_markdown(answers: Sequence[Answer], openings: Sequence[Opening], headings: Sequence[tuple[str, str]],
                   page: Path | None = None) -> list[str]:
    """The line on trust and the line of links.

    Args: headings: words and the heading of the page that they lead to. page: where the report will lie; None: in the repository.
    """
    boards = [answer.main for answer in answers if answer.main]
    links = [*(f"[{words}]({anchor(heading)})" for words, heading in headings), link_to_reading(page)]
    more = f"**More:** {' · '.join(links)}"
    if not boards:
        return [more]
    parts = list(dict.fromkeys(text for board in boards for text in _of_board(board))) if len(boards) == 1 else _of_rows(boards)
    opened = f"test opened {plural(len(openings), 'time')}" + (f", {again} of them again" if (again := repeated(openings)) else "")
    deleted = sum(not opening.in_store for opening in openings)
    gone = [f"**{deleted} of them in deleted runs**"] if deleted else []
    return [f"**Trust:** {' · '.join([*parts, opened, *gone])}.", more]


def link_to_reading(page: Path | None) -> str:
    """A link to the page that explains reports, its name alone in a home that has no such page. Args: page: None: in the repository."""
    there = page is None or (page.parent.parent / READING).exists()
    return f"[how to read this](../{READING})" if there else f"how to read this: `{READING}` of bench"


def _of_board(board: Leaderboard) -> list[str]:
    row = board.finished[0]
    speakers = board.predictions[0].counts.shape[1] if board.predictions and board.predictions[0].test[0].knows_speakers else 0
    tested = [plural(speakers, "test speaker")] if speakers else ["**speakers unknown**"]
    clips = plural(row.clips["test"], "test clip") if "test" in row.clips else ""
    folds = f"{row.folds} folds, each clip tested once" if board.folds else ""
    return [text for text in (*_of_rows([board])[:1], *tested, clips, folds, *_of_rows([board])[1:]) if text]


def _of_rows(boards: Sequence[Leaderboard]) -> list[str]:
    """What applies to the rows of all boards; seeds first."""
    rows = [row for board in boards for row in board.finished]
    seeds = sorted({row.seeds for row in rows})
    count = "**one seed**: another training may give other figures" if seeds == [1] else (
        plural(seeds[0], "seed") if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]} seeds")
    coverage = sorted({"whole corpus" if row.coverage.endswith("whole") else f"**{escape(row.coverage)}**" for row in rows})
    shared = ["**speakers are shared** with training"] if all(row.shares_speakers for row in rows) else []
    pretrained = sum(bool(row.pretrained) for row in rows)
    heard = [f"{pretrained} of {plural(len(rows), 'row')} pretrained" if pretrained < len(rows) else "pretrained"] if pretrained else []
    backends = sorted({row.backend for row in rows} - {"", "tensorflow"})
    lost = sum(len(board.missing_files) for board in boards)
    return [count, *shared, _leaks(rows), *coverage, *heard,
            *(f"on {escape(backend)}" for backend in backends), *_alarms(boards),
            *([f"**⚠ files of {plural(lost, 'row')} are lost**"] if lost else [])]


def _leaks(rows: Sequence[Row]) -> str:
    leaks = [row for row in rows if row.leaks]
    audited = sum(bool(row.audit) for row in rows)
    if leaks:
        return f"**⚠ leaks found in {plural(len(leaks), 'row')}**"
    return "no leak found" if audited == len(rows) else f"{len(rows) - audited} of {plural(len(rows), 'row')} not audited for leaks"


def _alarms(boards: Sequence[Leaderboard]) -> list[str]:
    of_tables = list(dict.fromkeys(f"⚠ {name}" for board in boards for name in board.alarms))
    names = [name for board in boards for of_row in board.statistics.values() for name in of_row.alarms]
    return [*of_tables, *(f"⚠ {name} in {plural(names.count(name), 'row')}" for name in dict.fromkeys(names))]


def meanings(marks: Iterable[str]) -> str:
    """What the marks that occur mean, a line each; empty for marks that explain themselves."""
    found = list(marks)
    lines = [f"- **{begin}**: {text}." for begin, text in MEANINGS.items() if any(begin in mark for mark in found)]
    return "\n".join(lines)
