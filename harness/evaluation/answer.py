"""What the leaderboards of one corpus say together: on which of them a row is taken, and which stand beside it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.evaluation.leaderboard import Leaderboard
from harness.evaluation.rows import Row
from harness.evaluation.short_names import full_name
from harness.evaluation.voices import Voices, known_voices, voices


@dataclass(frozen=True, eq=False)
class Answer:
    """The leaderboards of one corpus.

    Args:
        main: that on which a row is taken; None without finals. pairs: new beside heard speakers, that of `main` first.
        known: without and with known clips of the test speakers. others: leaderboards with finals that are in neither, `main` apart.
    """

    boards: tuple[Leaderboard, ...]
    main: Leaderboard | None
    pairs: tuple[Voices, ...]
    known: tuple[Voices, ...]

    @property
    def taken(self) -> Row | None:
        """The row that validation chooses on the main leaderboard."""
        return self.main.chosen if self.main else None

    @property
    def others(self) -> list[Leaderboard]:
        """Leaderboards with finals, of rows that know nothing of the test speakers, beside the main one and the pairs."""
        paired = {board.rows[0].board for pair in (*self.pairs, *self.known) for board in (pair.new, pair.heard)}
        return [board for board in self.boards if board.finished and board is not self.main and not board.rows[0].knows_speakers
                and board.rows[0].board not in paired]

    @property
    def networks(self) -> list[Row]:
        """A row of each network with finals, those of the main leaderboard first and in its order."""
        boards = [*([self.main] if self.main else []), *(board for board in self.boards if not board.rows[0].knows_speakers)]
        first: dict[str, Row] = {}
        for row in (row for board in boards for row in board.finished):
            first.setdefault(full_name(row), row)
        return list(first.values())

    @property
    def by_protocol(self) -> bool:
        """Whether what is compared are protocols, of which there are more than networks."""
        return bool(self.known) and len(self.networks) == 1 and len(self.known) > 1


def answers(boards: Sequence[Leaderboard]) -> list[Answer]:
    """The answer of each corpus, in the order of the leaderboards."""
    groups = itertools.groupby(boards, key=lambda board: (board.rows[0].corpus, board.rows[0].corpus_fingerprint))
    return [_answer(tuple(group)) for _, group in groups]


def _answer(boards: tuple[Leaderboard, ...]) -> Answer:
    main = main_board(boards)
    pairs = sorted(voices(boards), key=lambda pair: main not in (pair.new, pair.heard))
    return Answer(boards, main, tuple(pairs), tuple(known_voices(boards)))


def main_board(boards: Iterable[Leaderboard]) -> Leaderboard | None:
    """The leaderboard on which a row is taken: of new speakers, of whom nothing is known, if there is one; then of most rows and clips."""
    def worth(board: Leaderboard) -> tuple[bool, bool, int, int]:
        row = board.finished[0]
        return not row.knows_speakers, not row.shares_speakers, len(board.finished), row.clips.get("test", 0)

    return max((board for board in boards if board.finished), key=worth, default=None)


def row_on(board: Leaderboard, network: Row) -> Row | None:
    """The row of a network on another leaderboard; None where it has no finals there."""
    return next((row for row in board.finished if full_name(row) == full_name(network)), None)
