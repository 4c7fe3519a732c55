"""What a trial's result is called in the store: metrics, tags and datasets, as plain data."""

from __future__ import annotations

import json

from harness.surroundings import surroundings
from harness.trial import Result


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
