"""`reports/leakage.md` as Markdown: the same cells under honest and leaking protocols, and the worth of each leak in points of UAR."""

from __future__ import annotations

import itertools
import math
import shlex
from collections.abc import Sequence
from pathlib import Path

from harness.analyses.leakage.enrolment_section import Draw, enrolment_markdown, number_of
from harness.analyses.leakage.finding import finding_markdown
from harness.analyses.leakage.options import LeakageOptions
from harness.analyses.leakage.worth import PROTOCOLS, CellUnderProtocols, ProtocolResult, difference
from harness.evaluation.intervals import LEAST_SPEAKERS
from harness.reports.markdown import anchor, code, escape, folded, plural, table, with_interval
from harness.reports.trust_section import link_to_reading
from harness.tracking.run_record import counts_in_words

LEAKS = (("random", "speakers", "voices known from training"), ("random", "sentences", "sentences known from training"),
         ("sentences", "speakers", "known voices in place of known sentences"),
         ("before", "after", "altered copies of test clips in training"), ("before", "copied", "known voices and copies of test clips"),
         ("copied", "speakers", "no leak: copies of training clips"))
"""Protocol that leaks, the one that it is compared with, and what leaks."""
INTRODUCTION = """The same networks are trained in the same way under protocols that let training know more and more of the test
clips. What the test figure gains by that is the worth of the leak: on new people the gain would vanish.
Written by `bench leakage` from the runs in MLflow; nothing is edited by hand."""
MEANINGS = {
    "speakers": "**Unseen speakers** is the honest one: nobody speaks both in training and in test. Sentences may be in both.",
    "copied": "**Unseen speakers, copies after the split**: the same parts, and training also holds altered copies of its own clips. "
              "Nothing leaks.",
    "sentences": "**Unseen sentences**: no sentence is both in training and in test, but the voices are. About 30 % of the clips are test "
                 "clips.",
    "random": "**Random clips**: clips are drawn one by one, so that voices and sentences are both in training and in test.",
    "after": "**Random clips, copies after the split**: the same parts, and training also holds altered copies of its own clips.",
    "before": "**Copies before the split (WRONG)**: clips are copied and altered first and split afterwards, so that training holds "
              "altered copies of test clips. The test clips and the number of training clips are as with copies after the split: nothing "
              "but the leak differs. No other command can do that, and its figures are no result."}
KNOWN_MEANING = """**Speaker known** (with `--enrolment`): unseen speakers again, and features are standardised within each speaker by some
  clips of theirs, in training as in test, of which no label is used. That is another question, about speakers who have been heard before,
  and no mistake. The known clips of test speakers are not scored, unless all are known; what knows nothing is scored on the same clips."""
OWN_COPIES = """A network whose study makes copies anyway has them under every protocol; its rows with and without copies are then the
same."""
READING = f"""## How to read the figures

Figures are test UAR, the mean recall of the emotions, as means over seeds with 95 % intervals for new speakers and, from two seeds on,
for new trainings. Differences are in points of UAR: from 0.50 to 0.56 is +6. Both sides of a difference have the same clips to draw
from, the same settings and the same seeds.

- **On the same clips**: the test parts of two protocols hold different clips, of partly different speakers, of whom some are easier than
  others. So the sides of a difference are scored on the clips that both test, and compared speaker by speaker: it is not that of the two
  figures above it.
- **More than chance explains**: 0 lies outside the interval. Each interval stands by itself: of twenty leaks that are worth nothing,
  one looks as if it were worth something.

## What these figures can't show

- Each protocol is drawn once. The intervals allow for other test speakers, not for other clips to train on.
- Where the numbers of training clips differ, a part of the difference may be due to that: unseen sentences has the fewest.
- In a corpus where all speak the same sentences, the test sentences of unseen speakers are known from training: no protocol here keeps
  both apart.
- A leak's worth is that for this network, corpus and training: a network that memorises more may gain more from a leak.
- Actors say every emotion about equally often, which may flatter known clips of any emotion: their mean is that over all emotions, and
  what is left is emotion. Nobody speaks so. Neutral clips alone, and clips of all emotions but one, show it at equal numbers of clips.
- Fewer than {LEAST_SPEAKERS} test speakers give no interval, and one seed says nothing about another training of the same network."""


def points(difference: tuple[float, float, float]) -> str:
    """`+6.1 [+2.0, +10.2]`, in points of a hundred."""
    value, low, high = (round(100 * figure, 1) + 0.0 for figure in difference)  # no -0.0
    return f"{value:+.1f}" + ("" if math.isnan(low) else f" [{low:+.1f}, {high:+.1f}]")


def uar_with_interval(result: ProtocolResult | None) -> str:
    """`0.512 [0.489, 0.534]`; a dash where nothing was trained."""
    return "–" if result is None else with_interval(*result.uar)


def worth_line(cell: CellUnderProtocols, leaking: str, honest: str, leak: str) -> list[str] | None:
    """A table's line on one leak of one cell; None where a side was not trained, both are the same networks, or test no clip alike."""
    one, other = cell.under.get(leaking), cell.under.get(honest)
    if one is None or other is None or one is other or not (same := difference(one, other)):
        return None
    _, low, high = same.difference
    judgement = ("too few speakers for an interval" if math.isnan(low) else "more than chance explains" if low > 0
                 else "it costs more than chance explains" if high < 0 else "no more than chance explains")
    clips = f"{same.clips:,}" + (f" of {plural(same.speakers, 'speaker')}" if same.speakers else "")
    return [leak, f"{PROTOCOLS[leaking]} less {PROTOCOLS[honest]}", clips, judgement, points(same.difference)]


def leakage_markdown(cells: Sequence[CellUnderProtocols], draw: Draw | None = None, picture: str = "", page: Path | None = None) -> str:
    """The whole report as Markdown: what was found, then each study, then how it was measured.

    Args: draw: gives the path of a cell's picture of known speakers. picture: path of that of all leaks. page: where the report lies;
        None: in the repository.
    """
    parts = ["# What leaks are worth", *finding_markdown(cells, picture)]
    headings = ("The protocols", "How to read the figures", "What these figures can't show")
    parts.append(f"**More:** {' · '.join([*(f'[{heading.lower()}]({anchor(heading)})' for heading in headings), link_to_reading(page)])}")
    for study, group in itertools.groupby(cells, key=lambda cell: cell.study):
        parts += _study(study, list(group), draw)
    return "\n\n".join([*parts, "## The protocols", INTRODUCTION, _meanings(cells), READING]) + "\n"


def _meanings(cells: Sequence[CellUnderProtocols]) -> str:
    """What those protocols mean that any cell was trained under."""
    trained = [*(text for key, text in MEANINGS.items() if any(key in cell.under for cell in cells)),
               *([KNOWN_MEANING] if any(cell.known for cell in cells) else [])]
    copied = any(key in cell.under for cell in cells for key in ("copied", "after", "before"))
    return "\n".join(f"- {text}" for text in trained) + (f"\n\n{OWN_COPIES}" if copied else "")


def _study(study: str, cells: list[CellUnderProtocols], draw: Draw | None) -> list[str]:
    parts = [f"## The study {escape(study)}"]
    for cell in cells:
        worths = [line for leak in LEAKS if (line := worth_line(cell, *leak))]
        parts += [f"### {escape(cell.cell)}", f"{marks(cell)}.",
                  table(["protocol", "training clips", "test clips", "test speakers", "UAR"],
                        [_protocol_line(cell, protocol) for protocol in PROTOCOLS if protocol in cell.under]),
                  table(["worth of", "compared", "on the same clips", "it is", "points of UAR"], worths, "llllr") if worths
                  else "Nothing to compare: no two protocols were trained.", *enrolment_markdown(cell, draw)]
    lines = "\n".join(line for cell in cells for line in [*_clips(cell), *_command(cell)])
    return [*parts, folded("Clips of each protocol, and how to reproduce", lines)]


def _protocol_line(cell: CellUnderProtocols, protocol: str) -> list[str]:
    result = cell.under[protocol]
    sizes = [f"{n:,}" for n in (result.training_clips, result.test_clips, result.test_speakers)]
    return [PROTOCOLS[protocol], *sizes, uar_with_interval(result)]


def marks(cell: CellUnderProtocols) -> str:
    """What a reader must know before quoting a row."""
    one = next(iter(cell.under.values()))
    partial = "" if one.synthetic or one.coverage.endswith("whole") else "partial corpus"
    few = "" if len(one.seeds) > 1 else ", so that intervals leave out other trainings"
    missing = [words for protocol, words in PROTOCOLS.items() if protocol not in cell.under]
    return "; ".join(part for part in (escape(cell.corpus), "synthetic" if one.synthetic else partial,
                                       plural(len(one.seeds), "seed") + few, plural(one.epochs, "epoch"),
                                       f"not trained: {', '.join(missing)}" if missing else "") if part)


def _clips(cell: CellUnderProtocols) -> list[str]:
    return [f"- {escape(cell.cell)}, {words}: {escape(counts_in_words(result.clips))}; "
            f"{escape(result.augmentation) or 'no augmentation after the split'}"
            for protocol, words in PROTOCOLS.items() if (result := cell.under.get(protocol))]


def _command(cell: CellUnderProtocols) -> list[str]:
    honest = next((result for protocol, result in cell.under.items() if protocol != "before"), None)
    if honest is None:
        return []
    words = ["bench", "leakage", "--study", cell.study_file or cell.study, "--corpus", honest.corpus,
             *([] if honest.synthetic else ["--data", "DIR"]), "--cell", cell.cell, "--seeds", *honest.seeds, *_copies_option(cell),
             *_enrolment_option(cell)]
    return [f"- {escape(cell.cell)}: {code(f'{shlex.join(words)} {honest.settings}'.strip())}"]


def _copies_option(cell: CellUnderProtocols) -> list[str]:
    """The option that chose the copies, where they are neither the cell's own nor the default."""
    after = cell.under.get("after") or cell.under.get("copied")
    if after is None and "before" not in cell.under:
        return ["--copies"]
    if after is None or after in (cell.under.get("random"), cell.under.get("speakers")):
        return []
    copies = after.augmentation.partition(", on the fly")[0].partition("copies of ")[2].split("+")
    return [] if tuple(copies) == LeakageOptions.copies else ["--copies", *copies]


def _enrolment_option(cell: CellUnderProtocols) -> list[str]:
    numbers = dict.fromkeys(number_of(each.enrolment) for each in sorted(cell.known, key=lambda each: each.enrolment.order))
    return ["--enrolment", *numbers] if numbers else []
