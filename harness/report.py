"""Writes a study's Markdown report, its pictures and the index: same runs, same bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from filelock import FileLock

from harness import blocks_report, cost_report
from harness.board_report import Draw, leaderboard
from harness.boards import Board, read_boards
from harness.glance import index_lines
from harness.harmless import file_name, masked
from harness.leaderboard import Row
from harness.markdown import escape
from harness.mlflow_store import Record, studies
from harness.pictures import Pictures
from harness.tables import ENDS, count
from registry.errors import BenchError

PUBLISHED, LEAKAGE_PAGE, TRANSFER_PAGE = "published-systems.md", "leakage.md", "transfer.md"  # beside the reports of studies
INDEX = "README.md"
NOISE = "_noise"  # after a study's name: its page on noise
OTHER_PAGES = {PUBLISHED: "What published systems claim, beside what came out here",
               LEAKAGE_PAGE: "What random splits and other leaks are worth",
               TRANSFER_PAGE: "What networks trained on one corpus make of the others"}
MARKS = """Marks: **shared speakers**: speakers of the test part are also in training, so figures say little about new voices;
**partial**: clips of the corpus were missing, how many is told beside its name; **synthetic**: no human speech, figures only show that
the machinery works; **one seed**: what another training would give is not known; **chosen**: the row of highest validation UAR, the one
to take. ± is the standard deviation over seeds, […] a 95 % interval and [–] that there is none. Validation UAR chose trial, epoch and row;
test figures chose nothing, they sort the tables."""


def write_report(home: Path, study_name: str, data: Path | None = None) -> tuple[Path, list[Board]]:
    """Write `reports/<study>.md` and its pictures below `home`; returns the report's path and its leaderboards.

    Args: data: where the corpora are, to tell what runs of earlier code did not note of each clip.
    Raises: BenchError when the store holds no runs of the study.
    """
    if study_name not in studies(home):
        known = ", ".join(studies(home)) or "none yet"
        raise BenchError(f"there are no runs of a study {study_name!r} to report on; studies with runs: {known}")
    records, found = read_boards(home, study_name, data)
    path = home / "reports" / f"{file_name(study_name)}.md"
    (home / ".bench").mkdir(parents=True, exist_ok=True)
    with FileLock(home / ".bench" / "reports.lock"):  # two starts of a study may end at the same time
        pictures = Pictures(home / "reports" / file_name(study_name))
        text = render(study_name, records, found, pictures.of, pictures.critical_difference, pictures.pareto)
        noisy = _noise_page(home, study_name)
        write_beside(path, text + (f"\nHow recall falls with noise: [{noisy.name}]({noisy.name}).\n" if noisy.exists() else ""))
    return path, found


def _noise_page(home: Path, study_name: str) -> Path:
    return home / "reports" / f"{file_name(study_name)}{NOISE}.md"


def write_index(home: Path, known: Mapping[str, Sequence[Board]]) -> None:
    """Write the page that lists the leaderboards of every study; those that are `known` are not read again."""
    read = {name: known[name] if name in known else read_boards(home, name)[1] for name in studies(home)}
    noisy = {path.name: f"How recall falls with noise in {name}" for name in read if (path := _noise_page(home, name)).exists()}
    others = {page: words for page, words in OTHER_PAGES.items() if (home / "reports" / page).exists()}
    own = {INDEX, *OTHER_PAGES, *(f"{file_name(name)}{end}.md" for name in read for end in ("", NOISE))}
    gone = sorted(page.name for page in (home / "reports").glob("*.md") if page.name not in own)
    write_beside(home / "reports" / INDEX, index(read, {**others, **noisy}, gone))


def render(study_name: str, records: list[Record], boards: Sequence[Board], draw: Draw, diagram: blocks_report.Draw,
           front: cost_report.Draw | None = None) -> str:
    """The whole report as Markdown.

    Args:
        draw: gives the paths of a row's pictures by what they show. diagram: gives the path of a critical-difference diagram.
        front: of the picture of UAR against latency; None: there is none.
    """
    made = [row for board in boards for row in board.rows]
    about = next((r.tags for r in reversed(records) if r.kind == "study"), {})
    parts = [f"# {escape(study_name)}", escape(about.get("bench.question", "")), _totals(made), MARKS]
    for board in boards:
        parts += leaderboard(about.get("bench.asked", study_name), board, draw, front)
    parts += blocks_report.render(made, diagram)
    declined = sorted({line for r in records for line in r.tags.get("bench.declined", "").splitlines()})
    if declined:
        parts += ["## Declined", "What can't work, and why; none of it was trained.", "\n".join(f"- {escape(line)}" for line in declined)]
    parts += _failures(records)
    return "\n\n".join(part for part in parts if part) + "\n"


def _totals(made: list[Row]) -> str:
    counts = {state: sum(r.trials.get(state, 0) for r in made) for state in (*ENDS, "killed", "running")}
    words = ", ".join(f"{n} {ENDS.get(state, state)}" for state, n in counts.items() if n or state in ENDS)
    openings = sum(r.test_openings for r in made)
    return (f"Trials: {sum(counts.values())} attempted, {words}. The sealed test parts were opened {count(openings, 'time')}, "
            "once for each seed of each final.")


def _failures(records: list[Record]) -> list[str]:
    failed = [r for r in records if r.kind in ("trial", "seed") and r.state == "failed"]
    if not failed:
        return []
    lines = [f"- {escape(r.name)} ({escape(r.tags.get('bench.split', ''))}): {escape(r.tags.get('bench.reason', 'no reason recorded'))}"
             for r in failed]
    return ["## Failed", "\n".join(lines)]


def index(read: Mapping[str, Sequence[Board]], others: Mapping[str, str], gone: Sequence[str] = ()) -> str:
    """Every leaderboard with the row that validation chose and the rows that are best, and the other pages, as Markdown.

    Args: others: page -> what it tells. gone: pages of studies whose runs are in no store that was read.
    """
    parts = ["# Reports", "Generated by `bench report`; edit nothing here by hand.", MARKS]
    parts += [f"{words}: [{page}]({quote(page)})." for page, words in others.items()]
    if gone:
        parts.append(f"Of runs that lie in another store: {', '.join(f'[{escape(page)}]({quote(page)})' for page in gone)}.")
    heads = ["study", "corpus", "protocol", "chosen by validation UAR", "its test UAR", "rank", "rows of rank 1, not told apart", "rows",
             "seeds", "marks"]
    lines = [heads, [*["---"] * 4, "--:", "--:", "---", "--:", "--:", "---"]]
    lines += [index_lines(name, board) for name, boards in read.items() for board in boards if board.finished]
    return "\n\n".join([*parts, "\n".join(f"| {' | '.join(cells)} |" for cells in lines)]) + "\n"


def write_beside(path: Path, text: str) -> None:
    """Write a text file, without secrets, so that it is never seen half-written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(f"{path.suffix}.tmp")
    beside.write_text(masked(text), encoding="utf-8", newline="\n")
    beside.replace(path)
