"""One leaderboard of a report as Markdown: its table at a glance, what makes it doubtful, and below, folded, all that is behind it."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence

from harness.evaluation.intervals import LEAST_SPEAKERS, SCORES
from harness.evaluation.leaderboard import Leaderboard
from harness.evaluation.references import Reference, why_no_listeners
from harness.evaluation.rows import Row
from harness.reports.folds_section import by_fold, pooled_sentence
from harness.reports.highlights import choice
from harness.reports.leaderboard_tables import ENDS, common_to_rows, interval_table, leaderboard_table, search_table, trials_in_words
from harness.reports.markdown import brief_interval, code, escape, folded, plural, table, with_interval
from harness.study.trial import NUMBERS_VERSION
from harness.tracking.run_record import counts_in_words

MOST_COLUMNS = 16  # emotions beside each other


def leaderboard_markdown(board: Leaderboard, closed: bool = False) -> list[str]:
    """The parts of one leaderboard: its table, and what makes it doubtful. Args: closed: whether a reader opens it by a click."""
    first = board.rows[0]
    title = escape(f"{first.protocol} on {board.corpus}")
    if not board.finished:
        folds = folded("Fold by fold", by_fold(board)) if board.folds else ""
        return [f"### {title}", "No finals yet.", _clips(board), _waiting(board), folds]
    parts = [common_to_rows(board), leaderboard_table(board), choice(board), _clips(board), statistics_sentences(board),
             *(f"⚠ **{name}**: {sentence}" for name, sentence in board.alarms.items()), _waiting(board), _alarms(board),
             folded("Fold by fold", by_fold(board)) if board.folds else "",
             folded("WA and macro-F1 with intervals", interval_table(board)), _references(board)]
    if not closed:
        return [f"### {title}", *parts]
    assert board.chosen
    name, uar = escape(board.short(board.chosen)), brief_interval(board.chosen.test["uar"][0], *board.interval(board.chosen))
    return [folded(f"{title}: {name}, {uar}", "\n\n".join(part for part in parts if part))]


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


def pretrained_models(boards: Sequence[Leaderboard]) -> str:
    """What pretrained models have heard before, as a sentence each."""
    models = {name: facts for board in boards for row in board.rows for name, facts in row.pretrained.items()}
    return "\n".join(f"- **pretrained**: {escape(name)}, {escape('; '.join(f'{what}: {fact}' for what, fact in facts.items()))}."
                     for name, facts in models.items())


def _waiting(board: Leaderboard) -> str:
    rows = "; ".join(f"{escape(board.short(row))} ({f'{row.folds_in_words}; ' if board.folds else ''}{trials_in_words(row)})"
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


def reproduce_markdown(study_name: str, board: Leaderboard) -> str:
    """The command of each finished row, its trials and its audit, for a reader who opens them by a click; empty without finals."""
    if not board.finished:
        return ""
    lines = [f"- {escape(board.short(row))}: {code(command(study_name, row))} (commit {escape(row.commit)}, {escape(row.hardware)})"
             f"{_not_in_the_command(row)}" for row in board.finished]
    first = board.finished[0]
    fingerprints = (f"Split fingerprint {code(first.split_fingerprint or 'none')}, corpus fingerprint "
                    f"{code(first.corpus_fingerprint)}.")
    audits = ["", search_table(board), ""]
    return folded(escape(f"{first.protocol} on {board.corpus}"), "\n".join([*lines, *audits, fingerprints]))


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
        return (f"No ranks and no intervals: {plural(speakers, 'speaker')} in the test part {'is' if speakers == 1 else 'are'} too few "
                f"({LEAST_SPEAKERS} needed).")
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
