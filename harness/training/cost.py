"""The cost of a row beside its quality: size, arithmetic, latency and memory of its saved model, measured as a user would run it.

None of them depends on what a network has learnt, so one is built for it: no training waits for a measurement, and no model is kept for it.
What does depend on it is not measured: `can_be_measured`.
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cloudpickle

from harness.data.features import padded_samples
from harness.training.backend import THREADS
from harness.training.cost_probe import SUBJECTS, Subject
from registry.own_files import known_in

if TYPE_CHECKING:
    from harness.study.trial import Trial
    from registry.corpus import Corpus

COST = "cost/"
LATENCY = "latency_median_ms"  # present whenever a cost was measured
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", *THREADS), "1")
ON_CPU = {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"}
START_S, ROW_S = 300, 300  # after which a measurement is given up; it takes some seconds


def can_be_measured(trial: Trial) -> bool:
    """Whether a trial's cost is that of any model of its form, for a single clip.

    It is not where the model grows with its training part, as support vectors do, or needs several clips of a speaker.
    """
    return not getattr(trial.architecture, "grows", False) and trial.feature_space.normalise != "per_speaker"


def measure(trials: Sequence[Trial], corpus: Corpus) -> Iterator[tuple[dict[str, float], str]]:
    """The cost of one clip by the network of each trial, one after the other, measured on the first clip of its validation part.

    Yields: metric -> figure, each name beginning with `cost/`: `multiply_adds` of the network for one clip; `model_mb`, the saved model's
        files in MB (10⁶ bytes); `latency_median_ms` and `latency_p95_ms` of one clip from waveform to probabilities, on one thread of the
        CPU; `peak_memory_mb` of the process that predicted, Python and backend included; `cores` of the machine, and `others_cores`,
        those that other processes kept busy meanwhile; `clip_s`, the length of the clip. None where a model can't be measured. And why
        they are missing, or `multiply_adds` is; empty where nothing is.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        blob = cloudpickle.dumps([_subject(trial, corpus) for trial in trials])
        (folder / SUBJECTS).write_bytes(pickle.dumps((known_in(blob), blob)))
        command = [sys.executable, "-m", "harness.training.cost_probe", str(folder)]
        root, environment = Path(__file__).parents[2], {**os.environ, **ON_CPU, **ONE_THREAD}  # `-m` starts this installation
        with (folder / "messages").open("w+", encoding="utf-8", errors="replace") as messages, subprocess.Popen(
                command, cwd=root, env=environment, stdout=subprocess.PIPE, stderr=messages, text=True) as process:
            timer = threading.Timer(START_S + ROW_S * len(trials), process.kill)
            timer.start()
            try:
                assert process.stdout is not None
                for _ in trials:
                    line = process.stdout.readline()
                    figures, reason = json.loads(line) if line else ({}, _last_line(messages.name))
                    yield {COST + key: value for key, value in sorted(figures.items())}, reason
            finally:
                timer.cancel()
                process.kill()


def _subject(trial: Trial, corpus: Corpus) -> Subject:
    clip = corpus.clips[trial.split(corpus).validation[0]]
    waveform, sample_rate = corpus.read_clip(clip)
    return Subject(trial, waveform, sample_rate, padded_samples(corpus, trial.feature_space), corpus.emotions, corpus.sample_rate)


def _last_line(messages: str) -> str:
    lines = Path(messages).read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "its process was ended"


def cost_of(seeds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The cost of a cell, without the prefix, from the metrics of its finals: of the first measured one, as all share a network; or empty.

    >>> cost_of([{"test/uar": 0.5}, {"cost/latency_median_ms": 12.0, "cost/cores": 2.0}])
    {'latency_median_ms': 12.0, 'cores': 2.0}
    """
    measured: Mapping[str, float] = next((metrics for metrics in seeds if COST + LATENCY in metrics), {})
    return {key.removeprefix(COST): value for key, value in measured.items() if key.startswith(COST)}
