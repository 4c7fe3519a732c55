"""One leaderboard of a report as Markdown: its table at a glance, what makes it doubtful, and below, folded, all that is behind it."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable, Sequence

import numpy as np

from harness.evaluation import references
from harness.evaluation.calibration import BINS, calibration_errors
from harness.evaluation.final_predictions import FinalPredictions
from harness.evaluation.intervals import LEAST_SPEAKERS, mean_sd
from harness.evaluation.leaderboard import Leaderboard
from harness.evaluation.references import Reference
from harness.evaluation.rows import Row
from harness.reports import cost_section, groups_section
from harness.reports.highlights import highlights
from harness.reports.leaderboard_tables import ENDS, audits, count, intervals, trials_in_words
from harness.reports.leaderboard_tables import table as leaderboard_table
from harness.reports.markdown import code, escape, table, with_interval
from harness.tracking.run_record import counts_in_words
from harness.training.predictions import Predictions
from harness.training.scores import most_confused

DETAILED = 2  # rows of each leaderboard, best validation UAR first, that get pictures and tables of where they fail
Draw = Callable[[FinalPredictions], dict[str, str]]


def leaderboard_markdown(study_name: str, board: Leaderboard, draw: Draw, front: cost_section.Draw | None = None) -> list[str]:
    """The parts of one leaderboard: what is told at a glance, the table, and below it what a reader opens.

    Args: draw: gives the paths of a row's pictures by what they show. front: gives the path of the picture of the Pareto front.
    """
    first, finished = board.rows[0], board.finished
    parts = [f"## {escape(f'{first.split} on {first.corpus}, {first.coverage}')}",
             f"All rows with {code(board.settings)}." if board.settings else "", highlights(board),
             leaderboard_table(board) if finished else "No finals yet.", _about(first),
             *(f"⚠ **{name}**: {sentence}" for name, sentence in board.alarms.items()), statistics_sentences(board)]
    waiting = [row for row in board.rows if not row.seeds]
    if waiting:
        parts.append("Without finals: " + "; ".join(f"{escape(row.label)} ({trials_in_words(row)})" for row in waiting) + ".")
    parts += _alarms(board)
    pareto, cost = cost_section.cost_markdown(board, front)
    parts += [pareto, folded("Cost beside quality", cost)] if finished else []
    for each in sorted(board.predictions, key=lambda each: -each.row.validation_uar[0])[:DETAILED]:
        parts += _details(each, draw)
    if finished:
        parts += [folded("WA and macro-F1 with intervals", intervals(board)),
                  folded("Search and leak audit of each row", audits(finished)), *_references(board),
                  _reproduce(study_name, finished)]
    return parts


def _about(row: Row) -> str:
    shared = " **Speakers are shared** between training and test in this protocol." if row.shares_speakers else ""
    return f"Clips: {escape(counts_in_words(row.clips))}. Speakers: {escape(counts_in_words(row.speakers))}.{shared}"


def folded(summary: str, text: str) -> str:
    """Text that a reader opens by a click."""
    return f"<details><summary>{summary}</summary>\n\n{text}\n\n</details>"


def _alarms(board: Leaderboard) -> list[str]:
    lines = [f"- {escape(row.label)}: {escape(text)}" for row in board.finished if (text := _doubts(board, row))]
    return [folded(f"⚠ Alarms of {count(len(lines), 'row')}", "\n".join(lines))] if lines else []


def _doubts(board: Leaderboard, row: Row) -> str:
    if row.cell in board.missing_files:
        return f"No statistics, missing in the store: {board.missing_files[row.cell]}."
    return " ".join(board.statistics[row.cell].alarms.values()) if row.cell in board.statistics else ""


def _references(board: Leaderboard) -> list[str]:
    if not board.predictions:
        return []
    test = board.predictions[0].test[0]
    text = "\n\n".join(part for part in (references_markdown(board.references, test.emotions), references.why_no_listeners(test)) if part)
    return [folded("Reference rows by emotion", text)]


def _details(each: FinalPredictions, draw: Draw) -> list[str]:
    row, emotions = each.row, each.test[0].emotions
    chosen = ", ".join(f"{key} = {_rounded(value)}" for key, value in sorted(row.chosen.items()) if "." in key)
    pairs = ", ".join(f"{a} taken for {b} {n} times ({share:.0%} of {a})" for a, b, n, share in most_confused(each.confusion, emotions))
    pictures = draw(each)
    failing = groups_section.groups_markdown(each.test)
    seen = "\n\n".join(f"![{what}]({path})" for what, path in pictures.items())
    return [f"### {escape(row.label)} on {escape(row.split)}", f"Settings that validation UAR chose: {escape(chosen)}." if chosen else "",
            f"Most confused over {count(row.seeds, 'seed')}: {escape(pairs)}. {calibration_sentence(each.test)}",
            folded(", ".join(pictures), seen) if pictures else "", folded("Where it fails", failing) if failing else ""]


def _rounded(value: str) -> str:
    try:
        return f"{float(value):.3g}"
    except ValueError:
        return value


def _reproduce(study_name: str, group: Sequence[Row]) -> str:
    lines = [f"- {escape(row.label)}: {code(command(study_name, row))} (commit {escape(row.commit)}, {escape(row.hardware)})"
             for row in group]
    prints = (f"Split fingerprint {code(group[0].split_fingerprint or 'none')}, corpus fingerprint "
              f"{code(group[0].corpus_fingerprint)}.")
    return folded("How to reproduce each row", "\n".join([*lines, "", prints]))


def command(study_name: str, row: Row) -> str:
    """The one command that searches the row's cell again and trains its finals."""
    trials = sum(row.trials.get(state, 0) for state in ENDS)
    data = [] if row.synthetic else ["--data", "DIR"]
    words = ["bench", "run", "--study", study_name, "--corpus", row.corpus_label or row.corpus, *data, "--split", row.split,
             "--cell", row.label, "--trials", str(trials), "--seeds", *row.seed_numbers]
    backend = "" if row.backend in ("", "tensorflow") else f"KERAS_BACKEND={row.backend} "
    return " ".join(part for part in (backend + shlex.join(words), row.settings, row.allow_missing) if part)


def statistics_sentences(board: Leaderboard) -> str:
    """How the intervals and ranks were computed, as sentences."""
    if not board.predictions:
        return ""
    speakers, rows = board.predictions[0].counts.shape[1], len(board.predictions)
    if speakers < LEAST_SPEAKERS:
        return f"No ranks and no intervals: {speakers} speakers in the test part are too few ({LEAST_SPEAKERS} wanted)."
    pooled = " and over trainings, whose variance is pooled over the rows" if rows > 1 else " and over trainings"
    intervals = f"[…] are 95 % intervals over the {speakers} speakers of the test part{'' if board.one_seed_each else pooled}."
    luck = (" **One seed each**: what another training would give is not known, so intervals and ranks are about these very networks, not "
            "about their recipes." if board.one_seed_each else "")
    if rows == 1:
        return intervals + luck
    if not board.rankable:
        return f"{intervals}{luck} There are no ranks: the rows were tested on different clips."
    return (f"{intervals} A rank is 1 + the number of rows with a significantly better UAR (paired by speaker, Holm's correction over "
            f"{math.comb(rows, 2)} pair{'s'[: rows > 2]}): rows that share rank 1 can't be told apart from the best.{luck}")


def references_markdown(made: list[Reference], emotions: tuple[str, ...]) -> str:
    """The reference rows as a Markdown table with the recall of each emotion, and below it where the answers come from."""
    heads = ["reference", "test WA", "test UAR", "test macro-F1", *(f"recall {escape(emotion)}" for emotion in emotions)]
    lines = [[row.name, *(with_interval(*row.figures[score]) for score in ("wa", "uar", "macro_f1")),
              *(f"{row.recall[emotion]:.3f}" if emotion in row.recall else "–" for emotion in emotions)] for row in made]
    return table(heads, lines) + "\n\n" + "\n".join(f"- {row.name}: {escape(row.basis)}." for row in made)


def calibration_sentence(said: Sequence[Predictions]) -> str:
    """How far the probabilities can be believed, as a sentence."""
    mean, sd = mean_sd(calibration_errors(said))
    confidence, accuracy = (float(np.mean([figure(one) for one in said])) for figure in (
        lambda one: one.probabilities.max(axis=1).mean(), lambda one: (one.predicted == one.truth).mean()))
    spread = "" if math.isnan(sd) else f" ± {sd:.3f} over {len(said)} seeds"
    sure = "too sure" if confidence > accuracy else "not sure enough"
    return (f"Expected calibration error over {BINS} bins: {mean:.3f}{spread}; mean confidence {confidence:.3f}, WA {accuracy:.3f}: on the "
            f"whole it is {sure}.")
