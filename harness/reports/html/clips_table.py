"""The clips that every row gets wrong as a table, with a player for each that is found below `--data`: no audio is part of a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from harness.evaluation.final_predictions import clips_of
from harness.evaluation.hard_clips import HardClip, hard_clips
from harness.evaluation.leaderboard import Leaderboard
from harness.reports.html.tables import Cell, Choice, Column, Line, Table, choices
from registry.corpus import Clip

SHOWN = 200  # clips at most, the surest errors first: each has a player
PLAYER = Markup('<audio controls preload="none" src="{}" aria-label="{}"></audio>')


@dataclass(frozen=True)
class ClipsToHear:
    """The clips that every row of a leaderboard gets wrong.

    Args: left_out: how many more there are. where: where players look for them, in a sentence.
    """

    table: Table
    choices: list[Choice]
    left_out: int
    where: str

    @property
    def plays(self) -> bool:
        """Whether any clip can be heard."""
        return any("<audio" in cell.text for line in self.table.lines for cell in line.cells)


def clips_to_hear(board: Leaderboard, data: Path | None, name: str) -> ClipsToHear | None:
    """Of one leaderboard; None where no clip is wrong in every row, or rows can't be compared.

    Args: data: where the corpora are; None: nobody said. name: of the table on the page.
    """
    found = hard_clips(board.predictions)
    if found is None or not found.clips:
        return None
    row, voted = board.finished[0], found.heard_otherwise[1] > 0
    files = clips_of(row, data) if not row.synthetic else {}
    lines = [_line(clip, files.get(clip.clip), voted) for clip in found.clips[:SHOWN]]
    heads = ["clip", "listen", "speaker", "intended", "rows take it for", *(["listeners"] if voted else [])]
    columns = [Column(head, first="" if head == "listen" else "ascending") for head in heads]
    table = Table(name, f"Clips of {board.rows[0].protocol} that every row gets wrong, the surest errors first", columns, lines)
    return ClipsToHear(table, [*choices("intended", "Intended", lines), *choices("answer", "Taken for", lines)],
                       len(found.clips) - len(lines), _where(board, data, files))


def _line(clip: HardClip, file: Clip | None, voted: bool) -> Line:
    answers = ", ".join(f"{emotion} {rows}" if len(clip.answers) > 1 else emotion for emotion, rows in clip.answers.items())
    cells = [Cell(clip.clip), Cell(_player(file) if file else "–"), Cell(clip.speaker or "–"), Cell(clip.truth), Cell(answers),
             *([Cell(clip.listeners or "–")] if voted else [])]
    return Line(cells, {"intended": clip.truth, "answer": next(iter(clip.answers))})


def _player(clip: Clip) -> str | Markup:
    """A player of the file, or of its stretch, where it lies; nothing is loaded before it plays."""
    if clip.path is None:
        return "–"
    part = f"#t={clip.segment.start_s:.10g},{'' if clip.segment.end_s is None else f'{clip.segment.end_s:.10g}'}" if clip.segment else ""
    return PLAYER.format(f"{clip.path.absolute().as_uri()}{part.rstrip(',')}", f"Clip {clip.id}")


def _where(board: Leaderboard, data: Path | None, files: Mapping[str, Clip]) -> str:
    """Where the players look for clips, or why there are none."""
    if board.rows[0].synthetic:
        return "The clips are synthetic, so that there are no files to hear."
    if data is None:
        return "To hear the clips, write the page with --data DIR, the folder with the corpora: audio is never part of it."
    if not any(clip.path for clip in files.values()):
        return f"No clip of {board.rows[0].corpus} was found in {data.absolute()}, so that none can be heard: give its folder with --data."
    return f"Players look for the clips in {data.absolute()} of this machine; no audio is part of the page."
