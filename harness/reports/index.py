"""The page of all studies: their rows together, ranked where the test clips are the same, and where each study's report lies."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

from harness.data.corpora import Folder, Workspace
from harness.evaluation.joint_leaderboards import JointTable, joint_tables
from harness.evaluation.joint_voices import joint_voices
from harness.evaluation.leaderboard import Leaderboard, read_leaderboards
from harness.evaluation.news import News, Since, news
from harness.evaluation.references import RESOLVED
from harness.evaluation.report_data import board_data
from harness.evaluation.study_data import study_store
from harness.evaluation.study_records import RECORD, StudyRecord, read_record
from harness.reports.html.index_html import index_html
from harness.reports.joint_section import Claims, Draw, joint_markdown, large_and_small, link_or_name, title
from harness.reports.joint_voices_section import joint_voices_markdown
from harness.reports.leaderboard_section import losses
from harness.reports.markdown import escape
from harness.reports.news_section import news_markdown
from harness.reports.pages import (
    INDEX,
    NOISE,
    OTHER_PAGES,
    html_page,
    link_to,
    new_pictures,
    noise_page,
    refuse_less,
    staying,
    study_page,
    write_beside,
)
from harness.reports.size_figure import size_figure
from harness.reports.study_report import write_report
from harness.study.claims import claimed_recipes
from harness.tracking.run_record import RunTags
from harness.tracking.store import Store
from harness.training.figures import save
from registry.errors import BenchError

logger = logging.getLogger(__name__)
LINES = ("chance", RESOLVED)  # reference rows in the pictures
LEGEND = """**How to read this.**
A rank is 1 + the number of rows of its table with a significantly better UAR, paired by speaker, with Holm's
correction over all pairs of the table; rows of rank 1 can't be told apart. […] is the 95 % interval of the study's own report, over
speakers and trainings; [–] says that there is none. Ranks are those of the table here, which has more rows than any report; a network of
one seed has none beside networks of several, for another training may change its figure by more than the figure says. *ms* is
the median latency of one clip, where it was measured, on the machine that ran the row, as are seconds of training: compare them within one
study. A network that several studies trained with the same answers stands once.
Validation UAR chose trials, epochs and rows; test figures sort the tables. Marks: **shared speakers**: test speakers are also in
training; **speaker known**: clips of the test speakers are known without labels; **claimed WA**: what a published system reports of
this model, and what its WA is here; **partial**: clips of the corpus were missing; **synthetic**: no human speech; **one seed**: what
another training would give is not known; **cut**: so many clips are not heard
whole; ⚠: an alarm, which the study's report explains."""


def report(study: str, *, home: Folder = None, data: Folder = None) -> Path:
    """Write a study's report and the index again, from the runs in MLflow's store.

    Args: data: to add what earlier runs did not note of their clips.
    Returns: the path of the page, `reports/<study>.md` below the home.
    Raises: UsageError with the near names for a study without runs; BenchError where there are no runs at all.
    Example: `print(report("quickstart").read_text())`.
    """
    store = study_store(study, home)
    store.require_writable()
    page, boards = write_report(store, study, Workspace.located(home, data).data)
    write_index(store, {study: boards})
    return page


def write_index(store: Store, known: Mapping[str, Sequence[Leaderboard]], html: bool = False, since: Since | None = None) -> list[News]:
    """Write the page of all studies: those of the store, and those whose records lie beside it; those that are `known` are not read again.

    Args:
        html: write it as HTML, too; a file that is there is always written anew.
        since: the page has a part on what is new since then.
    Returns: what is new; empty without `since`.
    Raises: BenchError when files of any are lost, or can't be read, whose figures the reports have: the page stays as it is.
    """
    folder = store.home / "reports"
    with staying(folder / INDEX):
        boards = {name: known[name] if name in known else read_leaderboards(store, name)[1] for name in store.studies()}
        for name in boards:
            refuse_less(study_page(store, name), losses(boards[name]))
    pages = {name: study_page(store, name).name for name in boards}
    noise = {name: noise_page(store, name).name for name in boards}
    own = [StudyRecord.of(name, _data(store, name, of_study), of_study) for name, of_study in boards.items()]
    elsewhere, faults = _records_beside(folder, {Path(page).stem for page in pages.values()})
    pages |= {record.name: f"{stem}.md" for stem, record in elsewhere.items()
              if record.name not in pages and (folder / f"{stem}.md").exists()}
    others = {page: words for page, words in OTHER_PAGES.items() if (folder / page).exists()}
    noise |= {name: f"{Path(page).stem}{NOISE}.md" for name, page in pages.items() if name not in noise}
    others |= {page: f"How recall falls with noise in {name}" for name, page in noise.items() if (folder / page).exists()}
    listed = {INDEX, *OTHER_PAGES, *pages.values(), *noise.values()}
    gone = sorted(page.name for page in folder.glob("*.md") if page.name not in listed)
    records = [*own, *elsewhere.values()]
    with new_pictures(folder / INDEX) as pictures:
        tables = joint_tables(records)
        questions = {record.name: str(record.data["question"]) for record in records}
        found, claims = news(tables, since) if since else [], claimed_recipes(set(questions))
        voices = joint_voices(records)
        drawn = {each: _draw(each, folder / INDEX, pictures, 1 + tables.index(each)) for each in large_and_small(tables)[0]}
        if html or html_page(folder / INDEX).exists():
            as_html = {study: html_page(folder / page).name if html_page(folder / page).exists() else page for study, page in pages.items()}
            below = [*joint_voices_markdown(voices, as_html), *below_tables(questions, as_html, others, gone, faults)]
            write_beside(html_page(folder / INDEX), index_html(tables, as_html, below, drawn, pictures, claims,
                                                               news_markdown(found, since, tables, as_html) if since else ()))
        write_beside(folder / INDEX, index_markdown(tables, questions, pages, others, gone, faults, drawn.__getitem__, claims,
                                                    news_markdown(found, since, tables, pages) if since else (),
                                                    joint_voices_markdown(voices, pages)))
    return found


def _data(store: Store, name: str, boards: Sequence[Leaderboard]) -> dict[str, object]:
    """What the page needs of a study in the store."""
    about = next((run.about for run in reversed(store.experiment(name).records("study"))), RunTags())
    return {"question": about.question, "leaderboards": [board_data(board) for board in boards]}


def _records_beside(folder: Path, own: set[str]) -> tuple[dict[str, StudyRecord], list[str]]:
    """The records of studies whose runs lie in another store, by the name of their folder, and why some can't be read."""
    records, faults = {}, []
    for path in sorted(folder.glob(f"*/{RECORD}")):
        if path.parent.name in own:
            continue
        try:
            records[path.parent.name] = read_record(path.parent)
        except BenchError as error:
            logger.warning("%s", error)
            faults.append(f"{path.parent.name}/{RECORD}: {str(error).replace(f'{folder}/', '')}")
    return records, faults


def _draw(each: JointTable, page: Path, pictures: Path, number: int) -> str:
    """Draw the picture of a table; its path from the page, empty where nothing can be drawn."""
    rows = [row for row in each.rows if row.data["parameters"] > 0]
    if len(rows) < 2:
        return ""
    lines = {reference["name"]: reference["uar"]["value"] for reference in each.board["references"] if reference["name"] in LINES}
    save(size_figure(rows, each.names(), lines, title(each, [each])), pictures / f"{number}.png")
    return link_to(page, f"{number}.png")


def index_markdown(tables: Sequence[JointTable], questions: Mapping[str, str], pages: Mapping[str, str], others: Mapping[str, str],
                   gone: Sequence[str] = (), faults: Sequence[str] = (), draw: Draw | None = None,
                   claims: Claims = MappingProxyType({}), new: Sequence[str] = (), voices: Sequence[str] = ()) -> str:
    """The whole page as Markdown.

    Args:
        questions: study -> what it asks. pages: study -> file of its report. others: file -> what it is about.
        gone: pages of studies that have neither runs here nor a record. faults: why records can't be read.
        draw: gives the path of a table's picture, or nothing. claims: (study, recipe) -> what a published system claims of it.
        new, voices: the parts on what is new, and on what heard voices are worth.
    """
    links = [link_or_name(study, pages) for study in sorted(questions)] + [f"[{escape(page)}]({quote(page)})" for page in others]
    parts = ["# Reports", " · ".join(links), *new, *joint_markdown(tables, pages, draw, claims), *voices,
             *below_tables(questions, pages, others, gone, faults),
             "Generated by `bench report`; edit nothing here by hand."]
    return "\n\n".join(part for part in parts if part) + "\n"


def below_tables(questions: Mapping[str, str], pages: Mapping[str, str], others: Mapping[str, str], gone: Sequence[str],
                 faults: Sequence[str]) -> list[str]:
    """The list of the reports, and how to read the tables."""
    lines = [f"- {link_or_name(study, pages)}{f': {escape(text)}' if text else ''}" for study, text in sorted(questions.items())]
    lines += [f"- [{escape(page)}]({quote(page)}): {escape(words)}" for page, words in others.items()]
    if gone:
        lines.append("- Of runs that lie in another store, without a record, so that their rows stand in no table: "
                     + ", ".join(f"[{escape(page)}]({quote(page)})" for page in gone))
    lines += [f"- ⚠ not read: {escape(fault)}" for fault in faults]
    return ["## The reports", "\n".join(lines), LEGEND]
