"""What the page on published systems says first: what was reproduced, which claims lie where, and what the random split is worth."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Collection, Sequence

from harness.analyses.published.verdicts import (
    CANT_TELL,
    NOT_REPRODUCED,
    REPRODUCED,
    Comparison,
    Reproduced,
    outcome,
    reasons,
    side,
)
from harness.evaluation.intervals import Figure
from harness.reports.answer_figures import Panel
from harness.reports.markdown import brief, brief_interval, plural, quoted

NAMED = 3  # recipes that a sentence names before the others are only counted
OwnResults = list[tuple[Comparison, Reproduced]]  # with the result under its own split


def finding_markdown(compared: Sequence[Comparison]) -> str:
    """The quotation: computed from the figures alone."""
    results = [(c, c.shared) for c in compared if c.shared and not c.is_variant and not c.shared.row.synthetic]
    if not results:
        return quoted(["**Nothing yet**: no published recipe was trained on real clips under its own split."])
    paragraphs = [_verdicts(results), _above(results), _others(results), _worth(results), _variants(compared)]
    return quoted([text for text in paragraphs if text])


def _verdicts(results: OwnResults) -> str:
    """How many are reproduced, and what keeps the others from a verdict."""
    found = {what: [c for c, _ in results if outcome(c) == what] for what in (REPRODUCED, NOT_REPRODUCED, CANT_TELL)}
    first = f"**Of {plural(len(results), 'published model')}, {_are(found[REPRODUCED], 'reproduced')}, {_are(found[NOT_REPRODUCED], 'not')}"
    if not found[CANT_TELL]:
        return f"{first}.**"
    why = Counter(reason for c in found[CANT_TELL] for reason in reasons(c))
    return (f"{first}, and of {len(found[CANT_TELL])} it can't be told**: "
            f"{', '.join(f'{number} {reason}' for reason, number in why.most_common())}.")


def _are(compared: Sequence[Comparison], what: str) -> str:
    """`2 are reproduced (000_1d, 000_2d)`."""
    names = f" ({', '.join(c.name for c in compared)})" if 0 < len(compared) <= NAMED else ""
    return f"{len(compared) or 'none'} {'is' if len(compared) < 2 else 'are'} {what}{names}"


def _above(results: OwnResults) -> str:
    """Claims above what was measured: those first whose training differs least from the published one, then the widest gap."""
    above = sorted(((c, r) for c, r in results if side(c.claim, r) == "above"),
                   key=lambda each: (len(reasons(each[0])), each[1].figures["wa"][0] - each[0].claim.wa))
    if not above:
        return ""
    named = "; ".join(f"{c.name} claims {brief(c.claim.wa)}, and {brief_interval(*r.figures['wa'])} was measured{_otherwise(c, r)}"
                      for c, r in above[:NAMED])
    more = f"; and {len(above) - NAMED} more" if len(above) > NAMED else ""
    return f"**{plural(len(above), 'claim')} of WA {'lies' if len(above) == 1 else 'lie'} above what was measured**: {named}{more}."


def _otherwise(comparison: Comparison, result: Reproduced) -> str:
    """In what its training was not the published one, and which trainings do not count, in brackets."""
    left_out = [f"{len(result.left_out)} of {plural(result.row.seeds, 'training')} collapsed and left out"] if result.left_out else []
    why = [*reasons(comparison), *left_out]
    return f" ({', '.join(why)})" if why else ""


def _others(results: OwnResults) -> str:
    """Claims that agree with what was measured, lie below it, or of which the side is not known."""
    words = {"within": "agree with what was measured", "below": "lie below it", "": "have too few test speakers to say"}
    found = {words[place]: [c.name for c, r in results if side(c.claim, r) == place] for place in words}
    parts = [f"{plural(len(names), 'claim')} {text if len(names) > 1 else _singular(text)} ({_some(names)})"
             for text, names in found.items() if names]
    return f"{'; '.join(parts)}." if parts else ""


def _singular(text: str) -> str:
    """`lie below it` of one claim."""
    verb, _, rest = text.partition(" ")
    return f"{'has' if verb == 'have' else f'{verb}s'} {rest}"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")


def _worth(results: OwnResults) -> str:
    """What the random split adds to UAR, each difference with its 95 % half-width: √(a² + b²) of the two intervals.

    Of a recipe that collapses in one training and not in another it says nothing, for trainings differ more than splits.
    """
    pairs = [(c.name, result.figures["uar"], c.unseen.figures["uar"]) for c, result in results
             if c.unseen and not any(each.collapsed or each.left_out for each in (result, c.unseen))]
    worth = {name: (100 * (one[0] - other[0]), 100 * math.hypot(one[2] - one[1], other[2] - other[1]) / 2)
             for name, one, other in pairs if not math.isnan(one[1] + other[1])}  # few speakers make chance differences
    if not worth:
        return ""
    mean, half = map(statistics.fmean, zip(*worth.values(), strict=True))
    differences = ", ".join(f"{name} {points:+.1f} ± {width:.1f}" for name, (points, width) in worth.items())
    beyond = ", ".join(name for name, (points, width) in worth.items() if abs(points) > width)
    chance = f"Beyond what sampling explains: {beyond}." if beyond else "None is beyond what sampling explains."
    return (f"**The random split was worth {mean:+.1f} points of UAR** on average over {plural(len(worth), 'recipe')} with an "
            f"unseen-speaker twin, each known to about ± {half:.0f}: {differences}. {chance}")


def _variants(compared: Sequence[Comparison]) -> str:
    uar = {c.name: c.shared.figures["uar"][0] for c in compared if c.shared}
    pairs = [(c.name, c.published_name) for c in compared if c.is_variant and {c.name, c.published_name} <= uar.keys()]
    gains = "; ".join(f"{name} against {published}: {100 * (uar[name] - uar[published]):+.1f} points of UAR" for name, published in pairs)
    return f"Corrected and restated: {gains}." if gains else ""


def panel(compared: Collection[Comparison]) -> Panel:
    """The picture: recipe -> WA as claimed, as reproduced, and on speakers that are not in training; a claim has no interval."""
    nan = math.nan
    rows: dict[str, dict[str, Figure]] = {}
    for c in compared:
        measured = {"reproduced": c.shared, "new speakers": c.unseen}
        rows[c.name] = {"claimed": (c.claim.wa, nan, nan), **{kind: one.figures["wa"] for kind, one in measured.items() if one}}
    return rows
