"""What is new since a date or a commit, as the first part of the page of all studies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.evaluation.joint_leaderboards import JointTable
from harness.evaluation.news import News, Since, undated
from harness.reports.joint_section import link_or_name, title
from harness.reports.markdown import brief_interval, escape, folded, plural, table

SHOWN = 8  # new rows of a table that are not folded
HEADS = ("rank", "new row", "test UAR", "study", "ended (UTC)")


def news_markdown(found: Sequence[News], since: Since, tables: Sequence[JointTable], pages: Mapping[str, str]) -> list[str]:
    """Its parts. Args: tables: all of the page. pages: study -> the file of its report."""
    parts = [f"## New since {escape(since.in_words)}"]
    if not found:
        parts.append("No final of any study ended since then.")
    for each in found:
        names = each.table.names()
        lines = [[str(row.rank or "–"), escape(names[row]), brief_interval(*row.uar),
                  ", ".join(link_or_name(study, pages) for study in row.studies), f"{row.ended_at[:10]} {row.ended_at[11:16]}"]
                 for row in each.rows]
        rows = table(HEADS, lines, "llrll")
        parts += [f"**{escape(title(each.table, tables))}**: {plural(len(each.rows), 'new row')} of {len(each.table.rows)}. {change(each)}",
                  rows if len(lines) <= SHOWN else folded(f"The {len(lines)} new rows", rows)]
    unknown = undated(tables)
    if unknown:
        parts.append(f"{plural(unknown, 'row')} {'counts' if unknown == 1 else 'count'} as old: their records do not say when the finals "
                     "ended. `bench report` of this version adds that where their runs are.")
    return parts


def change(each: News) -> str:
    """Whether another row is first by test UAR than among the older rows, and whether they can be told apart, in a sentence."""
    names = each.table.names()
    first, before = f"**{escape(names[each.first])}**, {brief_interval(*each.first.uar)}", each.before
    if before is None:
        return f"All rows are new; first is {first}."
    if not each.changed:
        return f"First is still {first}."
    apart = ("" if before.rank is None or each.first.rank is None else
             ": they share rank 1 and can't be told apart" if before.rank == each.first.rank == 1 else f", rank {before.rank} now")
    return f"**First is now** {first}; before it was {escape(names[before])}, {brief_interval(*before.uar)}{apart}."
