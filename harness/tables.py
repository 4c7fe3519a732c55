"""Rows of a leaderboard as Markdown: the table that people read at a glance, what each row cost, and the marks it bears."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.leaderboard import Row
from harness.markdown import escape, with_interval
from harness.references import Reference
from harness.standing import Standing

ENDS = {"finished": "completed", "pruned": "pruned", "failed": "failed"}  # a trial's end states and their words


def table(group: Sequence[Row], found: dict[str, Standing], below: Sequence[Reference]) -> str:
    """The leaderboard of one protocol: rows that finished, and below them what guessing and listeners reach on the same clips."""
    heads = ["rank", "feature space", "architecture", "test UAR", "test WA", "test macro-F1", "validation UAR", "seeds", "marks"]
    lines = [heads, ["--:", "---", "---", *["--:"] * 5, "---"]]
    for row in group:
        own = found.get(row.cell)
        scores = [with_spread(row.test[score], own.intervals[score] if own else None) for score in ("uar", "wa", "macro_f1")]
        rank = "–" if own is None or own.rank is None else "**1**" if own.rank == 1 else str(own.rank)
        lines.append([rank, escape(row.feature_space), network(row), *scores, plus_minus(row.validation_uar), str(row.seeds),
                      "; ".join([marks(row), *(f"⚠ {name}" for name in (own.alarms if own else ()))]).strip("; ")])
    lines += [["–", f"*{each.name}*", "", *(with_interval(*each.figures[score]) for score in ("uar", "wa", "macro_f1")), "", "", ""]
              for each in below]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def marks(row: Row) -> str:
    """What a reader must know before comparing the row with others."""
    found = [(f"**leak found: {escape(row.leaks)}**", bool(row.leaks)), ("shared speakers", row.shares_speakers),
             (escape(row.coverage), not row.coverage.endswith("whole")),
             (f"on {escape(row.backend)}", row.backend not in ("", "tensorflow"))]
    return "; ".join(text for text, holds in found if holds)


def network(row: Row) -> str:
    """Architecture, augmentation and settings of a row, for a table."""
    named = [f"**{escape(row.recipe)}**:"] if row.recipe else []
    augmented = [f"with {escape(row.augmentation)}"] if row.augmentation else []
    return " ".join([*named, escape(row.architecture), *augmented, *([f"`{escape(row.settings)}`"] if row.settings else [])])


def with_spread(figure: tuple[float, float], bounds: tuple[float, float] | None) -> str:
    """`.512 ± .013 [.489, .534]`: the deviation over seeds, and the interval over speakers where there is one."""
    interval = "" if bounds is None or math.isnan(bounds[0]) else f" [{bounds[0]:.3f}, {bounds[1]:.3f}]"
    return plus_minus(figure) + interval


def plus_minus(figure: tuple[float, float]) -> str:
    """`.512 ± .013`; without the deviation where there is one seed only."""
    mean, sd = figure
    return f"{mean:.3f}" + ("" if math.isnan(sd) else f" ± {sd:.3f}")


def costs(group: Sequence[Row]) -> str:
    """Parameters, training time, trials, openings of the test part and leak audit of each row."""
    heads = ["cell", "parameters", "training s", "trials: attempted/completed/pruned/failed", "test openings", "leak audit"]
    lines = [heads, ["---", "--:", "--:", ":-:", "--:", "---"]]
    lines += [[escape(row.label), f"{row.parameters:,}", f"{row.fit_seconds:.0f}", trial_counts(row), str(row.test_openings),
               escape(" · ".join(row.audit) or "not audited")]
              for row in group]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def count(number: int, what: str) -> str:
    """`1 seed`, `3 seeds`."""
    return f"{number} {what}" + ("" if number == 1 else "s")


def trial_counts(row: Row) -> str:
    """Attempted/completed/pruned/failed; what was killed counts as attempted."""
    return "/".join(str(n) for n in (sum(row.trials.values()), *(row.trials.get(state, 0) for state in ENDS)))


def trials_in_words(row: Row) -> str:
    """`2 finished, 1 failed`."""
    return ", ".join(f"{n} {state}" for state, n in row.trials.items()) or "no trials"
