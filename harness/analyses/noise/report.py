"""`reports/<study>_noise.md` as Markdown: UAR, WA and the recall of each emotion against the level of noise, from the runs in the store."""

from __future__ import annotations

import itertools
import math
import shlex
from collections.abc import Sequence
from pathlib import Path

from harness.analyses.noise.rows import CLEAN, NoiseRow, key_of, read_rows, snr_db_of
from harness.evaluation.intervals import LEAST_SPEAKERS
from harness.reports.figures import noise_figure
from harness.reports.markdown import code, escape, plural, quoted, table, with_interval
from harness.reports.pages import link_to, new_pictures, noise_page, staying, write_beside
from harness.tracking.store import Store
from harness.training.figures import save

SAME = 1e-3  # probabilities this near are the same: padding and another order of sums leave less
INTRODUCTION = """The saved models predict their own test clips again, with noise added to the raw waveform. Written by `bench noise` from
its measurements in MLflow; nothing is edited by hand, and no figure here chose anything.

The ratio is that of the clip's active power, pauses left out (30 dB below the loudest stretch), to the noise's, in dB: 0 dB is as
much noise as speech. **White** is Gaussian noise. **Babble** is six other speakers of the training part talking at once, equally loud,
never the clip's own speaker. A clip has the same noise at every level and for every row, only louder.

Figures are means over the seeds whose models were kept, with 95 % intervals over speakers. Those of UAR and WA are over trainings too,
where any row has two seeds, with one variance for all rows of a table; those of a recall are over speakers alone. Fewer than five speakers
give none. A kept model is one of the best of its protocol by validation UAR, so that rows may have fewer seeds here than on the
leaderboard."""


def write_noise(store: Store, study: str) -> Path:
    """Write the study's report on noise with its pictures, where any of its runs was measured; returns its path."""
    page = noise_page(store, study)
    with staying(page):
        rows = read_rows(store.experiment(study))
    if not rows:
        return page
    groups = [list(group) for _, group in itertools.groupby(rows, key=lambda row: row.table)]
    parts = [f"# {escape(study)}: recall against noise", quoted([finding(group) for group in groups])]
    with new_pictures(page) as pictures:
        for number, group in enumerate(groups, 1):
            _draw(group, pictures / f"{number}.png")
            parts += _group(group, link_to(page, f"{number}.png"))
        parts += ["## Recall of each emotion", *(_emotions(row) for row in rows), "## How it was measured", INTRODUCTION,
                  f"The same again: {code(_command(study, rows))}"]
        write_beside(page, "\n\n".join(parts) + "\n")
    return page


def _draw(group: Sequence[NoiseRow], path: Path) -> None:
    levels = _levels(group)

    def points(row: NoiseRow, kind: str) -> list[tuple[float, float, float]]:
        keys = [CLEAN, *(key_of(kind, level) for level in levels)]
        return [row.figure(key, "uar") if key in row.counts else (math.nan,) * 3 for key in keys]

    lines = {kind: {row.label: points(row, kind) for row in group if kind in row.kinds} for kind in _kinds(group)}
    save(noise_figure(lines, [CLEAN, *(f"{level:g} dB" for level in levels)], 1 / len(group[0].emotions)), path)


def _kinds(rows: Sequence[NoiseRow]) -> list[str]:
    return list(dict.fromkeys(kind for row in rows for kind in row.kinds))


def _levels(rows: Sequence[NoiseRow]) -> list[float]:
    """In dB, the weakest noise first."""
    return sorted({snr_db_of(key) for row in rows for key in row.counts if key != CLEAN}, reverse=True)


def _group(group: Sequence[NoiseRow], picture: str) -> list[str]:
    first = group[0]
    shared = " **Speakers are shared** between training and test in this protocol." if first.shares_speakers else ""
    speakers = first.counts[CLEAN].shape[1]
    few = f" Too few for intervals ({LEAST_SPEAKERS} needed)." if speakers < LEAST_SPEAKERS else ""
    parts = [f"## {first.split} on {first.corpus}, {first.coverage}",
             f"Test: {first.clips:,} clips of {plural(speakers, 'speaker')}.{few} Chance is {1 / len(first.emotions):.3f}.{shared}",
             f"![UAR against noise]({picture})"]
    for score in ("uar", "wa"):
        for kind in _kinds(group):
            rows = [row for row in group if kind in row.kinds]
            keys = rows[0].levels(kind)
            lines = [[escape(row.label), str(len(row.seeds)), *(with_interval(*row.figure(key, score)) if key in row.counts else "–"
                                                                for key in keys)] for row in rows]
            parts.append(table([f"{score.upper()} in {kind} noise", "seeds", *map(condition_label, keys)], lines))
    parts.append("\n".join(f"- {escape(row.label)}: {sentence}" for row in group for sentence in sentences(row)))
    return parts


def finding(group: Sequence[NoiseRow]) -> str:
    """What noise takes from the row of a leaderboard that is best on clean clips, in a sentence for each kind of noise."""
    best = max(group, key=lambda row: row.figure(CLEAN, "uar")[0])
    lost = " ".join(f"{text[:1].upper()}{text[1:]}" for text in (_lost(best, kind) for kind in best.kinds))
    return f"**{escape(best.label)}** on {escape(best.split)}, {escape(best.corpus)}. {lost}"


def condition_label(key: str) -> str:
    """A condition as the head of a column: `clean` or `20 dB`."""
    return CLEAN if key == CLEAN else f"{snr_db_of(key):g} dB"


def sentences(row: NoiseRow) -> list[str]:
    """What is seen of one row, in sentences: whether clean clips are predicted as logged, and what noise takes away."""
    difference, same = row.largest_difference, row.changed == 0 and row.largest_difference <= SAME
    clean = (f"clean clips, predicted anew, give what was logged (probabilities differ by {difference:.0e} at most)." if same else
             f"⚠ clean clips, predicted anew, do not give what was logged: {row.changed:,} of {row.clips * len(row.seeds):,} are taken "
             f"for another emotion, a probability differs by up to {difference:.3f}. Libraries, clips or the machine have changed.")
    return [clean, *(_lost(row, kind) for kind in row.kinds)]


def _lost(row: NoiseRow, kind: str) -> str:
    """How much UAR noise of a kind takes from a row, and what the clips are taken for in the most of it."""
    keys, chance = row.levels(kind), 1 / len(row.emotions)
    uar = [row.figure(key, "uar")[0] for key in keys]
    if uar[0] <= chance:
        return f"in {kind} noise nothing can be lost: clean clips give {uar[0]:.3f}, no better than chance."
    half = next((key for key, value in zip(keys, uar, strict=True) if value - chance <= (uar[0] - chance) / 2), None)
    lost = (f"half of what it had above chance is gone at {condition_label(half)}" if half else
            "more than half of what it had above chance is left")
    predicted = row.counts[keys[-1]].sum(axis=(0, 1, 2))
    most = int(predicted.argmax())
    return (f"in {kind} noise UAR goes from {uar[0]:.3f} to {uar[-1]:.3f} at {condition_label(keys[-1])}; {lost}. There, "
            f"{predicted[most] / predicted.sum():.0%} of the clips are taken for {row.emotions[most]}.")


def _emotions(row: NoiseRow) -> str:
    """The recall of each emotion of one row, a table for each kind of noise."""
    parts = [f"### {escape(row.label)} on {escape(row.split)}, {escape(row.corpus)}"]
    for kind in row.kinds:
        keys = row.levels(kind)
        lines = [[emotion, *(with_interval(*row.recall(key, i)) for key in keys)] for i, emotion in enumerate(row.emotions)]
        parts.append(table([f"recall in {kind} noise", *map(condition_label, keys)], lines))
    return "\n\n".join(parts)


def _command(study: str, rows: Sequence[NoiseRow]) -> str:
    data = "" if all(row.coverage.endswith("synthetic") for row in rows) else " --data DIR"
    levels = " ".join(f"{level:g}" for level in _levels(rows))
    return f"bench noise {shlex.quote(study)}{data} --levels {levels} --kinds {' '.join(_kinds(rows))}"
