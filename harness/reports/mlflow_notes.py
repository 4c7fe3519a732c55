"""The notes that MLflow's pages show of a study: its question, and the answer as the first screen of its report has it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.evaluation.answer import Answer
from harness.reports.answer_section import answer_markdown
from harness.reports.markdown import escape, plural
from harness.reports.voices_section import known_markdown
from harness.tracking.run_record import LONGEST_TAG

NOTE = "mlflow.note.content"  # a tag of a run, and of an experiment
SIGNED = "Written by `bench`"  # what has it is written anew; what has not was written by people
ROWS = 12  # of a table at most


def note(question: str, found: Sequence[Answer], page: str, baseline: str = "", running: int = 0) -> str:
    """A note as Markdown, short enough for a tag: what does not fit is left to the report.

    Args: found: the answer of each corpus. page: name of the report. baseline: label of the study's baseline. running: trials that have
        not ended.
    """
    end = f"\n\n{SIGNED}; all of it: `reports/{page}` below the home."
    text = f"**{escape(question)}**" if question else ""
    for part in [part for answer in found for part in _parts(answer, len(found) > 1, baseline, running)] or ["No row has a final yet."]:
        if len(text) + len(part) + len(end) + 2 <= LONGEST_TAG:
            text += f"\n\n{part}"
    return text.strip() + end


def _parts(answer: Answer, named: bool, baseline: str, running: int) -> Iterator[str]:
    """What the report says of a corpus on its first screen, without the picture. Args: named: whether it has a heading."""
    if named:
        yield f"### On {escape(answer.boards[0].corpus)}"
    known = known_markdown(answer.known) if answer.by_protocol else []
    for part in (*answer_markdown(answer, baseline, None, running), *known):
        yield _shorter(part) if part.startswith("| ") else part


def _shorter(table: str) -> str:
    """A table of its first rows."""
    lines = table.split("\n")
    left = len(lines) - 2 - ROWS
    if left <= 0:
        return table
    return "\n".join([*lines[: 2 + ROWS], "", f"{plural(left, 'more row')} {'is' if left == 1 else 'are'} in the report."])


def is_ours(text: str) -> bool:
    """Whether a note may be written anew: it is empty, or `note` wrote it."""
    return not text or SIGNED in text
