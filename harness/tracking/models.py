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
from registry.errors import BenchError, require, unknown
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
        return self._downloaded(record.about.model, folder)

    def registered(self, address: str) -> tuple[str, str]:
        """The model of the store that an address stands for, as `models:/ID`, and the id of the run that trained it.

        Args: address: `models:/NAME@ALIAS`, `models:/NAME/VERSION` of MLflow's model registry, or `models:/ID` itself.
        Raises: UsageError for what the registry does not have, with what it has; BenchError where a version is no model of a run.
        """
        match = re.fullmatch(r"models:/(?:(?P<name>[^/@]+)(?:@(?P<alias>[\w-]+)|/(?P<version>\d+))|(?P<id>m-[\w-]+))", address)
        require(match is not None, f"{address!r} is no model's address: give models:/NAME@ALIAS, models:/NAME/VERSION or models:/ID")
        assert match is not None
        source: str | None = address
        run_id = ""
        try:
            if match["name"]:
                version = (self.client.get_model_version_by_alias(match["name"], match["alias"]) if match["alias"] else
                           self.client.get_model_version(match["name"], match["version"]))
                source, run_id = version.source, version.run_id or ""
            if source and re.fullmatch(r"models:/m-[\w-]+", source):
                return source, run_id or self.client.get_logged_model(source.removeprefix("models:/")).source_run_id or ""
        except MlflowException as error:
            known = sorted(f"models:/{model.name}@{alias}" for model in self.client.search_registered_models() for alias in model.aliases)
            require(bool(known), f"{address} is not in the model registry of the store, where no model has an alias: register one in "
                                 "the MLflow UI, or give a study, a row or a run")
            raise unknown("model in the registry of the store", address, known) from error
        raise BenchError(f"{address} is kept at {source}, which is no model of a run in this store: register one of its runs' models")

    def download(self, address: str, folder: Path) -> Path:
        """The files of a model by its address `models:/ID`, copied below `folder`. Raises: BenchError where the store has lost them."""
        if files := self._downloaded(address, folder):
            return files
        raise BenchError(f"the store has lost the files of {address}: restore mlartifacts/, or run its study again")

    def _downloaded(self, address: str, folder: Path) -> Path | None:
        try:
            files = Path(mlflow.artifacts.download_artifacts(artifact_uri=address, dst_path=str(folder),
                                                             tracking_uri=self.client.tracking_uri))
        except (MlflowException, OSError):
            return None
        return files if (files / "MLmodel").exists() else None  # a folder that is not there is downloaded as an empty one


def requirements(folder: Path) -> list[str]:
    """The exact versions that a saved model needs to give the same numbers, those that its features and its own source need among them."""
    names = ("keras", keras_backend(), "librosa", "numpy", "pandas", "soundfile", "soxr", "psutil")
    own = requirements_of([path.read_bytes() for path in sorted(folder.rglob("*.py"))])
    return list(dict.fromkeys([*(f"{name}=={importlib.metadata.version(name)}" for name in names), *packages_of(folder), *own]))

