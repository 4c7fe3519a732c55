"""What `Training(precision="auto")` goes by: whether this machine computes in bfloat16, and which precision trains a network faster."""

from __future__ import annotations

import platform
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from harness.study.trial import Trial
from harness.training.training_clips import TrainingClips

if TYPE_CHECKING:
    import keras

BOTH: tuple[Literal["float32"], Literal["mixed_bfloat16"]] = ("float32", "mixed_bfloat16")
FLAGS = {"avx512_bf16", "amx_bf16", "bf16"}  # of processors by AMD and Intel, and by Arm
ROUNDS, ROUND_S = 5, 0.1  # of each precision, in turn: what else the machine does slows both


def processor() -> tuple[str, bool]:
    """The processor's name, and whether it computes in bfloat16 itself; on systems that do not tell, it does not."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
    about = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    flags = {*about.get("flags", about.get("Features", "")).split()}
    return about.get("model name") or platform.processor() or platform.machine(), bool(flags & FLAGS)


def seconds_of_a_clip(trial: Trial, shape: tuple[int, ...], n_classes: int) -> dict[str, float]:
    """Precision -> seconds in which the trial's network is trained on a clip of this shape, (frames, bands): the best of some rounds."""
    import keras

    from harness.training.backend import set_up
    from harness.training.learner import learner, new_session
    from harness.training.network import build

    set_up()
    size = trial.training.batch_size
    x = np.random.default_rng(0).normal(size=(size, *shape)).astype(np.float32)
    y = np.eye(n_classes, dtype=np.float32)[np.arange(size) % n_classes]
    seconds = dict.fromkeys(map(str, BOTH), float("inf"))
    try:
        with ExitStack() as stack:
            models = {}
            for precision in BOTH:
                new_session()
                keras.config.set_dtype_policy(precision)
                asked = replace(trial, training=replace(trial.training, precision=precision))
                clips = TrainingClips.of(x)
                models[precision] = stack.enter_context(learner(asked, build(asked, clips, n_classes)[0], clips, n_classes)).trained
                models[precision].train_on_batch(x, y)  # makes the graph
            for _ in range(ROUNDS):
                for name, model in models.items():
                    seconds[name] = min(seconds[name], _seconds_of_a_batch(model, x, y) / size)
    finally:
        keras.config.set_dtype_policy("float32")
    return seconds


def _seconds_of_a_batch(model: keras.Model, x: np.ndarray, y: np.ndarray) -> float:
    start, batches = time.perf_counter(), 0
    while time.perf_counter() - start < ROUND_S:
        model.train_on_batch(x, y)
        batches += 1
    return (time.perf_counter() - start) / batches
