"""Writes a study's Markdown report, its pictures and the index: same runs, same bytes."""

from __future__ import annotations

import itertools
import math
import shlex
import shutil
import tempfile
from pathlib import Path

import numpy as np

from harness.figures import confusion_figure, save
from harness.leaderboard import Row, rows
from harness.metrics import most_confused
from harness.run_files import read_confusion
from harness.tracking import Record, Tracker, studies
from registry.errors import BenchError

ENDS = {"finished": "completed", "pruned": "pruned", "failed": "failed"}  # a trial's end states and their words
PUBLISHED = "published-systems.md"  # beside the reports of studies
DETAILED = 2  # best cells of each leaderboard that get pictures
MARKS = """Marks: **shared speakers**: speakers of the test part are also in training, so figures say little about new voices;
**partial**: clips of the corpus were missing; **synthetic**: no human speech, figures only show that the machinery works.
± is the standard deviation over seeds. Validation UAR chose the trial and the epoch; test figures chose nothing."""


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
    pictures = home / "reports" / study_name
    text = render(study_name, records, made, Pictures(tracker, pictures))
    path = home / "reports" / f"{study_name}.md"
    write_beside(path, text)
    return path, made


def write_index(home: Path, known: dict[str, list[Row]]) -> None:
    """Write the page that lists every study with its best row in each protocol; rows that are `known` are not read again."""
    read = {name: known[name] if name in known else rows(Tracker(home, name).records()) for name in studies(home)}
    write_beside(home / "reports" / "README.md", index(read, (home / "reports" / PUBLISHED).exists()))


def render(study_name: str, records: list[Record], made: list[Row], pictures: Pictures) -> str:
    """The whole report as Markdown."""
    about = next((r.tags for r in reversed(records) if r.kind == "study"), {})
    parts = [f"# {study_name}", about.get("bench.question", ""), _totals(made), MARKS]
    for _, group in itertools.groupby(made, key=_table_of):
        parts += _leaderboard(about.get("bench.asked", study_name), list(group), pictures)
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


def _leaderboard(study_name: str, group: list[Row], pictures: Pictures) -> list[str]:
    first = group[0]
    about = [f"Clips: {first.clips}. Speakers: {first.speakers}. "
             f"Split fingerprint `{first.split_fingerprint or 'none'}`, corpus fingerprint `{first.corpus_fingerprint}`."]
    if first.shares_speakers:
        about.append("**Speakers are shared** between training and test in this protocol.")
    heading = f"## {first.split} on {first.corpus}, {first.coverage}"
    finished = [row for row in group if row.seeds]
    parts = [heading, " ".join(about), table(finished) if finished else "No finals yet."]
    waiting = [row for row in group if not row.seeds]
    if waiting:
        parts.append("Without finals: " + "; ".join(f"{escape(row.label)} ({trials_in_words(row)})" for row in waiting) + ".")
    for row in finished[:DETAILED]:
        parts += _details(row, pictures)
    if finished:
        parts.append(_reproduce(study_name, group))
    return parts


def _table_of(row: Row) -> tuple[str, str, str]:
    """What rows of one leaderboard share: other clips or another protocol make another table."""
    return row.corpus, row.corpus_fingerprint, row.split


def table(group: list[Row]) -> str:
    """The leaderboard of one protocol."""
    heads = ["#", "feature space", "architecture", "test WA", "test UAR", "test macro-F1", "validation UAR", "seeds", "parameters",
             "training s", "trials: attempted/completed/pruned/failed", "test openings", "marks"]
    lines = [heads, ["--:", "---", "---", *["--:"] * 7, ":-:", "--:", "---"]]
    for place, row in enumerate(group, 1):
        scores = [plus_minus(row.test[score]) for score in ("wa", "uar", "macro_f1")]
        named = [f"**{escape(row.recipe)}**:"] if row.recipe else []
        augmented = [f"with {escape(row.augmentation)}"] if row.augmentation else []
        set_ = [f"`{escape(row.settings)}`"] if row.settings else []
        architecture = " ".join([*named, escape(row.architecture), *augmented, *set_])
        lines.append([str(place), escape(row.feature_space), architecture, *scores, plus_minus(row.validation_uar), str(row.seeds),
                      f"{row.parameters:,}", f"{row.fit_seconds:.0f}", trial_counts(row), str(row.test_openings), marks(row)])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def marks(row: Row) -> str:
    """What a reader must know before comparing the row with others."""
    found = [("shared speakers", row.shares_speakers), (row.coverage, not row.coverage.endswith("whole")),
             (f"on {row.backend}", row.backend not in ("", "tensorflow"))]
    return "; ".join(text for text, holds in found if holds)


def plus_minus(figure: tuple[float, float]) -> str:
    """`.512 ± .013`; without the deviation where there is one seed only."""
    mean, sd = figure
    return f"{mean:.3f}" + ("" if math.isnan(sd) else f" ± {sd:.3f}")


def count(number: int, what: str) -> str:
    """`1 seed`, `3 seeds`."""
    return f"{number} {what}" + ("" if number == 1 else "s")


def trial_counts(row: Row) -> str:
    """Attempted/completed/pruned/failed; what was killed counts as attempted."""
    return "/".join(str(n) for n in (sum(row.trials.values()), *(row.trials.get(state, 0) for state in ENDS)))


def trials_in_words(row: Row) -> str:
    """`2 finished, 1 failed`."""
    return ", ".join(f"{n} {state}" for state, n in row.trials.items()) or "no trials"


def _details(row: Row, pictures: Pictures) -> list[str]:
    parts = [f"### {escape(row.label)} on {row.split}"]
    chosen = ", ".join(f"{key} = {_rounded(value)}" for key, value in sorted(row.chosen.items()) if "." in key)
    parts.append(f"Chosen by validation UAR: {escape(chosen)}." if chosen else "")
    confusion = pictures.confusion(row)
    if confusion:
        emotions, counts, path = confusion
        pairs = ", ".join(f"{a} taken for {b} {n} times ({share:.0%} of {a})" for a, b, n, share in most_confused(counts, emotions))
        never = [e for i, e in enumerate(emotions) if not any(line[i] for line in counts)]
        parts.append(f"Most confused over {count(row.seeds, 'seed')}: {pairs}."
                     + (f" Never predicted: {', '.join(never)}." if never else ""))
        parts.append(f"![Confusion matrix]({path})")
    curves = pictures.curves(row)
    return [*parts, f"![Learning curves of the first seed]({curves})" if curves else ""]


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


def escape(text: str) -> str:
    """Text that comes from names and errors, made harmless inside Markdown tables and lists."""
    for character, replacement in (("&", "&amp;"), ("<", "&lt;"), ("|", "\\|"), ("`", "'"), ("\n", " ")):
        text = text.replace(character, replacement)
    return text


class Pictures:
    """Pictures of the best cells, drawn from the records' tables into the report's folder."""

    def __init__(self, tracker: Tracker, folder: Path) -> None:
        self.tracker, self.folder = tracker, folder
        shutil.rmtree(folder, ignore_errors=True)

    def confusion(self, row: Row) -> tuple[tuple[str, ...], list[list[int]], str] | None:
        """Emotions, counts summed over the seeds, and the picture's path from the report; None when the tables are gone."""
        tables = [self._read(run_id) for run_id in row.seed_runs]
        found = [t for t in tables if t]
        if not found:
            return None
        emotions, counts = found[0][0], np.sum([t[1] for t in found], axis=0).tolist()
        path = self.folder / f"{row.cell}_confusion.png"
        save(confusion_figure(counts, emotions, f"test, {count(len(found), 'seed')}: UAR {row.test['uar'][0]:.3f}"), path)
        return emotions, counts, f"{self.folder.name}/{path.name}"

    def _read(self, run_id: str) -> tuple[tuple[str, ...], list[list[int]]] | None:
        with tempfile.TemporaryDirectory() as folder:
            path = self.tracker.files(run_id, "test/confusion_matrix.csv", Path(folder))
            return read_confusion(path) if path else None

    def curves(self, row: Row) -> str | None:
        """The first seed's learning curves, copied beside the report."""
        with tempfile.TemporaryDirectory() as folder:
            path = self.tracker.files(row.seed_runs[0], "learning_curves.png", Path(folder))
            if path is None:
                return None
            self.folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, self.folder / f"{row.cell}_curves.png")
        return f"{self.folder.name}/{row.cell}_curves.png"


def index(read: dict[str, list[Row]], published: bool) -> str:
    """Every study with its best row in each protocol, and the comparison with published systems where there is one, as Markdown."""
    parts = ["# Reports", "Generated by `bench report`; edit nothing here by hand.", MARKS]
    parts += [f"What published systems claim, beside what came out here: [{PUBLISHED}]({PUBLISHED})."] if published else []
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
