"""Trained networks in MLflow as models that take a waveform."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import tempfile
import warnings
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import mlflow
import numpy as np
from mlflow import MlflowClient
from mlflow.entities import LoggedModelOutput, LoggedModelStatus, Metric
from mlflow.exceptions import MlflowException
from mlflow.models import Model
from mlflow.models.signature import ModelSignature

from harness.study.trial import keras_backend
from harness.tracking.addresses import local_folder
from harness.tracking.outbox import write_through
from harness.tracking.run_record import PREFIX, RunRecord
from harness.training.saved_model import packages_of
from registry.own_files import requirements_of

CODE = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2] / "registry")]  # that a saved model needs beside its libraries
MODEL_TAG = f"{PREFIX}model"


class Models:
    """The models of a store; those of this machine lie below `home`."""

    def __init__(self, client: MlflowClient, home: Path) -> None:
        self.client, self.home = client, home

    def log(self, run_id: str, folder: Path, name: str, emotions: tuple[str, ...], sample_rate: int,
            metrics: Sequence[Metric] = ()) -> str:
        """Log the model in `folder` as an MLflow model whose input is a waveform; returns the model's id.

        Requirements are given, not inferred: that would load the model once more, which costs seconds. MLflow's shorter `log_model`
        would start and end the run, which would look complete when a process is killed there.

        Args:
            metrics: of its run, shown beside the model.
        """
        from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema, TensorSpec

        outputs = Schema([ColSpec("string", "emotion"), *(ColSpec("double", emotion) for emotion in emotions)])
        inputs = Schema([TensorSpec(np.dtype(np.float32), (-1, -1))])
        signature = ModelSignature(inputs, outputs, ParamSchema([ParamSpec("sample_rate", "double", float(sample_rate))]))
        run = self.client.get_run(run_id)
        for unfinished in self.client.search_logged_models([run.info.experiment_id], filter_string=f"source_run_id = '{run_id}'"):
            self._delete(unfinished.model_id)  # an upload that broke off
        model = self.client.create_logged_model(run.info.experiment_id, name, run_id, params=run.data.params)
        about = Model(artifact_path=model.artifact_location, run_id=run_id, model_uuid=model.model_id, model_id=model.model_id)
        with tempfile.TemporaryDirectory() as temporary, warnings.catch_warnings(action="ignore", category=UserWarning):  # of no example
            mlflow.pyfunc.save_model(Path(temporary) / "model", loader_module="harness.saved_model", data_path=str(folder), code_paths=CODE,
                                     signature=signature, pip_requirements=requirements(folder), mlflow_model=about)
            self.client.log_model_artifacts(model.model_id, str(Path(temporary) / "model"))
        if metrics:
            self.client.log_batch(run_id, [Metric(m.key, m.value, m.timestamp, m.step, model_id=model.model_id) for m in metrics])
        self.client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=0)])
        self.client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
        self.client.set_tag(run_id, MODEL_TAG, f"models:/{model.model_id}")
        return str(model.model_id)

    def force_to_disk(self, run_id: str) -> None:
        """Force the files of a run and its model onto this machine's disks, which MLflow leaves for later."""
        record = self.client.get_run(run_id)
        model = RunRecord.of(record).about.model.removeprefix("models:/")
        locations = [record.info.artifact_uri, self.client.get_logged_model(model).artifact_location if model else None]
        for folder in filter(None, map(local_folder, locations)):
            for path in (folder, *folder.rglob("*")):
                write_through(path)

    def forget(self, record: RunRecord) -> None:
        """Delete a run's model and its files."""
        self.client.delete_tag(record.run_id, MODEL_TAG)
        self._delete(record.about.model.removeprefix("models:/"))

    def is_registered(self, record: RunRecord) -> bool:
        """Whether people registered the model of a run in MLflow's model registry: its files are theirs to delete then."""
        with suppress(MlflowException):  # a store without a registry
            return any(version.source == record.about.model for version in self.client.search_model_versions(f"run_id = '{record.run_id}'"))
        return False

    def _delete(self, model_id: str) -> None:
        try:
            location = self.client.get_logged_model(model_id).artifact_location
            self.client.delete_logged_model(model_id)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return  # deleted by hand
        folder = local_folder(location)
        if folder and (self.home / "mlartifacts").resolve() in folder.resolve().parents:  # no other folder that the store names is ours
            shutil.rmtree(folder, ignore_errors=True)

    def files(self, record: RunRecord, folder: Path) -> Path | None:
        """The files of a run's model, copied below `folder`; None when the run has none, or the store has lost them."""
        if not re.fullmatch(r"models:/[\w-]+", record.about.model):  # any other address would be downloaded, too
            return None
        try:
            files = Path(mlflow.artifacts.download_artifacts(artifact_uri=record.about.model, dst_path=str(folder),
                                                             tracking_uri=self.client.tracking_uri))
        except (MlflowException, OSError):
            return None
        return files if (files / "MLmodel").exists() else None  # a folder that is not there is downloaded as an empty one


def requirements(folder: Path) -> list[str]:
    """The exact versions that a saved model needs to give the same numbers, those that its features and its own source need among them."""
    names = ("keras", keras_backend(), "librosa", "numpy", "pandas", "soundfile", "soxr", "psutil")
    own = requirements_of([path.read_bytes() for path in sorted(folder.rglob("*.py"))])
    return list(dict.fromkeys([*(f"{name}=={importlib.metadata.version(name)}" for name in names), *packages_of(folder), *own]))

