"""The experiments of `bench` in a store that people use by hand, too: made, renamed or deleted ones are told before anything is trained."""

from __future__ import annotations

import shlex

from mlflow import MlflowClient
from mlflow.entities import Experiment, LifecycleStage, Run, ViewType
from mlflow.exceptions import MlflowException

from harness.safe_text import mask_secrets
from harness.tracking.run_record import PREFIX
from harness.tracking.store_errors import not_mlflow
from harness.tracking.store_versions import address_in_shell
from registry.errors import BenchError

KIND = f"{PREFIX}kind"
CUSTOM = "custom_model_development"  # the kind of experiment that MLflow's UI opens with its runs
CONTENTS = {"study": "the runs of a study", "leakage": "what `bench leakage` measured", "transfer": "what `bench transfer` measured"}
ANOTHER_NAME = "give the study another name: a study's experiment has the name of its file"


def experiments_of(client: MlflowClient, kind: str = "", view: int = ViewType.ACTIVE_ONLY) -> list[Experiment]:
    """The experiments of a kind, or all that bench made, by name; others' experiments in a shared store are left alone."""
    found: list[Experiment] = []
    page = None
    while page is None or page.token:
        page = client.search_experiments(view, filter_string=f"tags.`{KIND}` = '{kind}'" if kind else None,
                                         page_token=page.token if page is not None else None)
        found += [experiment for experiment in page if KIND in experiment.tags]
    return sorted(found, key=lambda experiment: experiment.name)


def find_experiment(client: MlflowClient, name: str, kind: str = "", adopt: bool = False) -> Experiment | None:
    """The experiment of a study; None when it is still to be made.

    Args: kind: that it must have; empty: any. adopt: whether one that bench did not make will do, and a new one though the old was renamed.
    Raises: BenchError, with the way out, for one that was deleted, renamed, made by somebody else, or is of another kind.
    """
    found = client.get_experiment_by_name(name)
    if found is None:
        if not adopt and (other := _renamed(client, name, kind)):
            rename = shell_command(client, f"experiments rename -x {other.experiment_id} --new-name {shlex.quote(name)}")
            raise BenchError(f"the runs of {name!r} are in the experiment {other.name!r} (id {other.experiment_id}), which was renamed in "
                             f"MLflow: `{rename}` gives it its name back. To begin anew and leave it as it is, add --adopt; or "
                             + ANOTHER_NAME)
        return None
    where = f"the experiment {name!r} (id {found.experiment_id})"
    if found.name != name:
        raise not_mlflow(mask_secrets(client.tracking_uri), f"it has no answer about the experiment {name!r}")
    if found.lifecycle_stage != LifecycleStage.ACTIVE:
        raise BenchError(f"{where} was deleted in MLflow: `bench restore {name}` brings it back with its runs, as does "
                         f"`{shell_command(client, f'experiments restore -x {found.experiment_id}')}`. Or {ANOTHER_NAME}")
    if KIND not in found.tags and not adopt:
        raise BenchError(f"{where} was not made by bench, which would find no runs of its own there: add --adopt to write the study's runs "
                         f"into it, beside what is there; or {ANOTHER_NAME}")
    if kind and found.tags.get(KIND, kind) != kind:
        holds = CONTENTS.get(found.tags[KIND], f"runs of the kind {found.tags[KIND]}")
        raise BenchError(f"{where} holds {holds}, not {CONTENTS.get(kind, kind)}: {ANOTHER_NAME}")
    return found


def _renamed(client: MlflowClient, name: str, kind: str) -> Experiment | None:
    """The experiment of another name that holds runs of a study; None without one."""
    others = {experiment.experiment_id: experiment for experiment in experiments_of(client, kind)}
    quote = '"' if "'" in name else "'"
    if not others or quote in name:
        return None
    runs = client.search_runs(list(others), f"tags.`{PREFIX}study` = {quote}{name}{quote}", max_results=1)
    return others[runs[0].info.experiment_id] if runs else None


def deleted_runs(client: MlflowClient, experiment_id: str) -> list[Run]:
    """The runs of bench that were deleted in an experiment, and not yet for good, oldest first."""
    runs: list[Run] = []
    page = None
    while page is None or page.token:
        page = client.search_runs([experiment_id], run_view_type=ViewType.DELETED_ONLY, max_results=1000,
                                  order_by=["attributes.start_time ASC"], page_token=None if page is None else page.token)
        runs += [run for run in page if KIND in run.data.tags]
    return runs


def why_missing(client: MlflowClient, text: str) -> str:
    """What people did by hand to a study, or a run by the start of its id, that is not found; empty where there is nothing to say."""
    try:
        find_experiment(client, text)
    except BenchError as error:
        return str(error)
    except MlflowException:
        return ""
    experiments = experiments_of(client, view=ViewType.ALL) if text else []
    if any(run.info.run_id.startswith(text) for each in experiments for run in deleted_runs(client, each.experiment_id)):
        return f"the run {text} was deleted in MLflow: `bench restore {text}` brings it back"
    return ""


def shell_command(client: MlflowClient, words: str) -> str:
    """A command of MLflow for the store of a client."""
    return f"MLFLOW_TRACKING_URI={address_in_shell(client.tracking_uri, 'MLFLOW_TRACKING_URI')} mlflow {words}"
