"""One leaderboard of a report as Markdown: its table at a glance, what makes it doubtful, and below, folded, all that is behind it."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable, Sequence

import numpy as np

from harness.evaluation.calibration import BINS, calibration_errors
from harness.evaluation.final_predictions import FinalPredictions
from harness.evaluation.intervals import LEAST_SPEAKERS, SCORES, mean_sd
from harness.evaluation.leaderboard import Leaderboard
from harness.evaluation.references import Reference, why_no_listeners
from harness.evaluation.rows import Row, by_validation
from harness.reports import cost_section, groups_section
from harness.reports.folds_section import by_fold, pooled_sentence, rounded
from harness.reports.highlights import highlights
from harness.reports.leaderboard_tables import ENDS, interval_table, leaderboard_table, search_table, trials_in_words
from harness.reports.markdown import code, escape, folded, plural, plus_minus, table, with_interval
from harness.reports.voted_section import voted_markdown
from harness.study.trial import NUMBERS_VERSION
from harness.tracking.run_record import counts_in_words
from harness.training.fonts import codes
from harness.training.predictions import Predictions
from harness.training.scores import most_confused

MOST_COLUMNS = 16  # emotions beside each other
DETAILED = 2  # rows of each leaderboard, best validation UAR first, that get pictures and tables of where they fail
CUT = """**cut**: so many clips are longer than the feature space's `duration_s`, or lose nearly all to `trim_db`; what is cut off is heard
neither in training nor in test. `bench check` prints how long the clips of a corpus are."""
Draw = Callable[[FinalPredictions], dict[str, str]]


def leaderboard_markdown(study_name: str, board: Leaderboard, draw: Draw, front: cost_section.Draw | None = None,
                         search: tuple[str, str] = ("", "")) -> list[str]:
    """The parts of one leaderboard: a sentence or two, the table, and below it what a reader opens by a click.

    Args:
        draw: gives the paths of a row's pictures by what they show. front: gives the path of the picture of the Pareto front.
        search: what the search found, at a glance and folded.
    """
    first = board.rows[0]
    parts = [f"## {escape(f'{first.protocol} on {board.corpus}')}",
             f"All rows with {code(board.settings)}." if board.settings else "", highlights(board),
             leaderboard_table(board) if board.finished else "No finals yet.", _clips(board),
             CUT if any(row.cut for row in board.rows) else "", _pretrained(board),
             *(f"⚠ **{name}**: {sentence}" for name, sentence in board.alarms.items()), statistics_sentences(board), _waiting(board),
             _alarms(board), folded("Fold by fold", by_fold(board)) if board.folds else "", *search]
    if not board.finished:
        return parts
    pareto, cost = cost_section.cost_markdown(board, front)
    parts += [pareto, voted_markdown(board), folded("Cost beside quality", cost)]
    for finals in sorted(board.predictions, key=lambda finals: by_validation(finals.row))[:DETAILED]:
        parts += _details(board.name(finals.row), finals, draw)
    return [*parts, folded("WA and macro-F1 with intervals", interval_table(board)),
            folded("Search and leak audit of each row", search_table(board)), _references(board),
            _reproduce(study_name, board)]


def _clips(board: Leaderboard) -> str:
    row = board.rows[0]
    shared = " **Speakers are shared** between training and test in this protocol." if row.shares_speakers else ""
    unknown = "speakers unknown" in row.marks("")
    if unknown:
        shared = " **Speakers are not known**: those of the test part may all be in training."
    if board.folds:
        return pooled_sentence(board) + shared
    counts = {"Clips": row.clips, "Speakers": {} if unknown else row.speakers}  # none in a row without finals
    return " ".join(f"{what}: {escape(counts_in_words(of_parts))}." for what, of_parts in counts.items() if of_parts) + shared


def _pretrained(board: Leaderboard) -> str:
    """What pretrained models have heard before, as a sentence each."""
    models = {name: facts for row in board.rows for name, facts in row.pretrained.items()}
    return "\n".join(f"- **pretrained**: {escape(name)}, {escape('; '.join(f'{what}: {fact}' for what, fact in facts.items()))}."
                     for name, facts in models.items())


def _waiting(board: Leaderboard) -> str:
    rows = "; ".join(f"{escape(board.name(row))} ({f'{row.folds_in_words}; ' if board.folds else ''}{trials_in_words(row)})"
                     for row in board.rows if not row.seeds)
    return f"Without finals: {rows}." if rows else ""


def losses(boards: Sequence[Leaderboard]) -> list[str]:
    """The lines of a report on what the store has lost of its rows."""
    return [_doubt(board, row) for board in boards for row in board.finished if row.cell in board.missing_files]


def _alarms(board: Leaderboard) -> str:
    lines = [line for row in board.finished if (line := _doubt(board, row))]
    return folded(f"⚠ Alarms of {plural(len(lines), 'row')}", "\n".join(lines)) if lines else ""


def _doubt(board: Leaderboard, row: Row) -> str:
    """The line of a row with alarms, or whose files the store has lost; empty for any other."""
    text = " ".join(board.statistics[row.cell].alarms.values()) if row.cell in board.statistics else ""
    if row.cell in board.missing_files:
        text = f"No statistics, missing in the store: {board.missing_files[row.cell]}."
    return f"- {escape(board.name(row))}: {escape(text)}" if text else ""


def _references(board: Leaderboard) -> str:
    if not board.predictions:
        return ""
    test = board.predictions[0].test[0]
    parts = references_markdown(board.references, test.emotions), why_no_listeners(test)
    return folded("Reference rows by emotion", "\n\n".join(part for part in parts if part))


def _details(name: str, finals: FinalPredictions, draw: Draw) -> list[str]:
    """One row with its settings, its errors and its pictures."""
    row, emotions = finals.row, finals.test[0].emotions
    settings = ", ".join(f"{key} = {rounded(value)}" for key, value in sorted(row.chosen.items()) if "." in key)
    pairs = ", ".join(f"{a} taken for {b} {n} times ({share:.0%} of {a})" for a, b, n, share in most_confused(finals.confusion, emotions))
    pictures = draw(finals)
    images = "\n\n".join(f"![{what}]({path})" for what, path in pictures.items())
    groups = groups_section.groups_markdown(finals.test)
    return [f"### {escape(name)} on {escape(row.split)}",
            f"Settings that validation UAR chose: {escape(settings)}." if settings else "",
            f"Most confused over {plural(row.seeds, 'seed')}: {escape(pairs)}. {calibration_sentence(finals.test)}",
            folded(", ".join(pictures), images + _legend(emotions)) if pictures else "", folded("Where it fails", groups) if groups else ""]


def _legend(emotions: Sequence[str]) -> str:
    """What the codes of the confusion matrix stand for; empty where the pictures have the emotions themselves."""
    pairs = ", ".join(f"{short} = {escape(emotion)}" for emotion, short in codes(emotions).items() if short != emotion)
    return f"\n\nNo installed font has all signs of the emotions, so that the confusion matrix has codes: {pairs}." if pairs else ""


def _reproduce(study_name: str, board: Leaderboard) -> str:
    lines = [f"- {escape(board.name(row))}: {code(command(study_name, row))} (commit {escape(row.commit)}, {escape(row.hardware)})"
             f"{_not_in_the_command(row)}" for row in board.finished]
    first = board.finished[0]
    fingerprints = (f"Split fingerprint {code(first.split_fingerprint or 'none')}, corpus fingerprint "
                    f"{code(first.corpus_fingerprint)}.")
    return folded("How to reproduce each row", "\n".join([*lines, "", fingerprints]))


def _not_in_the_command(row: Row) -> str:
    """What no option of the command sets, as a sentence; empty where the command makes the row as it is."""
    missing = [text for text in row.otherwise
               if not text.startswith(("corpus.", "backend=")) and text != f"numbers_version={NUMBERS_VERSION}"]
    return f". No option sets {escape('; '.join(missing))}: that needs the study and the code as they were" if missing else ""


def command(study_name: str, row: Row) -> str:
    """The one command that searches the row's cell again and trains its finals, or shows it where that was done."""
    trials = sum(row.trials.get(state, 0) for state in ENDS) // max(row.folds_done, 1)
    split = [row.pooled_split, "--all-folds"] if row.folds_done else [row.split]
    data = [] if row.synthetic else ["--data", "DIR"]
    words = ["bench", "run", "--study", row.study_file or study_name, "--corpus", row.corpus_label or row.corpus, *data,
             "--split", *split, "--cell", row.label, "--trials", str(max(trials, 1)), "--seeds", *row.seed_numbers]
    backend = "" if row.backend in ("", "tensorflow") else f"KERAS_BACKEND={row.backend} "
    return " ".join(part for part in (backend + shlex.join(words), row.settings, row.settings_of_label, row.allow_missing) if part)


def statistics_sentences(board: Leaderboard) -> str:
    """How the intervals and ranks were computed, as sentences."""
    if not board.predictions:
        return ""
    speakers, rows = board.predictions[0].counts.shape[1], len(board.predictions)
    if not board.predictions[0].test[0].knows_speakers:
        return "No ranks and no intervals: who speaks is not known, and clips of one speaker are not independent of each other."
    if speakers < LEAST_SPEAKERS:
        return f"No ranks and no intervals: {speakers} speakers in the test part are too few ({LEAST_SPEAKERS} needed)."
    over = "" if board.one_seed_each else " and over trainings" + (", whose variance is pooled over the rows" if rows > 1 else "")
    intervals = f"[…] are 95 % intervals over the {speakers} speakers of the test part{'s of all folds' if board.folds else ''}{over}."
    luck = (" **One seed each**: what another training would give is not known, so intervals and ranks are about these very networks, not "
            "about their recipes." if board.one_seed_each else "")
    if rows == 1:
        return intervals + luck
    if not board.rankable:
        return f"{intervals}{luck} There are no ranks: the rows were tested on different clips."
    return (f"{intervals} A rank is 1 + the number of rows with a significantly better UAR (paired by speaker, Holm's correction over "
            f"{plural(math.comb(rows, 2), 'pair')}): rows that share rank 1 can't be told apart from the best.{luck}")


def references_markdown(references: Sequence[Reference], emotions: tuple[str, ...]) -> str:
    """The reference rows as a Markdown table with the recall of each emotion, and below it where the answers come from.

    More than `MOST_COLUMNS` emotions are the rows of a table of their own.
    """
    heads = ["reference", *(f"test {name}" for name in SCORES.values())]
    lines = [[row.name, *(with_interval(*row.figures[score]) for score in SCORES)] for row in references]
    recalls = [[f"{row.recall[emotion]:.3f}" if emotion in row.recall else "–" for emotion in emotions] for row in references]
    bases = "\n".join(f"- {row.name}: {escape(row.basis)}." for row in references)
    if len(emotions) > MOST_COLUMNS:
        by_emotion = [[escape(emotion), *of_rows] for emotion, of_rows in zip(emotions, zip(*recalls, strict=True), strict=True)]
        return "\n\n".join([table(heads, lines), bases, table(["recall of", *(row.name for row in references)], by_emotion)])
    heads += [f"recall {escape(emotion)}" for emotion in emotions]
    return table(heads, [line + recall for line, recall in zip(lines, recalls, strict=True)]) + "\n\n" + bases


def calibration_sentence(seeds: Sequence[Predictions]) -> str:
    """How far the probabilities of some networks can be believed, as a sentence."""
    error = mean_sd(calibration_errors(seeds))
    confidence = np.mean([seed.probabilities.max(axis=1).mean() for seed in seeds])
    accuracy = np.mean([(seed.predicted == seed.truth).mean() for seed in seeds])
    spread = plus_minus(error) + ("" if math.isnan(error[1]) else f" over {len(seeds)} seeds")
    sure = "too sure" if confidence > accuracy else "not sure enough"
    return (f"Expected calibration error over {BINS} bins: {spread}; mean confidence {confidence:.3f}, WA {accuracy:.3f}: on the "
            f"whole it is {sure}.")
