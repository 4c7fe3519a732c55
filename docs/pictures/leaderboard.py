"""Draws the picture of the README's leaderboard from the README's own table, so that the two can't differ.

Run from anywhere: python docs/pictures/leaderboard.py. The picture keeps the rows that it shows as its PNG description, which a test reads.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
README = HERE.parents[1] / "README.md"
PICTURE = HERE / "leaderboard.png"
NEW, HEARD = "#1f5fa8", "#c05020"
ROW = re.compile(r"^\| (?P<name>[^|]+) \| (?P<new>\.\d+[^|]*) \| (?P<heard>\.\d+[^|]*) \|", re.MULTILINE)


class Figure(NamedTuple):
    """A UAR with the ends of its 95 % interval, both the figure itself where it has none."""

    uar: float
    low: float
    high: float


def rows() -> dict[str, tuple[Figure, Figure]]:
    """System -> its figures on new and on heard speakers, in the order of the table."""
    return {found["name"]: (_figure(found["new"]), _figure(found["heard"])) for found in ROW.finditer(README.read_text(encoding="utf-8"))}


def _figure(text: str) -> Figure:
    uar, *ends = map(float, re.findall(r"\.\d+", text))
    return Figure(uar, *(ends or (uar, uar)))


def draw() -> None:
    """Write the picture beside this file."""
    from matplotlib.figure import Figure as Canvas

    systems = rows()
    chance, listeners = systems["chance"][0].uar, next(new.uar for name, (new, _) in systems.items() if "listeners" in name)
    canvas = Canvas(figsize=(8, 3.2), dpi=125, layout="constrained")
    axes = canvas.add_subplot()
    shown = [name for name in systems if name != "chance"]
    for part, (label, colour, shift) in enumerate((("new speakers", NEW, -0.13), ("heard speakers", HEARD, 0.13))):
        figures = [systems[name][part] for name in shown]
        axes.errorbar([f.uar for f in figures], [i + shift for i in range(len(shown))],
                      xerr=[[f.uar - f.low for f in figures], [f.high - f.uar for f in figures]], fmt="o", color=colour, label=label,
                      markerfacecolor=colour if part == 0 else "white", markersize=5, capsize=3, linewidth=1.3)
    for x, style, text in ((chance, "--", "chance"), (listeners, ":", "listeners")):
        axes.axvline(x, color="grey", linestyle=style, linewidth=1)
        axes.text(x, -0.75, text, color="dimgrey", ha="center", fontsize=8)
    axes.set(yticks=range(len(shown)), yticklabels=shown, xlabel="test UAR on CREMA-D, with 95 % intervals", xlim=(0.1, 0.9),
             ylim=(len(shown) - 0.4, -0.5))
    axes.legend(loc="lower right", frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    canvas.savefig(PICTURE, metadata={"Description": repr(systems), "Software": None})


if __name__ == "__main__":
    draw()
