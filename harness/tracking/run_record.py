"""What a run is called in the store: a run as plain data, and the metrics, tags and datasets of a result."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from mlflow.entities import Run

from harness.tracking.environment import environment_tags
from harness.tracking.outbox import OutboxEntry
from harness.training.result import Result


@dataclass(frozen=True)
class RunRecord:
    """One MLflow run as plain data.

    Args:
        kind: `study`, `trial`, `final` (a cell, with the aggregates over its seeds) or `seed` (one sealed test).
        state: `running`, `finished`, `pruned`, `failed` or `killed`. artifacts: where its files lie.
    """

    run_id: str
    name: str
    kind: str
    state: str
    params: dict[str, str]
    metrics: dict[str, float]
    tags: dict[str, str]


def record_of(run: Run) -> RunRecord:
    """A run as plain data."""
    tags = dict(run.data.tags)
    state = "running" if run.info.status == "RUNNING" else tags.get("bench.state", run.info.status.lower())
    return RunRecord(run.info.run_id, run.info.run_name, tags.get("bench.kind", ""), state, dict(run.data.params),
                     dict(run.data.metrics), tags)


def entry_of(result: Result, *, tags: dict[str, str], metrics: dict[str, float] | None = None, **about: Any) -> OutboxEntry:
    """All of a result but its files, as the outbox keeps it; `tags`, `metrics` and the rest of an Entry's fields are added."""
    return OutboxEntry(state=result.state, tags={name: text for name, text in {**tags, **result_tags(result)}.items() if text},
                       metrics={**flat_metrics(result), **(metrics or {})}, inputs=datasets(result), ended_ms=int(time.time() * 1000),
                       **about)


def flat_metrics(result: Result) -> dict[str, float]:
    """The figures of the kept epoch under names of their own, beside the curves; how many epochs, and their best validation WA."""
    metrics = {f"seconds/{phase}": seconds for phase, seconds in result.seconds.items()}
    if result.validation:
        curve = result.history.get("validation_wa", [])
        metrics |= {**result.validation.flat("validation"), "best_epoch": float(result.best_epoch), "parameters": float(result.parameters),
                    **({"epochs": float(len(curve)), "validation/best_wa": max(curve)} if curve else {})}
    if result.test:
        metrics |= result.test.flat("test")
    return metrics


def result_tags(result: Result) -> dict[str, str]:
    """What a run's tags say of its result."""
    return {"state": result.state, "reason": result.reason[:4000], "split_fingerprint": result.split_fingerprint,
            "clips": ", ".join(f"{k} {v}" for k, v in result.counts.items()),
            "speakers": ", ".join(f"{k} {v}" for k, v in result.speakers.items()),
            "training_classes": json.dumps(result.training_classes) if result.training_classes else "", **environment_tags()}


def datasets(result: Result) -> list[dict[str, str]]:
    """The parts that a trial was trained and scored on, as plain data."""
    parts = ("train", "validation", *(["test"] if result.test else [])) if result.split_fingerprint else ()
    return [{"part": part, "name": f"{result.trial.corpus.name}/{part}", "digest": result.split_fingerprint[:16],
             "source": f'{{"corpus": "{result.trial.corpus.name}", "split": "{result.trial.split.name}"}}',
             "profile": f'{{"clips": {result.counts[part]}, "speakers": {result.speakers[part]}}}'} for part in parts]
