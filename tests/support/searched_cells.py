"""Runs of searches whose validation UAR is highest at a learning rate of 0.004, as MLflow would hold them."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from made_records import record
from optuna.distributions import CategoricalDistribution, FloatDistribution
from tiny_study import STUDY

from harness.search.ranges import noted
from harness.study.cells import plan
from harness.tracking.run_record import RunRecord

RANGES: dict[str, Any] = {"training.learning_rate": FloatDistribution(3e-4, 1e-2, log=True),
                          "training.label_smoothing": FloatDistribution(0.0, 0.2), "training.batch_size": CategoricalDistribution([16, 32])}
BASE = plan(STUDY, "clips")[0].base


def trial(cell: str, number: int, point: Mapping[str, Any], uar: float, state: str = "finished", epochs: int = 10,
          ranges: Mapping[str, Any] = RANGES, **tags: str) -> RunRecord:
    """One trial that was to train 10 epochs; number 0 has the settings as written."""
    key = f"{cell:_<8}"
    scored = {"finished": {"validation/uar": uar}, "pruned": {"epoch/validation_uar": uar}}.get(state, {})
    noted_ranges = {"ranges": json.dumps(noted(ranges, BASE))} if ranges else {}
    made = record("trial", key, number, state, {**scored, "epochs": float(epochs)}, {name: str(value) for name, value in point.items()},
                  **{"signature": f"{key if number == 0 else number:_<16}", "epochs": "10", "architecture": cell, **noted_ranges, **tags})
    return dataclasses.replace(made, started_at=1000.0 + number)


def search_of(cell: str, trials: int, ranges: Mapping[str, Any] = RANGES, peak: float = 4e-3, **tags: str) -> list[RunRecord]:
    """Completed trials at random points: only the learning rate matters."""
    rng = np.random.default_rng(0)
    made = []
    for number in range(trials):
        rate = float(np.exp(rng.uniform(math.log(3e-4), math.log(1e-2))))
        point = {"training.learning_rate": rate, "training.label_smoothing": float(rng.uniform(0, 0.2)),
                 "training.batch_size": int(rng.choice([16, 32]))}
        made.append(trial(cell, number, point, 0.6 - 0.1 * abs(math.log(rate / peak)), ranges=ranges, **tags))
    return made
