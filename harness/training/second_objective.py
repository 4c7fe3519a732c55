"""What a search seeks beside validation UAR, of one trained network: its multiply–adds, or its latency on this machine."""

from __future__ import annotations

import hashlib
import json
import platform
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from filelock import FileLock

from harness.study.objectives import SECOND
from harness.training.cost_probe import multiply_adds
from registry.core import canonical, specification
from registry.errors import BenchError

if TYPE_CHECKING:
    import keras

    from harness.training.result import Result

WARM_UP, PREDICTIONS = 5, 100


def second_objective(name: str, result: Result, home: Path) -> dict[str, float]:
    """Metric -> figure; nothing for what a run has anyway. Raises: BenchError where it can't be measured."""
    if name not in SECOND or name == "parameters":
        return {}
    if result.model is None:
        raise BenchError(f"{SECOND[name]} of a network that was not kept can't be measured")
    figure = float(multiply_adds(result.model)) if name == "multiply_adds" else _latency_ms(result, result.model, home)
    return {f"objective/{name}": figure}


def _latency_ms(result: Result, model: keras.Model, home: Path) -> float:
    """The latency of a network, measured once on a machine and kept in the home: trials of the same network have the same figure.

    Else the noise of measuring would decide between trials that differ in their training alone.
    """
    trial = result.trial
    network = canonical([specification(trial.architecture), list(map(str, model.input_shape)), specification(trial.training)["precision"],
                         trial.training.threads, trial.backend, platform.node(), platform.processor()])
    key, path = hashlib.sha256(network.encode()).hexdigest()[:16], home / ".bench" / "latencies.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock")):  # one worker measures at a time
        try:
            kept = dict(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):  # none yet, or damaged: measured again
            kept = {}
        if key not in kept:
            kept[key] = latency_ms(model)
            draft = path.with_suffix(f".{uuid.uuid4().hex[:6]}.tmp")
            draft.write_text(json.dumps(kept), encoding="utf-8")
            draft.replace(path)
    return float(kept[key])


def latency_ms(model: keras.Model) -> float:
    """The time of one clip from features to probabilities, in ms, in this process and with its threads: the fastest tenth of predictions.

    Other work on the machine, such as other workers, only ever slows, so that a median would be of that work as much as of the network.
    """
    clip = np.zeros((1, *model.input_shape[1:]), np.float32)
    times_s = []
    for _ in range(WARM_UP + PREDICTIONS):
        start = time.perf_counter()
        model.predict_on_batch(clip)
        times_s.append(time.perf_counter() - start)
    return float(np.quantile(times_s[WARM_UP:], 0.1)) * 1e3
