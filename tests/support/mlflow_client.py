"""What the tests read from a home's MLflow store by MLflow's own client."""

from __future__ import annotations

from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import Run


def client_of(home: Path) -> MlflowClient:
    return MlflowClient(f"sqlite:///{home / 'mlflow.db'}")



def runs_of(client: MlflowClient, study: str = "tiny_study") -> dict[str, list[Run]]:
    """The runs of a study by what they are, oldest first."""
    experiment = client.get_experiment_by_name(study)
    assert experiment is not None
    found: dict[str, list[Run]] = {}
    for run in client.search_runs([experiment.experiment_id], order_by=["attributes.start_time ASC"]):
        found.setdefault(run.data.tags["bench.kind"], []).append(run)
    return found
