"""What the search of each row of one leaderboard found: in a sentence or two, and folded, as a table, pictures and best trials."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from harness.evaluation.leaderboard import Leaderboard
from harness.evaluation.search_figures import MOST_CELLS, number
from harness.evaluation.search_results import CellSearch, SearchedTrial, epoch_count
from harness.evaluation.search_worth import SearchWorth
from harness.reports.leaderboard_tables import ENDS
from harness.reports.markdown import code, escape, folded, plural, table, with_interval

ADVISED = 4  # advices to widen a range that stand above the fold
MOST_LINES = 40  # of the table, those of highest validation UAR: hundreds of folds have a search each
Draw = Callable[[str, Sequence[CellSearch], Sequence[str]], dict[str, str]]
WORTH_NOT_MEASURED = ("What searching was worth was not measured: `finals_as_written=True` in the study trains finals of the settings as "
                      "written, too.")
Named = Sequence[tuple[str, CellSearch]]


def search_markdown(board: Leaderboard, searches: Mapping[str, CellSearch], draw: Draw | None,
                    worth: SearchWorth | None = None) -> tuple[str, str]:
    """What a reader needs at a glance, and the details, folded; the details are empty where nothing was searched.

    Args:
        searches: key of a cell -> its search. draw: gives the paths of the pictures by what they show; None: there are none.
        worth: of the finals, against those of the settings as written; None where these were not trained.
    """
    tables = board.folds or (board,)
    rows = [(f"fold {row.fold}: {of.short(row)}" if board.folds else board.short(row), row) for of in tables for row in of.rows]
    named = [(name, search) for name, row in rows if (search := searches.get(row.cell)) and search.searched]
    if not named:
        return "Nothing was searched: each row has the settings as written.", ""
    named.sort(key=lambda each: -each[1].best.uar if each[1].best else 0.0)
    best = next((each for each in named if board.chosen and each[1].cell == board.chosen.cell), named[0])
    advice = [line for name, search in named for line in _advice(name, search)]
    left = [name for name, row in rows if not any(name == searched for searched, _ in named)]
    visible = [f"**{escape(board.rows[0].protocol)}**, {escape(best[0])}: {glance(best[1])}",
               worth_sentence(worth) if worth else "",
               "\n".join(f"- {line}" for line in advice[:ADVISED])]
    first = tables[0]
    pictures = _pictures(first, named, draw) if draw else {}
    more = [_table(named), _worth_table(board, worth) if worth else WORTH_NOT_MEASURED,
            "\n".join(f"- {line}" for line in advice[ADVISED:]), _notes(named),
            f"Not searched, with the settings as written: {escape('; '.join(left))}." if left else "",
            f"The pictures are of {escape(first.rows[0].split)}." if board.folds and pictures else "",
            *(f"![{what}]({path})" for what, path in pictures.items()),
            *(f"Best trials of {escape(name)}:\n\n{_best_trials(search)}" for name, search in named[:MOST_CELLS])]
    return "\n\n".join(part for part in visible if part), folded("What the search found in each row", "\n\n".join(p for p in more if p))


def _pictures(board: Leaderboard, named: Named, draw: Draw) -> dict[str, str]:
    """The pictures of the rows of one leaderboard, or fold."""
    cells = {row.cell for row in board.rows}
    chosen = [(name, search) for name, search in named if search.cell in cells]
    return draw(board.rows[0].protocol, [search for _, search in chosen], [name for name, _ in chosen]) if chosen else {}


def glance(search: CellSearch) -> str:
    """The answer in a sentence or two: how good the best is, where it lies, and what mattered."""
    best, trials = search.best, plural(len(search.trials), "trial")
    if best is None:
        return f"none of {trials} completed."
    if best.written:
        first = f"the settings as written are the best of {trials}: validation UAR {best.uar:.3f} at {_at(best)}."
    else:
        written = f"; as written: {search.written.uar:.3f}" if search.written else ""
        first = f"best of {trials}: validation UAR {best.uar:.3f} at {_at(best)}{written}."
    if search.importances:
        setting, share = next(iter(search.importances.items()))
        return f"{first} {escape(_field(setting))} matters most (importance {share:.2f})."
    return first if len(search.ranges) < 2 else f"{first} {_sentence(search.why_no_importances)}"


def _advice(name: str, search: CellSearch) -> list[str]:
    """Which ranges to widen."""
    lines = []
    for setting, end in search.edges.items():
        assert search.best
        value, (low, high) = search.best.settings[setting], search.ranges[setting].ends
        lines.append(f"Widen {code(setting)} of {escape(name)}: the best of {len(search.trials)} lies at its {end} end "
                     f"({number(value)} of {number(low)} … {number(high)}).")
    return lines


def worth_sentence(worth: SearchWorth) -> str:
    """What searching was worth over all rows that were compared, in plain words; a null or negative result, too."""
    cells, same = len(worth.rows), sum(row.same for row in worth.rows.values())
    mean, low, high = worth.overall
    where = f" on average over {plural(cells, 'row')}" if cells > 1 else ""
    if same == cells:
        found = "the settings as written" if cells == 1 else "the settings as written of each row"
        return f"Searching was worth nothing: no trial was better on validation than {found}."
    if math.isnan(low):
        words = f"The finals of the best trial lie {mean:+.3f} test UAR from those of the settings as written{where}"
        return f"{words}; whether searching was worth it can't be told, as there is no interval."
    figure = f"{mean:+.3f} test UAR [{low:+.3f}, {high:+.3f}]"
    if low > 0:
        return f"Searching was worth {figure} over the settings as written{where}."
    if high < 0:
        return f"Searching did harm: {figure} against the settings as written{where}."
    return f"Searching was worth {figure} over the settings as written{where}, which can't be told from nothing."


def _worth_table(board: Leaderboard, worth: SearchWorth) -> str:
    names = {row.cell: board.short(row) for row in board.rows}
    lines = [[escape(names[cell]), f"{row.best:.3f}", f"{row.written:.3f}",
              "0, they are the same" if row.same else with_interval(row.difference, row.low, row.high)] for cell, row in worth.rows.items()]
    return table(["network", "test UAR of the best trial", "as written", "difference"], lines) + (
        "\n\nThe same seeds and test clips on both sides; […] are 95 % intervals over speakers and trainings, as in the leaderboard.")


def _table(named: Named) -> str:
    heads = ["network", "completed of trials", "best validation UAR", "as written", "settings of the best", "importance",
             "epochs trained of planned"]
    more = f"\n\nAnd {len(named) - MOST_LINES} more, of lower validation UAR." if len(named) > MOST_LINES else ""
    return table(heads, [_line(name, search) for name, search in named[:MOST_LINES]], "lrrrllr") + more


def _line(name: str, search: CellSearch) -> list[str]:
    best, written, count = search.best, search.written, search.epochs
    shares = ", ".join(f"{escape(_field(setting))} {share:.2f}" for setting, share in search.importances.items())
    return [escape(name), f"{len(search.completed)} of {len(search.trials)}", f"{best.uar:.3f}" if best else "–",
            f"{written.uar:.3f}" if written else "–", escape(_at(best)) if best else "–", shares or "–",
            f"{count.spent} of {count.planned}"]


def _notes(named: Named) -> str:
    """What the figures are, and why some are not there."""
    count = epoch_count([trial for _, search in named for trial in search.trials])
    pruned = f"{count.pruned} ({100 * count.saved_share:.0f} % of a search without it)" if count.pruned else "0"
    trained = (f"Epochs: {count.spent} of {count.planned} were trained; pruning saved {pruned}, early stopping {count.stopped}."
               if count.planned > count.spent else f"All {count.spent} planned epochs were trained.")
    notes = [trained
             + (f" Those of {plural(count.unknown, 'pruned trial')} were not recorded." if count.unknown else "")]
    reasons: dict[str, list[str]] = {}
    for name, search in named:
        if search.why_no_importances:
            reasons.setdefault(search.why_no_importances, []).append(name)
    notes += [_sentence(reason) if len(names) == len(named) else f"{escape('; '.join(names))}: {reason}."
              for reason, names in reasons.items()]
    if any(search.importances for _, search in named):
        notes.append("Importance (PED-ANOVA, all settings together 1): how far a setting decides whether a trial is among the best, where "
                     "a pruned one stands behind those that went further; from few trials it is a rough guide.")
    if not all(search.noted for _, search in named):
        notes.append("The version that ran this noted no ranges, so nothing is said on their ends.")
    notes.append("The best of many validation figures is too high by luck; the test figures of the finals are not.")
    return " ".join(notes)


def _best_trials(search: CellSearch) -> str:
    settings = list(search.ranges)
    lines = [[str(trial.number), f"{trial.uar:.3f}", *(escape(value_text(trial.settings[setting])) for setting in settings),
              "–" if trial.epochs is None else str(trial.epochs), ENDS[trial.state] + (", as written" if trial.written else "")]
             for trial in search.top]
    return table(["trial", "validation UAR", *(escape(_field(setting)) for setting in settings), "epochs", "state"], lines,
                 "rr" + "r" * len(settings) + "rl")


def _at(trial: SearchedTrial) -> str:
    return ", ".join(f"{_field(setting)} {value_text(value)}" for setting, value in trial.settings.items())


def value_text(value: object) -> str:
    """A setting's value in three digits."""
    return number(value) if isinstance(value, float) else str(value)


def _field(setting: str) -> str:
    return setting.rpartition(".")[2]


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
