"""`bench run` as people call it, timed on the clock, and the search that it leaves: for benchmarks that compare searches."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from harness.tracking.run_record import RunRecord

BENCH = Path(sys.executable).with_name("bench")
DRAWS = 2_000
BUSY = 0.5  # the load of one minute before a measurement, from which on it is said
HEAD = '''"""Networks on a mel spectrogram of CREMA-D."""

from optuna.distributions import CategoricalDistribution, FloatDistribution

from harness import Study, Training
from harness.study.files import parse_component
from registry.corpora.crema_d import CremaD
from registry.feature_space import FeatureSpace
from registry.feature_spaces.mel import Mel
from registry.splits.unseen_speakers_80_20 import UnseenSpeakers8020

SPACE = FeatureSpace(features=(Mel(n_mels=40),), join="image")

'''  # of the studies that are compared


@dataclass(frozen=True)
class Cell:
    """The search of one cell.

    Args:
        protocol, label: as its leaderboard writes them. epochs: of all its trials together.
        best: validation UAR of its best completed trial. low, high: 95 % bounds of it.
        ended_at: when its last trial ended, in seconds since 1970.
    """

    protocol: str
    label: str
    epochs: int
    best: float
    low: float
    high: float
    ended_at: float


def bench_run(study: str, home: Path, data: Path) -> float:
    """Run a study, given as the text of its file, by the real command in a process of its own; returns its seconds on the clock."""
    home.mkdir(parents=True, exist_ok=True)
    file = home / f"{home.name}.py"
    file.write_text(study, encoding="utf-8")
    command = [str(BENCH), "run", "--study", str(file), "--data", str(data), "--home", str(home)]
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    if done.returncode:
        sys.exit(f"{' '.join(command)}\nended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return time.perf_counter() - began


def searched(home: Path, study: str) -> list[Cell]:
    """What the search of each cell came to, by protocol and label, as MLflow's runs have it."""
    from harness.tracking.store import Store

    tracker = Store(home, new=False).experiment(study)
    trials: dict[tuple[str, str], list[RunRecord]] = {}
    for record in tracker.records("trial"):
        if record.state in ("finished", "pruned", "failed"):
            trials.setdefault((record.about.split, record.about.label), []).append(record)
    cells = []
    for (protocol, label), records in sorted(trials.items()):
        best = max((record for record in records if record.state == "finished"), key=lambda record: record.validation_uar or 0.0)
        predictions = tracker.predictions(best.run_id, "validation")
        assert predictions is not None
        steps = [{point.step for point in tracker.client.get_metric_history(record.run_id, "epoch/validation_uar")} for record in records]
        ended_at = max(tracker.client.get_run(record.run_id).info.end_time for record in records) / 1000
        cells.append(Cell(protocol, label, sum(map(len, steps)), predictions.scores.uar, *bounds(predictions.truth, predictions.predicted),
                          ended_at))
    return cells


def bounds(truth: np.ndarray, predicted: np.ndarray) -> tuple[float, float]:
    """95 % bounds of a UAR over its clips: percentiles of a bootstrap that draws as many clips of each emotion as there are."""
    rng, classes = np.random.default_rng(0), np.unique(truth)
    right = truth == predicted
    recalls = [rng.binomial(n := int((truth == emotion).sum()), right[truth == emotion].mean(), size=DRAWS) / n for emotion in classes]
    low, high = np.percentile(np.mean(recalls, axis=0), [2.5, 97.5])
    return float(low), float(high)


def in_words(uar: float, low: float, high: float) -> str:
    """A UAR with its bounds, as reports write it."""
    return f"{uar:.3f} [{low:.3f}, {high:.3f}]"


def markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose first column is text."""
    lines = [heads, ["---", *["--:"] * (len(heads) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def warn_if_busy() -> None:
    """Say on stderr that others use the machine, before anything is measured."""
    if (load := os.getloadavg()[0]) > BUSY:
        print(f"warning: the machine is busy (load {load:.1f} before the measurement): seconds say little, ratios less", file=sys.stderr)
