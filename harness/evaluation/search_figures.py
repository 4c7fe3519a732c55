"""Pictures of searches, a strip for each cell: validation UAR over trials and over each setting, and parallel coordinates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.evaluation.search_results import CellSearch, SearchedTrial
from harness.search.ranges import Range

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_CELLS = 12  # in a picture, those of highest validation UAR
MOST_SETTINGS = 4  # beside each other, the most important ones
BLUE, ORANGE, GREY = "#1f5fa8", "#c05020", "#888888"
WIDTH = 8.6  # inches, as wide as a page shows without shrinking; margins are inches, too: a layout engine takes as long as the drawing
LONGEST_NAME = 90  # letters of a cell's name above its strip
LOG = "\n(log)"  # below the name of a setting


def search_pictures(searches: Sequence[CellSearch], names: Sequence[str]) -> dict[str, tuple[str, Figure]]:
    """The pictures of some cells' searches, at most two: short name -> (what it shows, figure); none where nothing was searched.

    Args: names: of the cells.
    """
    found = [(search, name) for search, name in zip(searches, names, strict=True) if search.searched and search.best]
    found = sorted(found, key=lambda each: -each[0].best.uar if each[0].best else 0.0)[:MOST_CELLS]
    several = [each for each in found if len(each[0].ranges) > 1]
    best = f", the best {MOST_CELLS} of {len(searches)} cells" if len(searches) > MOST_CELLS else ""
    pictures = {}
    if found:
        pictures["trials"] = f"Validation UAR over trials and settings{best}", search_figure(*_unzipped(found))
    if several:
        pictures["parallel"] = f"Settings of each trial and their validation UAR{best}", parallel_figure(*_unzipped(several))
    return pictures


def _unzipped(pairs: Sequence[tuple[CellSearch, str]]) -> tuple[list[CellSearch], list[str]]:
    return [search for search, _ in pairs], [name for _, name in pairs]


def shown_settings(search: CellSearch) -> list[str]:
    """The settings that a picture shows: the most important ones, else the first ones of the study."""
    return list(search.importances or search.ranges)[:MOST_SETTINGS]


def search_figure(searches: Sequence[CellSearch], names: Sequence[str]) -> Figure:
    """A strip a cell: validation UAR of each trial with the best so far, then over each setting. Args: names: of the cells."""
    from matplotlib.figure import Figure

    columns = 1 + max(len(shown_settings(search)) for search in searches)
    top, strip, left, gap = 0.35, 1.95, 0.55, 0.27
    height = top + strip * len(searches)
    figure = Figure(figsize=(WIDTH, height))
    width = min((WIDTH - left - 0.1 - gap * (columns - 1)) / columns, 2.8)
    for line, (search, name) in enumerate(zip(searches, names, strict=True)):
        low, high = _limits(search)
        bottom = height - top - strip * (line + 1) + 0.48
        figure.text(0.08 / WIDTH, (bottom + 1.2) / height, _short(name, LONGEST_NAME), fontsize=9, va="bottom", fontweight="bold")
        for column, setting in enumerate(["", *shown_settings(search)]):
            axes = figure.add_axes(((left + column * (width + gap)) / WIDTH, bottom / height, width / WIDTH, 1.12 / height))
            axes.set_ylim(low, high)
            axes.tick_params(labelsize=7, labelleft=column == 0)
            axes.grid(axis="y", color="#e6e6e6", linewidth=0.6)
            axes.set_axisbelow(True)
            if setting:
                _over_setting(axes, search, setting)
            else:
                _over_trials(axes, search)
    _legend(figure, searches, height)
    return figure


def _over_trials(axes: Axes, search: CellSearch) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.step([trial.number for trial in search.trials], search.best_so_far, where="post", color=ORANGE, linewidth=1)
    _points(axes, search, [trial.number for trial in search.trials])
    failed = [trial.number for trial in search.trials if math.isnan(trial.uar)]
    axes.plot(failed, [axes.get_ylim()[0]] * len(failed), "|", color="black", markersize=9, clip_on=False)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    axes.set_xlim(0.3, len(search.trials) + 0.7)
    axes.set_xlabel("trial", fontsize=8, labelpad=1)
    axes.set_ylabel("validation UAR", fontsize=8)


def _over_setting(axes: Axes, search: CellSearch, setting: str) -> None:
    of = search.ranges[setting]
    values = [trial.settings[setting] for trial in search.trials]
    if of.choices:
        _points(axes, search, [of.choices.index(value) for value in values])
        axes.set_xticks(range(len(of.choices)), [_short(str(choice), 9) for choice in of.choices])
        axes.set_xlim(-0.5, len(of.choices) - 0.5)
    else:
        _points(axes, search, values)
        _number_axis(axes, of)
    important = f" ({search.importances[setting]:.2f})" if search.importances else ""
    axes.set_xlabel(setting.partition(".")[2] + important, fontsize=8, labelpad=1)


def _number_axis(axes: Axes, of: Range) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

    low, high = of.ends
    if of.log:
        axes.set_xscale("log")
        axes.set_xlim(low / (high / low) ** 0.04, high * (high / low) ** 0.04)
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 12 * low else (1, 3) if high < 120 * low else (1,), numticks=5))
        axes.xaxis.set_minor_locator(NullLocator())
    else:
        pad = (high - low) * 0.04 or 1.0
        axes.set_xlim(low - pad, high + pad)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=4, integer=of.name == "IntDistribution"))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))


def _points(axes: Axes, search: CellSearch, places: Sequence[float]) -> None:
    """Completed trials as discs, pruned ones as crosses, the best as a star, the settings as written as a square."""
    points = [(trial, place, trial.uar) for trial, place in zip(search.trials, places, strict=True) if not math.isnan(trial.uar)]

    def mark(form: str, chosen: Sequence[tuple[SearchedTrial, float, float]], **style: Any) -> None:
        axes.plot([place for _, place, _ in chosen], [uar for _, _, uar in chosen], form, **style)

    mark("x", [point for point in points if point[0].state == "pruned"], color=GREY, markersize=4, markeredgewidth=0.9)
    mark("o", [point for point in points if point[0].state == "finished" and point[0] is not search.best], color=BLUE, markersize=4,
         alpha=0.8, markeredgewidth=0)
    mark("*", [point for point in points if point[0] is search.best], color=ORANGE, markersize=10, zorder=4)
    mark("s", [point for point in points if point[0].written], color="black", markersize=9, fillstyle="none", markeredgewidth=0.8)


def _legend(figure: Figure, searches: Sequence[CellSearch], height: float) -> None:
    from matplotlib.lines import Line2D

    trials = [trial for search in searches for trial in search.trials]
    marks = {"completed": Line2D([], [], marker="o", color=BLUE, linestyle="", markersize=4),
             "best": Line2D([], [], marker="*", color=ORANGE, linestyle="", markersize=9),
             "best so far": Line2D([], [], color=ORANGE, linewidth=1)}
    if any(trial.written for trial in trials):
        marks["as written"] = Line2D([], [], marker="s", color="black", linestyle="", markersize=7, fillstyle="none", markeredgewidth=0.8)
    if any(trial.state == "pruned" for trial in trials):
        marks["pruned, at its last epoch"] = Line2D([], [], marker="x", color=GREY, linestyle="", markersize=4)
    if any(math.isnan(trial.uar) for trial in trials):
        marks["failed"] = Line2D([], [], marker="|", color="black", linestyle="", markersize=8)
    figure.legend(list(marks.values()), list(marks), loc="upper left", bbox_to_anchor=(0, 1), ncols=len(marks), fontsize=8, frameon=False,
                  handletextpad=0.4, columnspacing=1.4, borderaxespad=0.1)


def parallel_figure(searches: Sequence[CellSearch], names: Sequence[str]) -> Figure:
    """A panel a cell: each trial a line through its settings to its validation UAR, the darker the better, the best in orange.

    Args: searches: in which two settings or more were searched. names: of the cells.
    """
    from matplotlib.figure import Figure

    columns = min(2, len(searches))
    lines = math.ceil(len(searches) / columns)
    panel, left, right, between = 2.2, 0.6, 0.5, 1.0
    height = panel * lines
    width = (WIDTH - left - right - between * (columns - 1)) / columns
    figure = Figure(figsize=(WIDTH, height))
    for place, (search, name) in enumerate(zip(searches, names, strict=True)):
        line, column = divmod(place, columns)
        bottom = height - panel * (line + 1) + 0.5
        axes = figure.add_axes(((left + column * (width + between)) / WIDTH, bottom / height, width / WIDTH, 1.35 / height))
        axes.set_title(_short(name, LONGEST_NAME // columns), fontsize=9, pad=6)
        _parallel(axes, search)
    return figure


def _parallel(axes: Axes, search: CellSearch) -> None:
    from matplotlib.collections import LineCollection

    settings = shown_settings(search)
    low, high = _limits(search)
    points = [trial for trial in search.trials if not math.isnan(trial.uar)]
    heights = [[*(search.ranges[setting].place(trial.settings[setting]) for setting in settings), (trial.uar - low) / (high - low)]
               for trial in points]
    for state, colour, style in (("pruned", GREY, ":"), ("finished", BLUE, "-")):
        chosen = [height for trial, height in zip(points, heights, strict=True) if trial.state == state and trial is not search.best]
        if not chosen:  # the best may be the only one that was trained to its end
            continue
        alphas = [0.12 + 0.75 * height[-1] for height in chosen] if state == "finished" else None
        axes.add_collection(LineCollection([list(enumerate(height)) for height in chosen], colors=colour, linewidths=0.9, alpha=alphas,
                                           linestyles=style))
    for trial, height in zip(points, heights, strict=True):
        if trial is search.best:
            axes.plot(range(len(height)), height, color=ORANGE, linewidth=2, zorder=3)
    for place, setting in enumerate(settings):
        of = search.ranges[setting]
        if of.choices:
            ticks = {of.place(choice): _short(str(choice), 9) for choice in of.choices}
        else:
            ticks = {0.0: number(of.ends[0]), 1.0: number(of.ends[1])}
        _vertical(axes, place, ticks)
    _vertical(axes, len(settings), {0.0: f"{low:.2f}", 1.0: f"{high:.2f}"})
    axes.set(xlim=(-0.02, len(settings) + 0.02), ylim=(-0.04, 1.04), yticks=[])
    heads = [f"{setting.partition('.')[2]}{LOG if search.ranges[setting].log else ''}" for setting in settings]
    axes.set_xticks(range(len(settings) + 1), [*heads, "UAR"], fontsize=8)
    axes.tick_params(axis="x", length=0, pad=4)
    axes.spines[:].set_visible(False)


def _vertical(axes: Axes, place: int, ticks: dict[float, str]) -> None:
    axes.axvline(place, color="black", linewidth=0.8, zorder=0)
    for height, text in ticks.items():
        axes.annotate(text, (place, height), (3, 0), textcoords="offset points", fontsize=7, va="center", color="#333333",
                      bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.75}, annotation_clip=False)


def _limits(search: CellSearch) -> tuple[float, float]:
    """Of the axis of UAR: all trials of a cell, and some room."""
    values = [trial.uar for trial in search.trials if not math.isnan(trial.uar)]
    room = max(0.08 * (max(values) - min(values)), 0.01)
    return min(values) - room, max(values) + room


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def number(value: float) -> str:
    """A number as axes and tables have it, in three digits at most.

    >>> number(0.00123456), number(1e-05), number(64), number(0.25)
    ('0.00123', '1e-5', '64', '0.25')
    """
    text = f"{value:.3g}" if abs(value) < 1000 else f"{value:g}"
    return text.replace("e-0", "e-").replace("e+0", "e")
