"""Writes a study's Markdown report, its pictures and the index: same runs, same bytes."""

from __future__ import annotations

import itertools
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

from filelock import FileLock

from harness import blocks_report, groups, references
from harness.evidence import Evidence, evidence
from harness.leaderboard import Row, rows
from harness.markdown import escape
from harness.metrics import most_confused
from harness.pictures import Pictures
from harness.standing import Standing, standings, told
from harness.tables import ENDS, costs, count, marks, plus_minus, table, trials_in_words
from harness.tracking import Record, Tracker, studies
from registry.errors import BenchError

PUBLISHED, LEAKAGE = "published-systems.md", "leakage.md"  # beside the reports of studies
OTHER_PAGES = {PUBLISHED: "What published systems claim, beside what came out here",
               LEAKAGE: "What random splits and other leaks are worth"}
DETAILED = 2  # best cells of each leaderboard that get pictures
MARKS = """Marks: **shared speakers**: speakers of the test part are also in training, so figures say little about new voices;
**partial**: clips of the corpus were missing; **synthetic**: no human speech, figures only show that the machinery works.
± is the standard deviation over seeds. Validation UAR chose the trial and the epoch; test figures chose nothing."""

Draw = Callable[[Evidence], dict[str, str]]


def write_report(home: Path, study_name: str) -> tuple[Path, list[Row]]:
    """Write `reports/<study>.md` and its pictures below `home`; returns the report's path and its rows.

    Raises: BenchError when the store holds no runs of the study.
    """
    if study_name not in studies(home):
        known = ", ".join(studies(home)) or "none yet"
        raise BenchError(f"there are no runs of a study {study_name!r} to report on; studies with runs: {known}")
    tracker = Tracker(home, study_name)
    records = tracker.records()
    made = rows(records)
    seen = {row.cell: found for row in made if row.seeds and (found := evidence(row, tracker))}
    path = home / "reports" / f"{study_name}.md"
    (home / ".bench").mkdir(parents=True, exist_ok=True)
    with FileLock(home / ".bench" / "reports.lock"):  # two starts of a study may end at the same time
        pictures = Pictures(home / "reports" / study_name)
        write_beside(path, render(study_name, records, made, seen, pictures.of, pictures.critical_difference))
    return path, made


def write_index(home: Path, known: dict[str, list[Row]]) -> None:
    """Write the page that lists every study with its best row in each protocol; rows that are `known` are not read again."""
    read = {name: known[name] if name in known else rows(Tracker(home, name).records()) for name in studies(home)}
    write_beside(home / "reports" / "README.md", index(read, [page for page in OTHER_PAGES if (home / "reports" / page).exists()]))


def render(study_name: str, records: list[Record], made: list[Row], known: dict[str, Evidence], draw: Draw,
           diagram: blocks_report.Draw) -> str:
    """The whole report as Markdown.

    Args:
        known: cell -> what its finals said, of the rows whose files are there. draw: gives the paths of a row's pictures by what
            they show. diagram: gives the path of a critical-difference diagram.
    """
    about = next((r.tags for r in reversed(records) if r.kind == "study"), {})
    parts = [f"# {study_name}", about.get("bench.question", ""), _totals(made), MARKS]
    for _, group in itertools.groupby(made, key=_table_of):
        parts += _leaderboard(about.get("bench.asked", study_name), list(group), known, draw)
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


def _leaderboard(study_name: str, group: list[Row], known: dict[str, Evidence], draw: Draw) -> list[str]:
    first = group[0]
    finished = [row for row in group if row.seeds]
    shown = [known[row.cell] for row in finished if row.cell in known]
    found = standings(shown)
    parts = [f"## {first.split} on {first.corpus}, {first.coverage}", _about(first)]
    parts.append(table(finished, found, references.references(shown[0].test[0]) if shown else []) if finished else "No finals yet.")
    parts.append(told(shown))
    waiting = [row for row in group if not row.seeds]
    if waiting:
        parts.append("Without finals: " + "; ".join(f"{escape(row.label)} ({trials_in_words(row)})" for row in waiting) + ".")
    parts += _alarms(finished, found)
    for each in shown[:DETAILED]:
        parts += _details(each, draw)
    if finished:
        parts += [folded("Search, cost and leak audit of each row", costs(finished)), *_references(shown), _reproduce(study_name, group)]
    return parts


def _about(row: Row) -> str:
    shared = " **Speakers are shared** between training and test in this protocol." if row.shares_speakers else ""
    return (f"Clips: {row.clips}. Speakers: {row.speakers}. Split fingerprint `{row.split_fingerprint or 'none'}`, "
            f"corpus fingerprint `{row.corpus_fingerprint}`.{shared}")


def folded(summary: str, text: str) -> str:
    """Text that a reader opens by a click."""
    return f"<details><summary>{summary}</summary>\n\n{text}\n\n</details>"


def _table_of(row: Row) -> tuple[str, str, str]:
    """What rows of one leaderboard share: other clips or another protocol make another table."""
    return row.corpus, row.corpus_fingerprint, row.split


def _alarms(group: Sequence[Row], found: dict[str, Standing]) -> list[str]:
    lines = [f"- {escape(row.label)}: {' '.join(found[row.cell].alarms.values())}" for row in group
             if row.cell in found and found[row.cell].alarms]
    return [folded(f"⚠ Alarms of {count(len(lines), 'row')}", "\n".join(lines))] if lines else []


def _references(shown: Sequence[Evidence]) -> list[str]:
    if not shown:
        return []
    test = shown[0].test[0]
    missing = references.why_no_listeners(test)
    text = "\n\n".join(part for part in (references.render(references.references(test), test.emotions), missing) if part)
    return [folded("Reference rows by emotion", text)]


def _details(each: Evidence, draw: Draw) -> list[str]:
    row, emotions = each.row, each.test[0].emotions
    chosen = ", ".join(f"{key} = {_rounded(value)}" for key, value in sorted(row.chosen.items()) if "." in key)
    pairs = ", ".join(f"{a} taken for {b} {n} times ({share:.0%} of {a})" for a, b, n, share in most_confused(each.confusion, emotions))
    pictures = draw(each)
    failing = groups.render(each.test)
    return [f"### {escape(row.label)} on {row.split}", f"Chosen by validation UAR: {escape(chosen)}." if chosen else "",
            f"Most confused over {count(row.seeds, 'seed')}: {pairs}.", *(f"![{what}]({path})" for what, path in pictures.items()),
            folded("Where it fails", failing) if failing else ""]


def _rounded(value: str) -> str:
    try:
        return f"{float(value):.3g}"
    except ValueError:
        return value


def _reproduce(study_name: str, group: list[Row]) -> str:
    lines = [f"- {escape(row.label)}: `{command(study_name, row)}` (commit {row.commit}, {row.hardware})" for row in group if row.seeds]
    return "<details><summary>How to reproduce each row</summary>\n\n" + "\n".join(lines) + "\n\n</details>"


def command(study_name: str, row: Row) -> str:
    """The one command that searches the row's cell again and trains its finals."""
    trials = sum(row.trials.get(state, 0) for state in ENDS)
    data = [] if row.synthetic else ["--data", "DIR"]
    words = ["bench", "run", "--study", study_name, "--corpus", row.corpus_label or row.corpus, *data, "--split", row.split,
             "--cell", row.label, "--trials", str(trials), "--seeds", *row.seed_numbers]
    backend = "" if row.backend in ("", "tensorflow") else f"KERAS_BACKEND={row.backend} "
    return " ".join(part for part in (backend + shlex.join(words), row.settings, row.allow_missing) if part)


def _failures(records: list[Record]) -> list[str]:
    failed = [r for r in records if r.kind in ("trial", "seed") and r.state == "failed"]
    if not failed:
        return []
    lines = [f"- {escape(r.name)} ({r.tags.get('bench.split', '')}): {escape(r.tags.get('bench.reason', 'no reason recorded'))}"
             for r in failed]
    return ["## Failed", "\n".join(lines)]


def index(read: dict[str, list[Row]], others: Sequence[str] = ()) -> str:
    """Every study with its best row in each protocol, and the other pages that are there, as Markdown."""
    parts = ["# Reports", "Generated by `bench report`; edit nothing here by hand.", MARKS]
    parts += [f"{OTHER_PAGES[page]}: [{page}]({page})." for page in others]
    lines = ["| study | corpus | protocol | best cell by test UAR | test WA | test UAR | seeds | marks |",
             "|---|---|---|---|--:|--:|--:|---|"]
    for name, made in read.items():
        for _, group in itertools.groupby((row for row in made if row.seeds), key=_table_of):
            row = next(group)
            lines.append(f"| [{name}]({name}.md) | {row.corpus} | {row.split} | {escape(row.label)} | {plus_minus(row.test['wa'])} | "
                         f"{plus_minus(row.test['uar'])} | {row.seeds} | {marks(row)} |")
    return "\n\n".join([*parts, "\n".join(lines)]) + "\n"


def write_beside(path: Path, text: str) -> None:
    """Write a text file so that it is never seen half-written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(f"{path.suffix}.tmp")
    beside.write_text(text, encoding="utf-8", newline="\n")
    beside.replace(path)
