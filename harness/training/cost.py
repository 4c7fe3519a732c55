"""The cost of a final beside its quality: size, arithmetic, latency and memory of its saved model, measured as a user would run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from harness.training import saved_model
from harness.training.cost_probe import MODEL, WAVEFORM
from registry.errors import BenchError

if TYPE_CHECKING:
    from harness.training.result import Result
    from registry.corpus import Corpus

COST = "cost/"
LATENCY = "latency_median_ms"  # present whenever a cost was measured
CPU_ONLY = {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"}
TIMEOUT_S = 600  # of the whole measurement, which takes some seconds


def measure(result: Result, corpus: Corpus) -> tuple[dict[str, float], str]:
    """Cost of a finished final, measured on the first clip of its validation part.

    Returns: metric -> figure, each name beginning with `cost/`: `multiply_adds` of the network for one clip; `model_mb`, the saved model's
        files in MB (10⁶ bytes); `latency_median_ms` and `latency_p95_ms` of one clip from waveform to probabilities, on the CPU with the
        backend's default threads; `peak_memory_mb` of the process that predicted, Python and backend included; `cores` of the
        machine, and `others_cores`, those that other processes kept busy meanwhile; `clip_s`, the length of the clip. And why
        `multiply_adds` is missing; empty where it is not.
    Raises: BenchError when the model can't be measured.
    """
    first = result.predictions["validation"].clips[0]
    waveform, sample_rate = corpus.read_clip(next(clip for clip in corpus.clips if clip.id == first))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        saved_model.write(result, corpus, folder / MODEL)
        size = sum(path.stat().st_size for path in (folder / MODEL).rglob("*") if path.is_file())
        np.save(folder / WAVEFORM, waveform)
        figures, reason = _probe(folder, sample_rate)
    figures |= {"model_mb": size / 1e6, "clip_s": len(waveform) / sample_rate}
    return {COST + key: value for key, value in sorted(figures.items())}, reason


def _probe(folder: Path, sample_rate: int) -> tuple[dict[str, float], str]:
    """The figures that `harness.training.cost_probe` prints, and why `multiply_adds` is missing."""
    command = [sys.executable, "-m", "harness.training.cost_probe", str(folder), str(sample_rate)]
    root = Path(__file__).parents[2]  # so that `-m` starts this installation
    try:
        done = subprocess.run(command, cwd=root, env={**os.environ, **CPU_ONLY}, capture_output=True, text=True, timeout=TIMEOUT_S,
                              check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BenchError(f"the saved model could not be measured: {error}") from error
    if done.returncode:
        raise BenchError(f"the saved model could not be measured: {(done.stderr.strip().splitlines() or ['no message'])[-1]}")
    figures, reason = json.loads(done.stdout.splitlines()[-1])
    return figures, reason


def cost_of(seeds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The cost of a cell, without the prefix, from the metrics of its finals: of the first measured one, as all share a network; or empty.

    >>> cost_of([{"test/uar": 0.5}, {"cost/latency_median_ms": 12.0, "cost/cores": 2.0}])
    {'latency_median_ms': 12.0, 'cores': 2.0}
    """
    measured: Mapping[str, float] = next((metrics for metrics in seeds if COST + LATENCY in metrics), {})
    return {key.removeprefix(COST): value for key, value in measured.items() if key.startswith(COST)}
