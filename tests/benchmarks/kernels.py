"""How fast the shipped networks train on one thread: their multiply–adds a second, beside Keras's own layers, in float32 and bfloat16.

Run from the repository: python tests/benchmarks/kernels.py [--rounds N]

Each network of cnn1d and cnn2d trains on batches of noise of 94 frames and 40 bands, in processor time, which others on the machine change
less than the time on the clock. A training step is counted as three forward passes, a multiply–add as two operations. "Keras" is the same
network with Keras's dilated convolutions and batch norms. Targets: dilated networks train at least 1.25 times as fast as with those; and
what a row costs is measured in 3 s, with medians of the latency that differ by less than a tenth.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
os.environ |= {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}

from table import Measured, finish

from harness.study.trial import Trial

SHAPE, CLASSES, STEP = (94, 40), 6, 3 * 2  # operations of a training step for each multiply–add
REPEATS = 5  # of the measurement of one row's cost


def main() -> None:
    """Train each network in each way, measure the cost of one again and again, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10, help="batches of each network, of which the quickest counts (default 10)")
    rounds = parser.parse_args().rounds
    figures = []
    for trial in networks():
        for precision in ("float32", "mixed_bfloat16"):
            chosen = replace(trial, training=replace(trial.training, precision=precision))
            own, operations = seconds_of_a_clip(chosen, rounds)
            keras_s, _ = seconds_of_a_clip(chosen, rounds, by_keras=True)
            name, short = trial.architecture.name, precision.removeprefix("mixed_")
            figures += [Measured(f"{name}, {short}: {own * 1e3:.2f} ms a clip", operations / own / 1e9, unit="GFLOP/s"),
                        Measured(f"{name}, {short}: time against Keras's layers", own / keras_s, unit="×",
                                 target=0.8 if name.startswith("dilated") else None)]
    finish(figures + cost_of_a_row())


def networks() -> list[Trial]:
    """A trial of each network of the shipped studies, once."""
    from harness.study.cells import plan
    from harness.study.files import load

    cells = [cell for name in ("cnn1d", "cnn2d") for cell in plan(load(name).study, "noise")]
    return list({cell.base.architecture.name: cell.base for cell in cells}.values())


def seconds_of_a_clip(trial: Trial, rounds: int, by_keras: bool = False) -> tuple[float, float]:
    """Processor seconds of a clip in a training step, the least of some batches; and the operations of that step.

    Args: by_keras: the network has Keras's layers alone, as users of Keras build it.
    """
    import keras
    import numpy as np

    from harness.training.backend import set_up
    from harness.training.cost_probe import multiply_adds
    from harness.training.learner import learner, new_session, optimizer
    from harness.training.network import build
    from harness.training.training_clips import TrainingClips

    set_up()
    new_session()
    size = trial.training.batch_size
    x, y = np.random.default_rng(0).normal(size=(size, *SHAPE)).astype(np.float32), np.eye(CLASSES)[np.arange(size) % CLASSES]
    keras.config.set_dtype_policy(trial.training.precision)
    try:
        with keras_s_convolutions() if by_keras else nullcontext():
            model, _ = build(trial, TrainingClips.of(x), CLASSES)
        operations = float(STEP * multiply_adds(model))
        if by_keras:
            model.compile(optimizer=optimizer(trial.training), loss="categorical_crossentropy")
            return _seconds_of_a_step(model, x, y, rounds) / size, operations
        with learner(trial, model, TrainingClips.of(x), CLASSES) as taken:
            return _seconds_of_a_step(taken.trained, x, y, rounds) / size, operations
    finally:
        keras.config.set_dtype_policy("float32")


def _seconds_of_a_step(model: Any, x: Any, y: Any, rounds: int) -> float:
    times = []
    for _ in range(1 + rounds):  # the first makes the graph
        start = time.process_time()
        model.train_on_batch(x, y)
        times.append(time.process_time() - start)
    return min(times[1:])


@contextmanager
def keras_s_convolutions() -> Iterator[None]:
    """Dilated networks are built of Keras's own convolutions."""
    import keras

    from registry.architectures import _dilated_convolution as own

    before = own.DilatedConv1D, own.DilatedConv2D
    own.DilatedConv1D, own.DilatedConv2D = keras.layers.Conv1D, keras.layers.Conv2D
    try:
        yield
    finally:
        own.DilatedConv1D, own.DilatedConv2D = before


def cost_of_a_row() -> list[Measured]:
    """How long the cost of one row takes to measure, and by how much its latency differs from time to time."""
    from harness.data.corpora import open_corpus
    from harness.training import cost
    from registry.corpora.synthetic import Synthetic

    corpus, ends, latencies = open_corpus(Synthetic(), None), [time.perf_counter()], []
    trial = replace(networks()[-1], corpus=Synthetic())
    for figures, reason in cost.measure([trial] * REPEATS, corpus):
        if reason:
            sys.exit(f"the cost of a row is not known: {reason}")
        ends.append(time.perf_counter())
        latencies.append(figures[cost.COST + cost.LATENCY])
    rows = sorted(after - before for before, after in itertools.pairwise(ends[1:]))
    return [Measured("cost of the first row, its process included", ends[1] - ends[0]),
            Measured("cost of a further row, median", rows[len(rows) // 2], target=3),
            Measured(f"largest of {REPEATS} medians of a row's latency against the smallest", max(latencies) / min(latencies), unit="×",
                     target=1.1)]


if __name__ == "__main__":
    main()
