"""The form of the saved views of MLflow's runs page, and the links to them: which runs, columns and charts a link shows.

MLflow does not document it: a view is a tag `mlflow.sharedViewState.KEY` of an experiment that holds JSON with `name`, `createdAt`,
`updatedAt` and `state`, the page's own state as zlib-compressed JSON in Base64. So views are written for the versions whose pages were
tried with them, and left away for others.
"""

from __future__ import annotations

import base64
import json
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

VIEW = "mlflow.sharedViewState."  # before the key of a view
TRIED = ("3.17",)  # versions, without their last number
COMPRESSED = "deflate;"
CHART = "CHART"  # how a link asks for charts instead of a table


@dataclass(frozen=True)
class View:
    """A saved view. Args: name: in the page's list of views. state: of the page."""

    name: str
    state: Mapping[str, Any]


def is_tried(version: str) -> bool:
    """Whether the pages of a version of MLflow were tried with these views.

    >>> is_tried("3.17.2"), is_tried("3.18.0"), is_tried("")
    (True, False, False)
    """
    return version.rpartition(".")[0] in TRIED


def to_tag(view: View, earlier: str = "") -> str:
    """A view as the text of its tag. Args: earlier: its text before; where nothing differs, that is returned."""
    state = dict(view.state)
    try:
        before = json.loads(earlier)
        if (before["name"], state_of(earlier)) == (view.name, state):
            return earlier
        created = int(before["createdAt"])
    except (ValueError, KeyError, TypeError, zlib.error):
        created = int(time.time() * 1000)
    packed = base64.b64encode(zlib.compress(json.dumps(state, separators=(",", ":")).encode(), 9)).decode()
    return json.dumps({"name": view.name, "createdAt": created, "updatedAt": int(time.time() * 1000), "state": COMPRESSED + packed})


def state_of(text: str) -> dict[str, Any]:
    """The state of the page in the text of a view's tag. Raises: ValueError, KeyError or zlib.error for any other text."""
    state: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(json.loads(text)["state"].removeprefix(COMPRESSED))))
    return state


def link(server: str, experiment_id: str, key: str = "", mode: str = "") -> str:
    """The address of a study's runs on the pages of a server; with the `key` of a view, as that shows them.

    >>> link("http://127.0.0.1:5000", "1", "bench-search", CHART)
    'http://127.0.0.1:5000/#/experiments/1/runs?workflowType=machine_learning&viewStateShareKey=bench-search&compareRunsMode=CHART'
    """
    view = f"&viewStateShareKey={key}" if key else ""
    return (f"{server.rstrip('/')}/#/experiments/{experiment_id}/runs?workflowType=machine_learning{view}"
            + (f"&compareRunsMode={mode}" if mode else ""))


MODES = {"bench-leaderboard": "", "bench-charts": CHART, "bench-search": CHART, "bench-seeds": CHART}
"""Key of a view -> whether its link asks for charts; the state of the page does not hold that."""


def links(server: str, experiment_id: str, tags: Mapping[str, str]) -> dict[str, str]:
    """What each link of a study shows -> its address: of every saved view that the experiment's tags hold, or of all its runs.

    Args: tags: of the experiment, which may be of any version.
    """
    found = {_name(key, tags[VIEW + key]): link(server, experiment_id, key, mode) for key, mode in MODES.items() if VIEW + key in tags}
    return found or {"Runs": link(server, experiment_id)}


def _name(key: str, text: str) -> str:
    """The name of a view without its number; its key where people damaged its text."""
    try:
        return str(json.loads(text)["name"]).partition(" ")[2]
    except (ValueError, KeyError, TypeError):
        return key.removeprefix("bench-")
