"""What the page on leaks says first: the worth of each leak in a sentence, a line for each network, and the figures of the picture."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.analyses.leakage.enrolment_section import number_of
from harness.analyses.leakage.worth import CellUnderProtocols, KnownResult, difference
from harness.evaluation.intervals import Figure, is_told
from harness.evaluation.short_names import short_labels
from harness.reports.markdown import brief_interval, escape, plural, points, quoted, table, unbroken

NAMED = 3  # networks of each kind that a sentence names before the others are only counted


@dataclass(frozen=True)
class Leak:
    """A leak that the page puts first. Args: head: of its column. words: begin its sentence. leaking, honest: keys of `PROTOCOLS`."""

    head: str
    words: str
    leaking: str
    honest: str


LEAKS = (Leak("voices heard", "voices heard in training", "random", "speakers"),
         Leak("sentences heard", "sentences heard in training", "random", "sentences"),
         Leak("copies before the split", "altered copies of test clips in training", "before", "after"))
KNOWN = "clips known"  # the column of what clips of the test speakers are worth that are known without labels
NOTHING = "worth nothing"  # the line in the picture
Worths = Mapping[str, Mapping[str, Figure]]


def finding_markdown(cells: Sequence[CellUnderProtocols], picture: str = "") -> list[str]:
    """Quotation, picture and table of all cells; empty where no two protocols of any were trained. Args: picture: its path."""
    names, of_leaks = cell_names(cells), worths(cells)
    if not of_leaks:
        return []
    synthetic = all(result.synthetic for cell in cells for result in cell.under.values())
    missing = [leak.words for leak in LEAKS if leak.head not in of_leaks]
    lines = ["**No human speech**: the clips are synthetic, so figures only show that the machinery works." if synthetic else "",
             *(_sentence(leak.words, of_leaks[leak.head]) for leak in LEAKS if leak.head in of_leaks), _known(cells, names),
             f"Not measured: {'; '.join(missing)}." if missing else ""]
    rows = [[escape(name), _on_new_speakers(cells[place]), *(_cell(of_leak.get(name)) for of_leak in of_leaks.values())]
            for place, name in names.items() if any(name in of_leak for of_leak in of_leaks.values())]
    return [quoted([line for line in lines if line]), *([f"![What each leak is worth]({picture})"] if picture else []),
            "Test UAR on new speakers, and the points of UAR that each leak adds, on the clips that networks with and without it are both "
            "tested on, with 95 % intervals; **bold** where that is more than chance explains."
            + (f" *{KNOWN.capitalize()}*: of each speaker, without labels, as many as there are." if KNOWN in of_leaks else ""),
            table(["network", "new speakers", *of_leaks], rows)]


def worths(cells: Sequence[CellUnderProtocols]) -> dict[str, dict[str, Figure]]:
    """Head of a leak -> name of a network -> what the leak is worth to it, as a difference of UAR with its interval."""
    names = cell_names(cells)
    found: dict[str, dict[str, Figure]] = {}
    for leak in LEAKS:
        for place, cell in enumerate(cells):
            one, other = cell.under.get(leak.leaking), cell.under.get(leak.honest)
            if one and other and one is not other and (same := difference(one, other)):
                found.setdefault(leak.head, {})[names[place]] = same.difference
    for place, cell in enumerate(cells):
        if most := _most_known(cell):
            found.setdefault(KNOWN, {})[names[place]] = most.worth
    return found


def panel(cells: Sequence[CellUnderProtocols]) -> dict[str, dict[str, Figure]]:
    """The picture: network -> leak -> points with their interval."""
    found = worths(cells)
    scaled = {head: {name: (100 * each[0], 100 * each[1], 100 * each[2]) for name, each in of_leak.items()}
              for head, of_leak in found.items()}
    rows = {name: {head: of_leak[name] for head, of_leak in scaled.items() if name in of_leak} for name in cell_names(cells).values()}
    return {name: row for name, row in rows.items() if row}


def cell_names(cells: Sequence[CellUnderProtocols]) -> dict[int, str]:
    """Place of a cell -> what it is called: by what distinguishes it, with its study where there are several, corpus likewise."""
    short = short_labels([cell.cell for cell in cells])
    names = {place: short[cell.cell] for place, cell in enumerate(cells)}
    for more in (lambda cell: cell.study.removeprefix("leakage-"), lambda cell: cell.corpus):
        kinds = Counter(name for name, _ in {(name, more(cells[place])) for place, name in names.items()})
        names = {place: f"{name} ({more(cells[place])})" if kinds[name] > 1 else name for place, name in names.items()}
    again = Counter(names.values())
    return {place: f"{name}, no. {place + 1}" if again[name] > 1 else name for place, name in names.items()}


def _most_known(cell: CellUnderProtocols) -> KnownResult | None:
    """Its result with the most known clips, of any emotion."""
    return max((each for each in cell.known if not each.enrolment.emotions), key=lambda each: each.enrolment.order, default=None)


def _on_new_speakers(cell: CellUnderProtocols) -> str:
    return brief_interval(*cell.under["speakers"].uar) if "speakers" in cell.under else "–"


def _cell(worth: Figure | None) -> str:
    if worth is None:
        return "–"
    return f"**{unbroken(points(worth))}**" if is_told(worth) else unbroken(points(worth))


def _sentence(words: str, of_leak: Mapping[str, Figure]) -> str:
    """What a leak is worth to which network: gains before losses before what can't be told, the largest first."""
    ordered = sorted(of_leak.items(), key=lambda each: -each[1][0])
    gains = [each for each in ordered if is_told(each[1]) and each[1][0] > 0]
    losses = [each for each in ordered[::-1] if is_told(each[1]) and each[1][0] < 0]
    unsure = [each for each in ordered if not is_told(each[1]) and not math.isnan(each[1][1])]
    few = len(ordered) - len(gains) - len(losses) - len(unsure)
    parts = [*([f"**{words.capitalize()} are worth {_named(gains, 'points to')}**"] if gains else []),
             *([f"**{'they' if gains else words.capitalize()} cost {_named(losses, 'points in')}**"] if losses else [])]
    if unsure and parts:
        parts.append(f"whether to others, too, can't be told ({_bare(unsure)})")
    elif unsure:
        parts.append(f"**Whether {words} are worth anything can't be told**: {_bare(unsure, ': ')}")
    if few:
        parts.append(f"too few test speakers for an interval in {plural(few, 'network')}")
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}."


def _named(found: Sequence[tuple[str, Figure]], words: str) -> str:
    """`+12.5 [+9.2, +15.8] points to whisper, +1.0 [+0.2, +1.8] to mfcc and 3 more`."""
    preposition = words.rpartition(" ")[2]
    first, *others = [f"{points(worth)} {words if place == 0 else preposition} {escape(name)}"
                      for place, (name, worth) in enumerate(found[:NAMED])]
    return ", ".join([first, *others]) + (f" and {len(found) - NAMED} more" if len(found) > NAMED else "")


def _bare(found: Sequence[tuple[str, Figure]], between: str = " ") -> str:
    named = ", ".join(f"{escape(name)}{between}{points(worth)}" for name, worth in found[:NAMED])
    return named + (f" and {len(found) - NAMED} more" if len(found) > NAMED else "")


def _known(cells: Sequence[CellUnderProtocols], names: Mapping[int, str]) -> str:
    """What known clips of the test speakers are worth: as many as there are, and the fewest."""
    most = {place: each for place, cell in enumerate(cells) if (each := _most_known(cell))}
    if not most:
        return ""
    numbers = {number_of(each.enrolment) for each in most.values()}
    many = "all clips" if numbers == {"all"} else f"{numbers.pop()} clips" if len(numbers) == 1 else "as many clips as are known"
    text = _sentence(f"{many} of a test speaker, known without labels,", {names[place]: each.worth for place, each in most.items()})
    fewest = {place: min((each for each in cell.known if not each.enrolment.emotions), key=lambda each: each.enrolment.order)
              for place, cell in enumerate(cells) if place in most}
    costly = [(names[place], each) for place, each in fewest.items() if is_told(each.worth) and each.worth[0] < 0]
    if not costly:
        return text
    counted = "; ".join(f"{escape(name)} {points(each.worth)} with {number_of(each.enrolment)}" for name, each in costly[:NAMED])
    return f"{text} Too few of them cost: {counted}."
