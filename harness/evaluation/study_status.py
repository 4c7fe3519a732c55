"""How far a study is: what is done, what runs and where, what is left, what failed, what waits, and the command that continues."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.evaluation.row_names import read_rows
from harness.evaluation.rows import Row
from harness.search.claims import at_work
from harness.study.files import shipped
from harness.tracking import process_identity
from harness.tracking.outbox import Outbox
from harness.tracking.run_record import RunRecord, RunTags
from harness.tracking.store import Store

ENDS = ("finished", "pruned", "failed")  # of a trial that counts; one that was killed is run again


@dataclass(frozen=True)
class CellStatus:
    """How far one cell is.

    Args:
        trials: end state or `running` -> how many. seeds: of the finals, trained; the row has figures once all are.
        trials_left, seeds_left: None where no call noted its plan.
    """

    row: Row
    trials: Mapping[str, int]
    seeds: int
    trials_left: int | None
    seeds_left: int | None

    @property
    def lacks_figures(self) -> bool:
        """Whether all is trained, and the process ended before it put the seeds together."""
        return (self.trials_left, self.seeds_left) == (0, 0) and not self.row.seeds


@dataclass(frozen=True)
class StudyStatus:
    """How far a study is.

    Args:
        owners: `process 12 on HOST` -> how many trials and seeds it runs. dead: open ones of processes that are gone.
        waiting: results in the outbox that MLflow does not have. failures: name and reason of each failed trial or seed.
        command: the latest call, to be typed again. obstacle: what stands in its way, as a sentence.
        not_begun: keys of cells that a call planned and that have no runs yet. deleted: runs that were deleted in MLflow.
    """

    name: str
    cells: tuple[CellStatus, ...]
    owners: Mapping[str, int]
    dead: int
    waiting: int
    failures: Sequence[str] = ()
    command: str = ""
    obstacle: str = ""
    not_begun: Sequence[str] = ()
    deleted: int = 0

    @property
    def left(self) -> tuple[int, int] | None:
        """Trials and seeds that are still to be run; None where no call noted its plan."""
        trials, seeds = ([getattr(cell, part) for cell in self.cells] for part in ("trials_left", "seeds_left"))
        known = [(a, b) for a, b in zip(trials, seeds, strict=True) if a is not None and b is not None]
        return (sum(a for a, _ in known), sum(b for _, b in known)) if known else None


def study_status(store: Store, study: str) -> StudyStatus:
    """The status of a study that has runs in the store, which may be running just now; nothing is written."""
    tracker = store.experiment(study)
    records = tracker.records()
    calls = [record for record in records if record.kind == "study"]
    latest = max(calls, key=lambda record: record.started_at, default=None)
    about = latest.about if latest else RunTags()
    alive, slots = at_work(store.home)
    running = [record for record in records if record.state == "running" and record.kind in ("trial", "seed")]
    owners = Counter(owner for record in running if (owner := _owner(record, alive)))
    if latest and latest.state == "running" and not owners and (owner := _owner(latest, alive)):
        owners[owner] = 0  # it prepares, or waits for other starts
    box = Outbox(store.home)
    waiting = sum(entry is not None and entry.study == study for entry in map(box.get, box.waiting()))
    cells = tuple(_cell(row, [record for record in records if record.about.cell == row.cell], calls, slots) for row in
                  read_rows(tracker, records))
    failures = [f"{record.name} ({record.about.label} on {record.about.split}): {record.about.reason or 'no reason recorded'}"
                for record in records if record.state == "failed" and record.kind in ("trial", "seed")]
    known = {cell.row.cell for cell in cells}
    planned = [key for call in calls for key in call.about.planned.get("cells", ())]
    command = _with_home(about.command or _simplest_command(about, study), store.home)
    return StudyStatus(study, cells, owners, len(running) - sum(owners.values()), waiting, failures, command,
                       _obstacle(about.study_file or study), [key for key in planned if key not in known], len(tracker.deleted()))


def _cell(row: Row, runs: Sequence[RunRecord], calls: Sequence[RunRecord], slots: Mapping[str, int]) -> CellStatus:
    trials = Counter(run.state for run in runs if run.kind == "trial")
    seeds = [run for run in runs if run.kind == "seed" and run.state == "finished"]
    done = set(row.seed_numbers) if row.seeds else {run.seed for run in seeds if not run.about.as_written}
    plans = [call.about.planned for call in calls if call.about.planned
             and row.cell in (call.about.planned["cells"] or [row.cell]) and call.about.corpus_fingerprint == row.corpus_fingerprint]
    if not plans:
        return CellStatus(row, trials, len(done), None, None)
    ended = max(sum(trials[state] for state in ENDS), slots.get(row.cell, 0))
    trials_left = max(0, plans[-1]["trials"] - ended)
    wanted = {str(seed) for seed in plans[-1]["seeds"]}
    best_is_written = any(run.kind == "final" and run.about.as_written for run in runs)
    written = {run.seed for run in seeds if run.about.as_written}
    others = wanted - written if plans[-1].get("as_written") and not best_is_written else set()
    return CellStatus(row, trials, len(done), trials_left, len(wanted - done) + len(others))


def _owner(record: RunRecord, alive: Mapping[str, str]) -> str:
    """Who runs an open run; empty when its process is gone."""
    about = record.about
    if about.coordinator:
        return alive.get(about.coordinator, "")
    return f"process {about.pid} on {about.host}" if process_identity.may_be_alive(about.process) else ""


def _simplest_command(about: RunTags, study: str) -> str:
    """What continues a study whose call an earlier version did not note; its further options are not known."""
    corpus = next(iter(shlex.split(about.corpus)), "")
    words = ["bench", "run", "--study", about.study_file or study, *(["--corpus", corpus] if corpus else [])]
    return shlex.join(words) + ("" if about.synthetic else " --data DIR")


def _with_home(command: str, home: Path) -> str:
    """A call with the home where the runs are now."""
    return f"{command} --home {shlex.quote(str(home))}" if command and home.resolve() != Path.cwd() else command


def _obstacle(source: str) -> str:
    """Why the command can't continue; empty where the study is there."""
    if source.endswith(".py"):
        return "" if Path(source).is_file() else (f"the study file {source} is not there (relative to {Path.cwd()}): put it back, or go to "
                                                 "the folder that has it")
    return "" if source in shipped() else f"no study is called {source!r} here: it was run from Python, or its file is gone"
