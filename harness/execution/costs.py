"""What each row costs, measured at the end of a run, when no trial waits for a core; what is missing, the next start measures."""

from __future__ import annotations

from collections.abc import Sequence

from filelock import FileLock

from harness.execution.run_context import RunContext
from harness.safe_text import first_line
from harness.search.optuna_study import Search
from harness.study.trial import Trial
from harness.training import cost
from registry.core import canonical, specification


def measure_costs(run: RunContext, searches: Sequence[Search]) -> None:
    """Measure the cost of each row that has none, and add it to the MLflow run of its first final, one network after the other.

    Rows of the same features and network, such as those of two protocols, share a measurement.
    One start does so at a time. What can't be measured is told, and the final stands.
    """
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
            found = cost.measure([rows[0][2] for rows in networks.values()], run.prepared.corpus)
            for rows, (figures, reason) in zip(networks.values(), found, strict=True):
                for label, run_id, _ in rows:
                    if figures:
                        run.tracker.log_metrics(run_id, figures)
                    if reason:
                        run.console.say(f"  {label}: cost not {'wholly ' if figures else ''}measured: {reason}")
        except Exception as error:  # of a corpus whose clips are away, or of a store
            run.console.say(f"  cost not measured: {first_line(error)}; the same command tries again")


def _network(trial: Trial) -> str:
    """What a trial's cost depends on, as text; dropout does nothing in a prediction."""
    architecture = {name: value for name, value in specification(trial.architecture).items() if "dropout" not in name}
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
