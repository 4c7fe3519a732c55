"""Writes a study's Markdown report and its pictures: same runs, same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from filelock import FileLock

from harness.evaluation.answer import Answer, answers
from harness.evaluation.leaderboard import Leaderboard, read_leaderboards
from harness.evaluation.rows import Row
from harness.evaluation.search_worth import SearchWorth, read_worth
from harness.evaluation.study_records import record_of
from harness.reports.answer_section import answer_markdown
from harness.reports.html.study_html import study_html
from harness.reports.leaderboard_section import losses
from harness.reports.leaderboard_tables import ENDS
from harness.reports.markdown import escape, plural
from harness.reports.mlflow_pages import show_in_mlflow
from harness.reports.page_parts import PageParts
from harness.reports.pages import html_page, new_pictures, noise_page, refuse_less, staying, study_page, write_beside
from harness.reports.pictures import Pictures
from harness.reports.sections import sections
from harness.reports.trust_section import trust_markdown
from harness.reports.voices_section import known_markdown
from harness.tracking.openings import Opening, all_openings, repeated
from harness.tracking.run_record import RunRecord, RunTags
from harness.tracking.store import Store

LONGEST = 90  # letters of a question that stands in the title, which is then two lines


def write_report(store: Store, study_name: str, data: Path | None = None, html: bool = False) -> tuple[Path, list[Leaderboard]]:
    """Write `reports/<study>.md`, its pictures and its record below `home`; returns the report's path and its leaderboards.

    Args:
        data: where the corpora are, for what runs of earlier code did not note of each clip.
        html: write `reports/<study>.html`, too; one that is there is always written anew, so that it never has other figures.
    Raises: BenchError when the store holds no runs of the study, or lacks files whose figures the report has: it stays as it is.
    """
    home = store.home
    if study_name not in store.studies():
        raise store.no_study(study_name)
    path, noise = study_page(store, study_name), noise_page(store, study_name)
    with staying(path):
        records, boards = read_leaderboards(store, study_name, data)
        refuse_less(path, losses(boards))
    (home / ".bench").mkdir(parents=True, exist_ok=True)
    with FileLock(home / ".bench" / "reports.lock"), new_pictures(path) as folder:  # two starts of a study may end at the same time
        pictures = Pictures(path, folder)
        tracker = store.experiment(study_name)
        worths = [read_worth(tracker, records, board) for board in boards]
        found = answers(boards)
        parts = page_parts(study_name, records, boards, pictures, tracker.openings(records), len(tracker.deleted("trial")), worths, found)
        record = record_of(study_name, records, boards, worths)
        record.write(folder)
        if html or html_page(path).exists():
            write_beside(html_page(path), study_html(parts, record.data, path, folder, data))
        more = f"\nHow recall falls with noise: [{noise.name}]({quote(noise.name)}).\n" if noise.exists() else ""
        write_beside(path, parts.markdown + more)
        show_in_mlflow(tracker, path.name, records, boards, store.pages_version, found)
    return path, boards


def study_markdown(study_name: str, records: list[RunRecord], boards: Sequence[Leaderboard], pictures: Pictures | None = None,
                   openings: Sequence[Opening] | None = None, deleted_trials: int = 0,
                   worths: Sequence[SearchWorth | None] = (), found: Sequence[Answer] | None = None) -> str:
    """The whole report as Markdown, from what `page_parts` takes."""
    return page_parts(study_name, records, boards, pictures, openings, deleted_trials, worths, found).markdown


def page_parts(study_name: str, records: list[RunRecord], boards: Sequence[Leaderboard], pictures: Pictures | None = None,
               openings: Sequence[Opening] | None = None, deleted_trials: int = 0, worths: Sequence[SearchWorth | None] = (),
               found: Sequence[Answer] | None = None) -> PageParts:
    """The parts of a report: the answer on the first screen, and all that is behind it in a steady order.

    Args:
        pictures: where they are drawn; None: there are none. openings: of the ledger; None: those of the records.
        deleted_trials: how many were deleted in MLflow. worths: what searching was worth on each leaderboard; empty where that was not
            looked at. found: the answer of each corpus; None: they are computed.
    """
    openings = all_openings({}, records) if openings is None else openings
    about = next((run.about for run in reversed(records) if run.kind == "study"), RunTags())
    found, running = answers(boards) if found is None else found, sum(run.kind == "trial" and run.state == "running" for run in records)
    written = any(run.kind == "seed" and run.about.as_written for run in records)
    totals = _totals([row for board in boards for row in board.rows], openings, deleted_trials, written)
    below = sections(about.study_file or study_name, found, records, pictures, worths or [None] * len(boards), about.baseline, totals)
    first = [part for answer in found for part in _of_corpus(answer, len(found) > 1, about.baseline, pictures, running)]
    trust = trust_markdown(found, openings, [(section.words, section.heading) for section in below], pictures.page if pictures else None)
    return PageParts(study_name, about.question, found, _title(study_name, about.question), first, trust, below)


def _title(study_name: str, question: str) -> list[str]:
    """The study and its question, which stands below where it is long."""
    if not question or len(question) > LONGEST:
        return [f"# {escape(study_name)}", f"**{escape(question)}**" if question else ""]
    return [f"# {escape(study_name)}: {escape(question)}"]


def _of_corpus(answer: Answer, named: bool, baseline: str, pictures: Pictures | None, running: int) -> list[str]:
    """The answer on one corpus. Args: named: whether it has a heading, as one of several."""
    heading = [f"## On {escape(answer.boards[0].corpus)}"] if named else []
    parts = answer_markdown(answer, baseline, pictures.answer if pictures else None, running)
    known = known_markdown(answer.known, pictures.known_voices if pictures else None) if answer.by_protocol else []
    return [*heading, *parts, *known]


def _totals(rows: list[Row], openings: Sequence[Opening], deleted_trials: int, written: bool) -> str:
    """Args: written: whether there are finals with the settings as written, too."""
    counts = {state: sum(row.trials.get(state, 0) for row in rows) for state in (*ENDS, "killed", "running")}
    words = ", ".join(f"{n} {ENDS.get(state, state)}" for state, n in counts.items() if n or state in ENDS)
    deleted = sum(not opening.in_store for opening in openings)
    again = repeated(openings)
    rest = (f"{deleted} of them in runs that are no longer in the store: they were deleted, and `bench restore` brings back what MLflow "
            "still has." if deleted else f"{again} of them for a seed that had been scored before." if again else
            "once for each seed of each final.")
    if deleted_trials:
        words += f"; {deleted_trials} more were deleted in MLflow, and `bench restore` brings them back"
    if not deleted and not again and written:
        rest = "once for each seed of each final, and of the settings as written where the best trial has others."
    return f"Trials: {sum(counts.values())} attempted, {words}. The sealed test parts were opened {plural(len(openings), 'time')}, {rest}"
