"""Measures what models cost: `python -m harness.training.cost_probe FOLDER` reads names of files in the folder, which hold subjects.

It prints a line of JSON for each subject of a file, and none for that of the file `first`, whose features it loads beforehand. Each model
predicts in a process of its own, since the peak of a process that has trained, or measured another, is not the model's. On Linux it is a
copy of one that has loaded Python's libraries, which takes most of the time.
"""

from __future__ import annotations

import json
import math
import multiprocessing
import os
import pickle
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.study.trial import Trial
from harness.training import saved_model
from registry import own_layers
from registry.errors import BenchError

if TYPE_CHECKING:
    import keras

FIRST, SUBJECTS = "first", "subjects"  # files in the folder
WARM_UP, LEAST_PREDICTIONS, LEAST_S = 5, 50, 0.5
AT_EACH_OUTPUT = {"Conv1D", "Conv2D", "Conv3D", "DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D", "Dense"}
AT_EACH_INPUT = {"Conv1DTranspose", "Conv2DTranspose", "SimpleRNN", "GRU", "LSTM", "Bidirectional"}


@dataclass(frozen=True)
class Subject:
    """A model whose cost is measured, and on what; picklable.

    Args:
        trial: chooses the network. waveform, sample_rate: of one clip, (samples,) float32 and Hz.
        samples, emotions, corpus_rate: of the corpus, as `saved_model.WaveformModel` takes them.
    """

    trial: Trial
    waveform: np.ndarray
    sample_rate: int
    samples: int
    emotions: tuple[str, ...]
    corpus_rate: int


def main(folder: Path) -> None:
    """Load the libraries, then measure the subjects of each file that is named, and print a line for each."""
    from registry.keras_state import load_keras

    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a user's component prints is no figure
    load_keras()
    for name in sys.stdin:
        if name.strip() == FIRST:
            with suppress(Exception):  # what is wrong with a feature is said when it is measured
                load_features(subjects_in(folder / FIRST)[0])
            continue
        for place, subject in enumerate(subjects_in(folder / name.strip())):
            print(json.dumps(measured(subject, folder / str(place))), file=lines, flush=True)


def subjects_in(file: Path) -> list[Subject]:
    """The subjects that a file holds."""
    import cloudpickle

    from registry.keras_state import as_installed
    from registry.own_files import receive

    files, blob = pickle.loads(file.read_bytes())
    receive(files)
    with as_installed():  # a user's file may import Keras
        return list(cloudpickle.loads(blob))


def load_features(subject: Subject) -> None:
    """Load the libraries of the subject's features, which its processes then have."""
    if not subject.trial.feature_space.pretrained:  # an encoder computes with the backend
        subject.trial.feature_space.extract(subject.waveform, subject.sample_rate, subject.samples)


def measured(subject: Subject, folder: Path) -> tuple[dict[str, float], str]:
    """The figures of a subject, and why they are missing; its model is written into the folder."""
    try:
        apart(write, subject, folder)
        figures: tuple[dict[str, float], str] = apart(probe, subject, folder)
        return figures
    except Exception as error:  # of a network that can't be built or saved, or of a user's component
        return {}, f"{str(error).strip() or type(error).__name__}"


def apart(function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function gives in a process of its own: where Linux makes one, a copy of this, with all that it has loaded.

    Only a process that has not yet computed with its backend can be copied.
    """
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    with ProcessPoolExecutor(1, context) as executor:
        return executor.submit(function, *arguments).result()


def write(subject: Subject, folder: Path) -> None:
    """Write the model of a subject, untrained, into a folder."""
    import keras

    from harness.training.backend import set_up
    from harness.training.network import build

    set_up()
    trial = subject.trial
    keras.config.set_dtype_policy(trial.training.precision)
    features = trial.feature_space.extract(subject.waveform, subject.sample_rate, subject.samples)
    network, _ = build(trial, features[None], len(subject.emotions))
    saved_model.write_network(network, trial.feature_space, subject.samples, subject.emotions, subject.corpus_rate, folder)


def probe(subject: Subject, folder: Path) -> tuple[dict[str, float], str]:
    """The figures of the model in a folder, and why `multiply_adds` is missing, as in `cost.measure`."""
    import psutil

    model = saved_model.load(folder)
    waveform = subject.waveform[None, :]  # (1, samples)

    def predict() -> float:
        start = time.perf_counter()
        model.predict(waveform, params={"sample_rate": subject.sample_rate})
        return time.perf_counter() - start

    for _ in range(WARM_UP):
        predict()
    start, busy = time.perf_counter(), _busy_s()
    times_s: list[float] = []
    while len(times_s) < LEAST_PREDICTIONS or time.perf_counter() - start < LEAST_S:
        times_s.append(predict())
    machine_s, process_s = np.subtract(_busy_s(), busy)
    figures = {"latency_median_ms": float(np.median(times_s)) * 1e3, "latency_p95_ms": float(np.percentile(times_s, 95)) * 1e3,
               "peak_memory_mb": peak_memory_mb(), "cores": float(psutil.cpu_count() or 0),
               "others_cores": max(0.0, float(machine_s - process_s) / (time.perf_counter() - start)),
               "model_mb": sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6,
               "clip_s": len(subject.waveform) / subject.sample_rate}
    try:
        with own_layers.registered(model.objects):
            return figures | {"multiply_adds": float(multiply_adds(model.network))}, ""  # after the memory: counting makes a copy
    except BenchError as error:
        return figures, str(error)


def _busy_s() -> tuple[float, float]:
    """Processor seconds spent so far: by the whole machine, and by this process."""
    import psutil

    machine = psutil.cpu_times()
    spare = machine.idle + getattr(machine, "iowait", 0.0) + getattr(machine, "steal", 0.0) + getattr(machine, "guest", 0.0)
    return sum(machine) - spare, time.process_time()


def peak_memory_mb() -> float:
    """The largest memory that this process has held, in MB (10⁶ bytes).

    Not Linux's `ru_maxrss`: a child starts with the peak of the process that started it.
    """
    status = Path("/proc/self/status")
    if status.exists():
        kibibytes = next(line.split()[1] for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM:"))
        return int(kibibytes) * 1024 / 1e6
    if sys.platform == "win32":
        import psutil

        return float(psutil.Process().memory_info().peak_wset) / 1e6
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # bytes, on macOS


def multiply_adds(model: keras.Model) -> int:
    """Multiply–adds of one clip's forward pass: one for each use of each weight of a kernel.

    A convolution, whatever its stride, dilation and groups, uses its kernel once at each output position (at a padded border the
    zeros count too), a dense layer at each output position, a transposed convolution at each input position, a recurrent layer
    at each step. A layer with a property `multiply_adds` says its own; what follows one with a property `makes` is counted so many
    times, until one with a property `joins`. Models inside the model are counted, and layers that are called
    twice are counted twice. Not counted: biases, activations, normalisation, pooling, additions and products of two inputs; a
    multiply–add is two operations (FLOPs).

    Raises: BenchError for a layer with a kernel whose use is not known, or whose shapes are not fixed.
    """
    import keras

    total, times = 0, 1

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        nonlocal total, times
        outputs = layer(*args, **kwargs)
        has_graph = isinstance(layer, keras.Model) and hasattr(layer, "inputs")  # a subclass with a call of its own has none
        total += times * (multiply_adds(layer) if has_graph else _of_layer(layer, args[0] if args else None, outputs))
        times = times * getattr(layer, "makes", 1) // getattr(layer, "joins", 1)
        return outputs

    # A copy is walked, since a call leaves its trace in a layer; a Sequential model has no graph of calls until it is wrapped
    keras.models.clone_model(keras.Model(model.inputs, model.outputs), call_function=call)
    return total


def _of_layer(layer: Any, inputs: Any, outputs: Any) -> int:
    if (own := getattr(layer, "multiply_adds", None)) is not None:
        return int(own)
    kinds = {kind.__name__ for kind in type(layer).__mro__}
    kernels = [weight for weight in getattr(layer, "weights", ()) if "kernel" in weight.name]
    if kinds & AT_EACH_OUTPUT:
        array = outputs
    elif kinds & AT_EACH_INPUT:
        array = inputs
    elif kernels:
        raise BenchError(f"the multiply–adds of a layer {type(layer).__name__} are not known: only those of "
                         f"{', '.join(sorted(AT_EACH_OUTPUT | AT_EACH_INPUT))} are")
    else:
        return 0
    positions = array.shape[2:] if getattr(layer, "data_format", "") == "channels_first" else array.shape[1:-1]
    if None in positions:
        raise BenchError(f"the multiply–adds of layer {layer.name} depend on the length of its input: give the network a fixed shape")
    return math.prod(positions) * sum(math.prod(kernel.shape) for kernel in kernels)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
