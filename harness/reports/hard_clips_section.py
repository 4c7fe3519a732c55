"""Clips that every row gets wrong, as Markdown: how many, of which emotions, and the surest errors."""

from __future__ import annotations

from harness.evaluation.hard_clips import HardClip, HardClips, hard_clips
from harness.evaluation.leaderboard import Leaderboard
from harness.reports.markdown import escape, folded, plural, table

SHOWN = 12


def hard_clips_markdown(board: Leaderboard) -> list[str]:
    """A sentence, and folded the surest errors; empty where rows can't be compared clip by clip."""
    found = hard_clips(board.predictions)
    if found is None:
        return []
    if not found.clips:
        return [f"None of {plural(found.of, 'test clip')} of {escape(board.rows[0].protocol)} is wrong in {_rows(found)}."]
    others, voted = found.heard_otherwise
    heard = f" Of {voted:,} of them that have votes, most listeners took {others:,} for another emotion, too." if voted else ""
    chance = (f" Were errors independent of each other, {found.by_chance:.0f} would be: rows err on the same clips."
              if found.rows > 1 and len(found.clips) > 1.5 * found.by_chance else "")
    share = ", ".join(f"{escape(emotion)} {hard / clips:.0%}" for emotion, (hard, clips) in found.by_emotion.items())
    of = f"{plural(found.of, 'test clip')} of {escape(board.rows[0].protocol)} ({len(found.clips) / found.of:.0%})"
    many = f"{len(found.clips):,} of {of} {'is' if len(found.clips) == 1 else 'are'}"
    text = f"{many} wrong in {_rows(found)}, by most of its seeds.{chance}{heard} By emotion: {share}."
    heads = ["clip", "speaker", "intended", "rows take it for", *(["listeners"] if voted else [])]
    lines = [[escape(clip.clip), escape(clip.speaker) or "–", escape(clip.truth), _answers(clip),
              *([escape(clip.listeners) or "–"] if voted else [])] for clip in found.clips[:SHOWN]]
    return [text, folded("The surest error" if len(lines) == 1 else f"The {len(lines)} surest errors", table(heads, lines, "lllll"))]


def _rows(found: HardClips) -> str:
    return f"every one of {found.rows} rows" if found.rows > 1 else "the only row"


def _answers(clip: HardClip) -> str:
    if len(clip.answers) == 1:
        return escape(next(iter(clip.answers)))
    return ", ".join(f"{escape(emotion)} {rows}" for emotion, rows in clip.answers.items())
