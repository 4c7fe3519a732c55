"""The part of a cell on the page on leaks that says what known clips of the speakers are worth."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence

from harness.analyses.leakage.enrolment import Enrolment
from harness.analyses.leakage.options import ALL
from harness.analyses.leakage.worth import CellUnderProtocols, KnownResult
from harness.evaluation.intervals import Figure, is_told
from harness.reports.markdown import points, table, with_interval

Draw = Callable[[CellUnderProtocols], str]


def enrolment_markdown(cell: CellUnderProtocols, draw: Draw | None = None) -> list[str]:
    """A sentence for each composition, a picture and a table; empty where no speaker is known. Args: draw: gives the picture's path."""
    if not cell.known:
        return []
    lines = [[number_of(each.enrolment), each.of_emotions, f"{each.knowing.test_clips:,}", with_interval(*each.nothing.uar),
              with_interval(*each.knowing.uar), points(each.worth)] for each in cell.known]
    return ["\n".join(f"- {sentence}" for sentence in _sentences(cell.known)),
            *([f"![Points of UAR gained by known clips of each speaker]({draw(cell)})"] if draw else []),
            table(["known clips of each speaker", "of which emotions", "test clips", "nothing known", "speaker known", "points gained"],
                  lines, "llrrrr")]


def number_of(enrolment: Enrolment) -> str:
    """How many clips of each speaker are known, or `all`."""
    return ALL if enrolment.clips is None else str(enrolment.clips)


def lines_of(known: Sequence[KnownResult]) -> dict[str, dict[str, Figure]]:
    """Of which emotions known clips are -> how many there are -> their worth in points, with its interval; numbers in order."""
    return {name: {number_of(each.enrolment): tuple(100 * figure for figure in each.worth) for each in group}  # type: ignore[misc]
            for name, group in _by_composition(known)}


def _by_composition(known: Sequence[KnownResult]) -> Iterator[tuple[str, list[KnownResult]]]:
    return ((name, list(group)) for name, group in itertools.groupby(known, key=lambda each: each.of_emotions))


def _sentences(known: Sequence[KnownResult]) -> Iterator[str]:
    """What is seen of each composition."""
    for name, group in _by_composition(known):
        worths = [(number_of(each.enrolment), each.worth) for each in group]
        kinds = {"they are worth more than chance explains with": [n for n, worth in worths if is_told(worth) and worth[0] > 0],
                 "they cost more than chance explains with": [n for n, worth in worths if is_told(worth) and worth[0] < 0],
                 "no more than chance explains with": [n for n, worth in worths if not is_told(worth) and not math.isnan(worth[1])]}
        said = "; ".join(f"{words} {', '.join(numbers)}" for words, numbers in kinds.items() if numbers)
        last, worth = worths[-1]
        yield (f"Known clips of {'any emotion' if name == 'any' else name}: {said or 'too few speakers for an interval'}. "
               f"With {last} it is {points(worth)} points of UAR.")
