"""The cost of a row beside its quality: size, arithmetic, latency and memory of its saved model, measured as a user would run it.

None of them depends on what a network has learnt, so one is built for it: no training waits for a measurement, and no model is kept for it.
What does depend on it is not measured: `can_be_measured`.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import cloudpickle

from harness.data.features import padded_samples
from harness.training.backend import THREADS
from harness.training.cost_probe import FIRST, SUBJECTS, Subject
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


class Probe:
    """A process that measures what models cost. It begins to load its libraries now, which takes most of the time, and waits.

    Args:
        trial: whose features are loaded beforehand. corpus: its clips.
    """

    def __init__(self, trial: Trial, corpus: Corpus) -> None:
        first = _subject(trial, corpus)
        self._corpus, self._place = corpus, tempfile.TemporaryDirectory()
        self._folder = Path(self._place.name)
        command = [sys.executable, "-m", "harness.training.cost_probe", str(self._folder)]
        root, environment = Path(__file__).parents[2], {**os.environ, **ON_CPU, **ONE_THREAD}  # `-m` starts this installation
        with (self._folder / "messages").open("w", encoding="utf-8") as messages:  # Ctrl-C, which stops a run, is not for it
            self._process = subprocess.Popen(command, cwd=root, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                             stderr=messages, text=True, start_new_session=True)
        self._send(FIRST, [first])

    def measure(self, trials: Sequence[Trial]) -> Iterator[tuple[dict[str, float], str]]:
        """The cost of one clip by the network of each trial, one after the other, measured on the first clip of its validation part.

        Yields: metric -> figure, each name beginning with `cost/`: `multiply_adds` of the network for one clip; `model_mb`, the saved
            model's files in MB (10⁶ bytes); `latency_median_ms` and `latency_p95_ms` of one clip from waveform to probabilities, on one
            thread of the CPU; `peak_memory_mb` of the process that predicted, Python and backend included; `cores` of the machine, and
            `others_cores`, those that other processes kept busy meanwhile; `clip_s`, the length of the clip. None where a model can't be
            measured. And why they are missing, or `multiply_adds` is; empty where nothing is.
        """
        self._send(SUBJECTS, [_subject(trial, self._corpus) for trial in trials])
        timer = threading.Timer(START_S + ROW_S * len(trials), self._kill)
        timer.start()
        try:
            assert self._process.stdout is not None
            for _ in trials:
                line = self._process.stdout.readline()
                figures, reason = json.loads(line) if line else ({}, _last_line(self._folder / "messages"))
                yield {COST + key: value for key, value in sorted(figures.items())}, reason
        finally:
            timer.cancel()

    def _send(self, name: str, subjects: list[Subject]) -> None:
        blob = cloudpickle.dumps(subjects)
        (self._folder / name).write_bytes(pickle.dumps((known_in(blob), blob)))
        assert self._process.stdin is not None
        with suppress(OSError):  # it has ended: its last message is the reason
            self._process.stdin.write(f"{name}\n")
            self._process.stdin.flush()

    def _kill(self) -> None:
        """End the process, and the copy of it that measures."""
        with suppress(OSError):
            if sys.platform == "win32":
                self._process.kill()
            else:
                os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """End the process, whatever it does."""
        self._kill()
        with suppress(OSError, ValueError):
            self._process.communicate()
        self._place.cleanup()


def measure(trials: Sequence[Trial], corpus: Corpus) -> Iterator[tuple[dict[str, float], str]]:
    """The costs of trials, as `Probe.measure` gives them, by a process that is started for them."""
    with closing(Probe(trials[0], corpus)) as probe:
        yield from probe.measure(trials)


def _subject(trial: Trial, corpus: Corpus) -> Subject:
    clip = corpus.clips[trial.split(corpus).validation[0]]
    waveform, sample_rate = corpus.read_clip(clip)
    return Subject(trial, waveform, sample_rate, padded_samples(corpus, trial.feature_space), corpus.emotions, corpus.sample_rate)


def _last_line(messages: Path) -> str:
    lines = messages.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "its process was ended"


def cost_of(seeds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The cost of a cell, without the prefix, from the metrics of its finals: of the first measured one, as all share a network; or empty.

    >>> cost_of([{"test/uar": 0.5}, {"cost/latency_median_ms": 12.0, "cost/cores": 2.0}])
    {'latency_median_ms': 12.0, 'cores': 2.0}
    """
    measured: Mapping[str, float] = next((metrics for metrics in seeds if COST + LATENCY in metrics), {})
    return {key.removeprefix(COST): value for key, value in measured.items() if key.startswith(COST)}
