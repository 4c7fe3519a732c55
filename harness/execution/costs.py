"""What each row costs, measured at the end of a run, when no trial waits for a core; what is missing, the next start measures."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from filelock import FileLock

from harness.execution.run_context import RunContext
from harness.safe_text import first_line
from harness.search.optuna_study import Search
from harness.study.trial import Trial
from harness.training import cost
from registry.core import canonical, specification


class Costs:
    """Measures the costs of a run's rows, once nothing trains any more."""

    def __init__(self, run: RunContext) -> None:
        self.run = run
        self._probe: cost.Probe | None = None

    def prepare(self) -> None:
        """Start the process that will measure, once all trainings have begun: it loads its libraries while the last of them run."""
        trials = [cell.base for cell in self.run.prepared.cells if cost.can_be_measured(cell.base)]
        if self.run.study.measure_cost and not self._probe and trials:
            with suppress(Exception):  # `measure` tells what is wrong
                self._probe = cost.Probe(trials[0], self.run.prepared.corpus)

    def measure(self, searches: Sequence[Search]) -> None:
        """Measure the cost of each row that has none, and add it to the MLflow run of its first final, one network after the other.

        Rows of the same features and network, such as those of two protocols, share a measurement.
        One start does so at a time. What can't be measured is told, and the final stands.
        """
        run = self.run
        if not run.study.measure_cost:
            return
        with FileLock(run.prepared.workspace.home / ".bench" / "costs.lock"):
            missing = _missing(run, searches)
            if not missing:
                return
            run.console.say(f"measuring what {len(missing)} row{'s'[: len(missing) != 1]} cost …")
            networks: dict[str, list[tuple[str, str, Trial]]] = {}
            for row in missing:
                networks.setdefault(_network(row[2]), []).append(row)
            try:
                self._measure(list(networks.values()))
            except Exception as error:  # of a corpus whose clips are away, or of a store
                run.console.say(f"  cost not measured: {first_line(error)}; the same command tries again")

    def _measure(self, networks: list[list[tuple[str, str, Trial]]]) -> None:
        """Measure each network, and note it with all its rows."""
        self._probe = self._probe or cost.Probe(networks[0][0][2], self.run.prepared.corpus)
        found = self._probe.measure([rows[0][2] for rows in networks])
        for rows, (figures, reason) in zip(networks, found, strict=True):
            for label, run_id, _ in rows:
                if figures:
                    self.run.tracker.log_metrics(run_id, figures)
                if reason:
                    self.run.console.say(f"  {label}: cost not {'wholly ' if figures else ''}measured: {reason}")

    def close(self) -> None:
        """End the process."""
        if self._probe:
            self._probe.close()


def _network(trial: Trial) -> str:
    """What a trial's cost depends on, as text; dropout does nothing in a prediction."""
    of_fitting = getattr(trial.architecture, "of_fitting", ())
    architecture = {name: value for name, value in specification(trial.architecture).items()
                    if "dropout" not in name and name not in of_fitting}
    return canonical([specification(trial.feature_space), architecture, trial.training.precision, trial.backend])


def _missing(run: RunContext, searches: Sequence[Search]) -> list[tuple[str, str, Trial]]:
    """Of each row without a cost its label, the id of the MLflow run of its first final, and that final's trial."""
    seeds = {record.about.signature: record for record in run.tracker.records("seed") if record.state == "finished"}
    rows: dict[str, list[tuple[str, str, Trial]]] = {}
    measured = set()
    for search in searches:
        pool, best = run.pool(search.cell), search.best() if run.study.trials else search.cell.base
        row = pool.key if pool else search.cell.key
        for trial in [best.of_final(seed) for seed in run.study.seeds] if best else []:
            if cost.can_be_measured(trial) and (record := seeds.get(trial.signature)):
                rows.setdefault(row, []).append((f"{search.cell.label} on {run.protocol(search.cell)}", record.run_id, trial))
                measured |= {row} if cost.COST + cost.LATENCY in record.metrics else set()
    return [finals[0] for row, finals in rows.items() if row not in measured]
