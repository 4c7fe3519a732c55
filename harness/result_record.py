"""What a trial's result is called in the store: metrics, tags and datasets, as plain data."""

from __future__ import annotations

import json
import time
from typing import Any

from harness.outbox import Entry
from harness.surroundings import surroundings
from harness.trial import Result


def entry_of(result: Result, *, tags: dict[str, str], metrics: dict[str, float] | None = None, **about: Any) -> Entry:
    """All of a result but its files, as the outbox keeps it; `tags`, `metrics` and the rest of an Entry's fields are added."""
    return Entry(state=result.state, tags={name: text for name, text in {**tags, **result_tags(result)}.items() if text},
                 metrics={**flat_metrics(result), **(metrics or {})}, inputs=datasets(result), ended_ms=int(time.time() * 1000), **about)


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
            "training_classes": json.dumps(result.training_classes) if result.training_classes else "", **surroundings()}


def datasets(result: Result) -> list[dict[str, str]]:
    """The parts that a trial was trained and scored on, as plain data."""
    parts = ("train", "validation", *(["test"] if result.test else [])) if result.split_fingerprint else ()
    return [{"part": part, "name": f"{result.trial.corpus.name}/{part}", "digest": result.split_fingerprint[:16],
             "source": f'{{"corpus": "{result.trial.corpus.name}", "split": "{result.trial.split.name}"}}',
             "profile": f'{{"clips": {result.counts[part]}, "speakers": {result.speakers[part]}}}'} for part in parts]
