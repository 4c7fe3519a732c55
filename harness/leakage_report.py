"""Renders `reports/leakage.md`: the same cells under honest and leaking protocols, and what each leak is worth in points of UAR."""

from __future__ import annotations

import itertools
import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.markdown import code, escape, table, with_interval
from harness.statistics import LEAST_SPEAKERS, LEVEL, Sampled, interval, sampled, speaker_draws, standard_error, training_variance

PROTOCOLS = {"speakers": "unseen speakers", "sentences": "unseen sentences", "random": "random clips",
             "after": "random clips, copies after the split", "before": "copies before the split (WRONG)"}
LEAKS = (("random", "speakers", "voices that were heard in training"), ("sentences", "speakers", "heard voices without heard sentences"),
         ("before", "after", "altered copies of test clips in training"), ("before", "speakers", "both leaks together"))
COPIES = ("noise", "time_shift")  # of cells that make none themselves
INTRODUCTION = """The same networks, trained in the same way, under protocols that leak more and more of the test clips into training.
Written by `bench leakage` from the runs in MLflow; nothing is edited by hand.

**Unseen speakers** is the honest protocol. **Random clips** shares speakers and sentences between training and test. **Copies after the
split** adds altered copies of training clips alone; **copies before the split (WRONG)** is what happens when clips are augmented first and
split afterwards: training holds altered copies of every test clip. No other command can do that, and its figures are no result.
**Unseen sentences** holds out whole sentences, about 30 % of the clips: beside an 80/20 split its networks are trained on fewer.

Figures are test UAR, means over seeds, with 95 % intervals for new speakers and trainings. Differences are in points of UAR. Between
protocols of other test clips both parts' speakers are resampled independently, which is on the safe side where some speakers are in
both; before and after the split share their test clips and are compared speaker by speaker."""


@dataclass(frozen=True, eq=False)
class Under:
    """What one cell gave under one protocol.

    Args:
        counts: confusion counts on test, shape (seeds, speakers, truth, predicted), speakers sorted. test: ids of the test clips, sorted.
        clips: of each part, in words. seeds: their numbers. corpus: with its fields. settings: of the command line.
    """

    counts: np.ndarray
    test: tuple[str, ...]
    clips: str
    coverage: str
    synthetic: bool
    epochs: int
    seeds: tuple[str, ...]
    corpus: str = ""
    settings: str = ""
    augmentation: str = ""


@dataclass(frozen=True, eq=False)
class Measured:
    """One cell of a study under those of `PROTOCOLS` that were trained; `after` stands for `random` where the cell makes copies itself.

    Args:
        asked: the study's name or file, as it was given.
    """

    study: str
    cell: str
    under: dict[str, Under]
    asked: str = ""

    def at(self, protocol: str) -> Under | None:
        """What was measured under a protocol."""
        return self.under.get(protocol) or (self.under.get("after") if protocol == "random" else None)


def uar(found: Under | None) -> str:
    """`0.512 [0.489, 0.534]`; a dash where nothing was trained."""
    if found is None:
        return "–"
    row = _sampled(found, seed=0)
    low, high = interval(row) if row.speakers >= LEAST_SPEAKERS else (math.nan, math.nan)
    return with_interval(row.value, low, high)


def _sampled(found: Under, seed: int) -> Sampled:
    return sampled(found.counts, speaker_draws(found.counts.shape[1], seed=seed))["uar"]


def difference(one: Under, other: Under) -> tuple[float, float, float]:
    """UAR of one less that of the other with a 95 % interval, NaN for too few speakers; paired by speaker on the same test clips."""
    from scipy.special import stdtrit

    paired = one.test == other.test
    a, b = _sampled(one, seed=0), _sampled(other, seed=0 if paired else 1)
    value = a.value - b.value
    if min(a.speakers, b.speakers) < LEAST_SPEAKERS:
        return value, math.nan, math.nan
    training, freedom = training_variance([a, b])
    if paired:
        error, df = standard_error((a.drawn - b.drawn).var(), a.speakers, training / a.seeds + training / b.seeds, freedom)
    else:
        errors, dfs = zip(*(standard_error(row.drawn.var(), row.speakers, training / row.seeds, freedom) for row in (a, b)), strict=True)
        error, parts = np.hypot(*errors), sum(e**4 / d for e, d in zip(errors, dfs, strict=True))
        df = error**4 / parts if parts > 0 else min(dfs)  # Welch 1947
    half = float(stdtrit(df, 1 - LEVEL / 2) * error)
    return value, value - half, value + half


def points(found: tuple[float, float, float]) -> str:
    """`+6.1 [+2.0, +10.2]`, in points of a hundred."""
    value, low, high = (100 * figure for figure in found)
    return f"{value:+.1f}" + ("" if math.isnan(low) else f" [{low:+.1f}, {high:+.1f}]")


def worth(cell: Measured, leaking: str, honest: str, what: str) -> str | None:
    """One sentence on one leak of one cell; None where either protocol was not trained."""
    one, other = cell.at(leaking), cell.at(honest)
    if one is None or other is None or one is other:
        return None
    found = difference(one, other)
    _, low, high = found
    told = ("too few speakers for an interval" if math.isnan(low) else "more than chance explains" if low > 0
            else "it costs more than chance explains" if high < 0 else "not to be told from nothing")
    return f"{what} ({PROTOCOLS[leaking]} less {PROTOCOLS[honest]}): {points(found)} points, {told}"


def render(found: Sequence[Measured]) -> str:
    """The whole report as Markdown."""
    parts = ["# What leaks are worth", INTRODUCTION]
    for study, group in itertools.groupby(found, key=lambda each: each.study):
        parts += _study(study, list(group))
    return "\n\n".join(parts) + "\n"


def _study(study: str, cells: list[Measured]) -> list[str]:
    heads = ["cell", *PROTOCOLS.values(), "marks"]
    lines = [[escape(each.cell), *(uar(each.at(protocol)) for protocol in PROTOCOLS), marks(each)] for each in cells]
    parts = [f"## {escape(study)}", table(heads, lines)]
    for each in cells:
        told = [sentence for leak in LEAKS if (sentence := worth(each, *leak))]
        parts += [f"### {escape(each.cell)}: worth of each leak", "\n".join(f"- {sentence[0].upper()}{sentence[1:]}." for sentence in told)
                  or "Nothing to compare: no two protocols were trained."]
    parts.append("<details><summary>Clips of each protocol, and how to reproduce</summary>\n\n"
                 + "\n".join(line for each in cells for line in _behind(each)) + "\n\n</details>")
    return parts


def marks(cell: Measured) -> str:
    """What a reader must know before quoting a row."""
    one = next(iter(cell.under.values()))
    partial = "partial corpus" if not one.synthetic and not one.coverage.endswith("whole") else ""
    few = f"{len(one.seeds)} seed{'s'[: len(one.seeds) > 1]}"
    missing = [words for protocol, words in PROTOCOLS.items() if cell.at(protocol) is None]
    return "; ".join(part for part in ("synthetic" if one.synthetic else "", partial, few, f"{one.epochs} epoch{'s'[: one.epochs > 1]}",
                                       f"not trained: {', '.join(missing)}" if missing else "") if part)


def _behind(cell: Measured) -> list[str]:
    honest = next((under for key, under in cell.under.items() if key != "before"), None)
    lines = [f"- {escape(cell.cell)}, {PROTOCOLS[key]}: {escape(under.clips)}; {escape(under.augmentation) or 'no augmentation of its own'}"
             for key, under in sorted(cell.under.items(), key=lambda item: list(PROTOCOLS).index(item[0]))]
    if honest:
        words = ["bench", "leakage", "--study", cell.asked or cell.study, "--corpus", honest.corpus,
                 *([] if honest.synthetic else ["--data", "DIR"]), "--cell", cell.cell, "--seeds", *honest.seeds, *_copies(cell)]
        lines.append(f"- {escape(cell.cell)}: {code(' '.join(part for part in (shlex.join(words), honest.settings) if part))}")
    return lines


def _copies(cell: Measured) -> list[str]:
    """The option that chose the copies, where they are neither the cell's own nor the default."""
    if not {"random", "after"} <= cell.under.keys():
        return []
    made = cell.under["after"].augmentation.partition(", on the fly")[0].partition("copies of ")[2].split("+")
    return [] if tuple(made) == COPIES else ["--copies", *made]
