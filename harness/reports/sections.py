"""What stands below the first screen of a report, in a steady order: each part with the words of its link."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.evaluation.answer import Answer
from harness.evaluation.leaderboard import Leaderboard
from harness.evaluation.search_results import cell_searches
from harness.evaluation.search_worth import SearchWorth
from harness.reports import baseline_section, cost_section, folds_section, front_section, layers_section, search_section
from harness.reports.confusions_section import confusions_markdown
from harness.reports.failures_section import failures_markdown
from harness.reports.hard_clips_section import hard_clips_markdown
from harness.reports.leaderboard_section import leaderboard_markdown, pretrained_models, reproduce_markdown
from harness.reports.markdown import escape, folded, table
from harness.reports.pictures import Pictures
from harness.reports.trust_section import meanings
from harness.reports.voices_section import HEADING, known_markdown
from harness.reports.voted_section import TITLE, voted_markdown
from harness.tracking.run_record import RunRecord

OPEN = 4  # leaderboards of a page that stand open; of more, each is opened by a click
NOTHING_SEARCHED = "Nothing was searched: each row has the settings as written."


@dataclass(frozen=True)
class Section:
    """One part of a page. Args: words: of the link to it. parts: below its heading."""

    words: str
    heading: str
    parts: Sequence[str]


def sections(study_name: str, answers: Sequence[Answer], records: list[RunRecord], pictures: Pictures | None,
             worths: Sequence[SearchWorth | None], baseline: str, totals: str) -> list[Section]:
    """The parts that a study has; those without content are left out.

    Args: worths: of each leaderboard. baseline: label of the study's baseline. totals: trials and openings in a sentence.
    """
    boards = [board for answer in answers for board in answer.boards]
    main = [answer.main for answer in answers if answer.main]
    twins = [board for answer in answers for pair in answer.pairs[:1] for board in (pair.heard, pair.new) if board is not answer.main]
    known = [part for answer in answers if not answer.by_protocol
             for part in known_markdown(answer.known, pictures.known_voices if pictures else None)]
    others = [board for board in boards if board not in main]
    pairs = [pair for answer in answers for pair in answer.pairs]
    found = [Section("layer by layer", layers_section.HEADING,
                     layers_section.layers_markdown(pairs, pictures.layers if pictures else None)),
             Section("known clips", HEADING, known),
             Section("other protocols over the baseline", f"What each recipe gains over {escape(baseline)} elsewhere",
                     baseline_section.baseline_markdown(others, baseline)),
             Section("every protocol", "Every protocol", _protocols(boards)),
             Section("confusions side by side", "Confusions side by side",
                     confusions_markdown([*main, *twins], pictures.confusions if pictures else None)),
             Section("clips that every row gets wrong", "Clips that every row gets wrong",
                     [part for board in main for part in hard_clips_markdown(board)]),
             Section("what the search found", "What the search found", _searches(boards, records, pictures, worths)),
             Section("over the folds", "Over the folds", _folds(boards, pictures)),
             Section("where it fails", "Where it fails", failures_markdown([*main, *twins], pictures.of if pictures else None)),
             Section("what listeners heard", TITLE, voted_markdown([*main, *twins])),
             Section("cost", "Cost", _costs(boards, main, pictures)),
             Section("reproduce", "How to reproduce",
                     [totals, *(reproduce_markdown(study_name, board) for board in boards), _names(boards)]),
             *_notes(records)]
    return [section for section in found if any(section.parts)]


def _protocols(boards: Sequence[Leaderboard]) -> list[str]:
    marks = {mark for board in boards for row in board.finished for mark in board.marks(row)}
    spread = ["± is the standard deviation over seeds, […] a 95 % interval and [–] that there is none. Validation UAR chose trial, epoch "
              "and row; test figures chose nothing, they sort the tables."] if any(board.finished for board in boards) else []
    return [*spread, meanings(marks), pretrained_models(boards),
            *(part for board in boards for part in leaderboard_markdown(board, closed=len(boards) > OPEN))]


def _searches(boards: Sequence[Leaderboard], records: list[RunRecord], pictures: Pictures | None,
              worths: Sequence[SearchWorth | None]) -> list[str]:
    searches, parts = cell_searches(records), []
    for board, worth in zip(boards, worths, strict=True):
        text, more = search_section.search_markdown(board, searches, pictures.search if pictures else None, worth)
        if more:
            front = front_section.front_markdown(board, records, pictures.search_front if pictures else None)
            parts.append([text, more, front])
    if len(parts) > OPEN:
        protocols = [part[0].split("\n\n")[0] for part in parts]
        return ["\n".join(f"- {line}" for line in protocols),
                folded("What the search found under each protocol", "\n\n".join(text for part in parts for text in part if text))]
    return [text for part in parts for text in part] or ([NOTHING_SEARCHED] if any(board.finished for board in boards) else [])


def _folds(boards: Sequence[Leaderboard], pictures: Pictures | None) -> list[str]:
    rows = [row for board in boards for fold in board.folds or (board,) for row in fold.rows]
    return folds_section.folds_markdown(rows, pictures.critical_difference if pictures else None)


def _costs(boards: Sequence[Leaderboard], main: Sequence[Leaderboard], pictures: Pictures | None) -> list[str]:
    """The main leaderboards stand open; the others have the same networks, trained on other clips."""
    parts = []
    for board in [*main, *(board for board in boards if board not in main)]:
        if board.finished:
            pareto, cost = cost_section.cost_markdown(board, pictures.pareto if pictures and board in main else None)
            parts.append("\n\n".join(text for text in (pareto, cost) if text) if board in main
                         else folded(escape(f"{board.rows[0].protocol} on {board.corpus}"), cost))
    return parts


def _names(boards: Sequence[Leaderboard]) -> str:
    """What short names stand for; empty where they are the names."""
    names = boards[0].names.names if boards else {}
    lines = [[escape(short), escape(name)] for name, short in names.items() if short != name]
    return folded("Rows in full", table(["here", "in full"], lines, "ll")) if lines else ""


def _notes(records: list[RunRecord]) -> list[Section]:
    """Notes on clips, what was declined, and what failed."""
    clips = list(dict.fromkeys(f"{run.about.corpus}: {line}" for run in records for line in run.about.clip_notes))
    declined = sorted({line for run in records for line in run.about.declined})
    failed = [f"{run.name} ({run.about.split}): {run.about.reason or 'no reason recorded'}"
              for run in records if run.kind in ("trial", "seed") and run.state == "failed"]
    return [Section("clips", "Clips", ["What was done about their names and files.", _list(clips)] if clips else []),
            Section("declined", "Declined", ["What can't work, and why; none of it was trained.", _list(declined)] if declined else []),
            Section("failed", "Failed", [_list(failed)])]


def _list(lines: Sequence[str]) -> str:
    return "\n".join(f"- {escape(line)}" for line in lines)
