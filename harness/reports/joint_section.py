"""The tables of all studies together as Markdown: the finding, a picture, the table, and what marks its rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from urllib.parse import quote

from harness.evaluation.intervals import LEAST_SPEAKERS
from harness.evaluation.joint_leaderboards import JointRow, JointTable
from harness.evaluation.references import RESOLVED, STRICT
from harness.reports.highlights import FAMILIES
from harness.reports.leaderboard_tables import marks_markdown
from harness.reports.markdown import brief, escape, folded, plural, table, with_interval
from harness.study.claims import ClaimedRecipe

Draw = Callable[[JointTable], str]
Claims = Mapping[tuple[str, str], ClaimedRecipe]
LEAST_ROWS = 3  # of one study alone, for a table with a heading of its own
HEADS = ("rank", "row", "kind", "test UAR", "parameters", "ms", "study", "marks")
SAID_ELSEWHERE = ("pretrained: ", "chosen")  # beginnings of marks: the column `kind`, and each study's own page


def joint_markdown(tables: Sequence[JointTable], pages: Mapping[str, str], draw: Draw | None = None,
                   claims: Claims = MappingProxyType({})) -> list[str]:
    """The parts of all tables; those of one study with few rows are folded together below.

    Args: pages: study -> the file of its report; without it, it has no link. draw: gives the path of a table's picture, or nothing.
        claims: (study, recipe) -> what is claimed of it.
    """
    large, small = large_and_small(tables)
    parts = [part for each in large for part in _large(each, tables, pages, draw, claims)]
    if not small:
        return parts
    heads = ["corpus and split", *HEADS]
    lines = [[escape(title(each, tables)), *line] for each in small for line in _lines(each, pages, (), claims)]
    summary = f"{plural(len(small), 'table')} of one study with fewer than {LEAST_ROWS} rows; each is ranked by itself"
    return [*parts, folded(summary, table(heads, lines, "lrllrrrll"))]


def large_and_small(tables: Sequence[JointTable]) -> tuple[list[JointTable], list[JointTable]]:
    """Those with a heading of their own, and those of one study with few rows."""
    large = [each for each in tables if len(each.studies) > 1 or len(each.rows) >= LEAST_ROWS]
    return large, [each for each in tables if each not in large]


def common_to(each: JointTable) -> list[str]:
    """The marks that all rows of a table have."""
    return [mark for mark in marks_of(each.rows[0]) if all(mark in marks_of(row) for row in each.rows)]


def title(each: JointTable, among: Sequence[JointTable]) -> str:
    """`unseen_speakers_70_30 on crema_d, 7,442 of 7,442 clips: whole`, with fingerprints where another table has the same."""
    words = _words(each)
    same = [other for other in among if _words(other) == words]
    return words if len(same) == 1 else f"{words} (corpus {each.key[1][:8]}, split {each.key[2][:8]})"


def _words(each: JointTable) -> str:
    return f"{each.protocols[0]} on {each.board['corpus_label'] or each.board['corpus']}, {each.board['coverage']}"


def finding(each: JointTable) -> str:
    """What a table says, in a sentence or two: the row that validation chooses of each kind, listeners and chance."""
    names = each.names()
    rows = [(kind, row) for kind in FAMILIES if (row := each.chosen(kind))]
    named = "; ".join(f"{kind}: **{escape(names[row])}** {with_interval(*row.uar)}{_rank(row)}" for kind, row in rows)
    also = f" Rank 1 is shared by {len(each.best)} rows, which can't be told apart." if len(each.best) > 1 else ""
    return f"Validation chooses, with test UAR: {named}.{also}{_below(each)}"


def _rank(row: JointRow) -> str:
    return f", rank {row.rank}" if row.rank else ""


def _below(each: JointTable) -> str:
    """Listeners and chance in a sentence."""
    figures = {reference["name"]: reference["uar"]["value"] for reference in each.board["references"]}
    heard = f" Listeners: {figures[STRICT]:.3f} to {figures[RESOLVED]:.3f}." if {STRICT, RESOLVED} <= figures.keys() else ""
    return heard + (f" Chance: {figures['chance']:.3f}." if "chance" in figures else "")


def _large(each: JointTable, tables: Sequence[JointTable], pages: Mapping[str, str], draw: Draw | None, claims: Claims) -> list[str]:
    common = common_to(each)
    picture = [f"![Test UAR over parameters and over training time]({path})"] if draw and (path := draw(each)) else []
    alarms = [f"⚠ **{escape(name)}**: {escape(sentence)}" for name, sentence in each.board["alarms"].items()]
    return [f"## {escape(title(each, tables))}", f"> {finding(each)}", how_tested(each), *picture,
            table(HEADS, [*_lines(each, pages, common, claims), *_references(each)], "rllrrrll"),
            f"All rows: {marks_markdown(common)}." if common else "", *alarms]


def how_tested(each: JointTable) -> str:
    """How many rows of how many studies were tested on what, and how they were ranked, in a sentence or two."""
    others = f", also called {', '.join(map(escape, each.protocols[1:]))}" if len(each.protocols) > 1 else ""
    of = f"{plural(len(each.rows), 'row')} of {'1 study' if len(each.studies) == 1 else f'{len(each.studies)} studies'}"
    on = plural(each.clips, "test clip") + (f" of {plural(each.speakers, 'speaker')}" if each.speakers else "")
    apart, once = len(each.rows) - each.comparable, each.trained_once
    unranked = (f" {plural(apart, 'row')} without a rank: tested on other clips, or without predictions." if apart and each.comparable
                else "")
    unranked += f" {plural(once, 'network')} of one seed without a rank, beside others of several." if once else ""
    few = "" if each.speakers >= LEAST_SPEAKERS else " Too few speakers are known for ranks."
    return f"{of} on {on}{others}.{unranked}{few}"


def _lines(each: JointTable, pages: Mapping[str, str], common: Sequence[str], claims: Claims) -> list[list[str]]:
    names = each.names()
    return [[_bold(row.rank), escape(names[row]), escape(_kind(row)), with_interval(*row.uar), f"{row.data['parameters']:,}",
             _latency(row), ", ".join(link_or_name(study, pages) for study in row.studies),
             "; ".join(filter(None, [claimed(each, row, claims), marks_markdown([mark for mark in marks_of(row) if mark not in common])]))]
            for row in each.rows]


def claimed(each: JointTable, row: JointRow, claims: Claims) -> str:
    """`claimed WA .571 after 1,000 epochs, here .422 after 10` of a published system on the corpus of its claim; else empty."""
    claim = next((claims[key] for study in row.studies if (key := (study, row.data["recipe"])) in claims), None)
    if claim is None or each.board["synthetic"] or each.board["corpus"] != claim.corpus:
        return ""
    epochs, wa = row.data.get("epochs"), row.data["test"].get("wa", {}).get("mean")
    shorter = isinstance(epochs, int) and epochs != claim.epochs
    after = (f" after {plural(claim.epochs, 'epoch')}", f" after {epochs:,}") if shorter else ("", "")
    voices = "" if each.board["shares_speakers"] else " on heard speakers"
    here = f", here {brief(wa)}{after[1]}" if isinstance(wa, float) else ""
    return f"**claimed WA {brief(claim.wa)}**{voices}{after[0]}{here}"


def _bold(rank: int | None) -> str:
    return "**1**" if rank == 1 else str(rank or "–")


def _kind(row: JointRow) -> str:
    return f"{row.kind}: {', '.join(row.data['pretrained'])}" if row.data["pretrained"] else row.kind


def _latency(row: JointRow) -> str:
    value = row.data["cost"].get("latency_median_ms")
    return "–" if value is None else f"{value:.1f}"


def link_or_name(study: str, pages: Mapping[str, str]) -> str:
    """A study with a link to its report, where it has one."""
    return f"[{escape(study)}]({quote(pages[study])})" if study in pages else escape(study)


def marks_of(row: JointRow) -> list[str]:
    """The marks of a row, without those that say what stands elsewhere."""
    return [str(mark) for mark in row.data["marks"] if not str(mark).startswith(SAID_ELSEWHERE)]


def _references(each: JointTable) -> list[list[str]]:
    return [["–", f"*{escape(reference['name'])}*", "", with_interval(*numbers(reference["uar"])), *[""] * 4]
            for reference in each.board["references"]]


def numbers(figure: Mapping[str, float | None]) -> tuple[float, float, float]:
    """A figure of a record: value, low and high, NaN where there is none."""
    value, low, high = (float("nan") if figure[of] is None else float(figure[of] or 0.0) for of in ("value", "low", "high"))
    return value, low, high
