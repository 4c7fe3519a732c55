"""`bench sync`: delivers what waits in a home's outbox to MLflow, and says what still waits."""

from __future__ import annotations

from pathlib import Path

from harness.console import Console
from harness.execution.recovery import deliver_home


def sync(home: Path, console: Console) -> int:
    """Deliver and print; the exit code: 1 when something still waits. Raises: BenchError when MLflow does not answer."""
    delivery = deliver_home(home)
    total = delivery.delivered + delivery.waiting + sum(delivery.elsewhere.values())
    if not total:
        console.result("nothing waits in the outbox")
        return 0
    console.result(f"brought {delivery.delivered} of {total} waiting results to MLflow")
    if delivery.waiting:
        console.say(f"{delivery.waiting} still wait: {delivery.reason}")
    for store, count in delivery.elsewhere.items():
        console.say(f"{count} wait for another store: " + (
            f"set MLFLOW_TRACKING_URI to {store}" if store else f"unset MLFLOW_TRACKING_URI for mlflow.db below {home}"))
    return int(delivery.delivered < total)
