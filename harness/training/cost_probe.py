"""Measures a saved model in a process of its own: `python -m harness.training.cost_probe FOLDER SAMPLE_RATE` prints the figures as JSON.

A process of its own, since the peak of a process that has trained is not the model's.
"""

from __future__ import annotations

import json
import math
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.training import saved_model
from registry import own_layers
from registry.errors import BenchError

if TYPE_CHECKING:
    import keras

MODEL, WAVEFORM = "model", "waveform.npy"  # in the folder
WARM_UP, LEAST_PREDICTIONS, LEAST_S = 10, 50, 2.0
AT_EACH_OUTPUT = {"Conv1D", "Conv2D", "Conv3D", "DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D", "Dense"}
AT_EACH_INPUT = {"Conv1DTranspose", "Conv2DTranspose", "SimpleRNN", "GRU", "LSTM", "Bidirectional"}


def probe(folder: Path, sample_rate: int) -> tuple[dict[str, float], str]:
    """Multiply–adds of the network, latency of one waveform, and peak memory of this process, as in `cost.measure`."""
    import psutil

    model = saved_model.load(folder / MODEL)
    waveform = np.load(folder / WAVEFORM, allow_pickle=False)[None, :]  # (1, samples)

    def predict() -> float:
        start = time.perf_counter()
        model.predict(waveform, params={"sample_rate": sample_rate})
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
               "others_cores": max(0.0, float(machine_s - process_s) / (time.perf_counter() - start))}
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
    at each step. Models inside the model are counted, and layers that are called twice are counted twice. Not counted: biases,
    activations, normalisation, pooling, additions and products of two inputs; a multiply–add is two operations (FLOPs).

    Raises: BenchError for a layer with a kernel whose use is not known, or whose shapes are not fixed.
    """
    import keras

    total = 0

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        nonlocal total
        outputs = layer(*args, **kwargs)
        has_graph = isinstance(layer, keras.Model) and hasattr(layer, "inputs")  # a subclass with a call of its own has none
        total += multiply_adds(layer) if has_graph else _of_layer(layer, args[0] if args else None, outputs)
        return outputs

    # A copy is walked, since a call leaves its trace in a layer; a Sequential model has no graph of calls until it is wrapped
    keras.models.clone_model(keras.Model(model.inputs, model.outputs), call_function=call)
    return total


def _of_layer(layer: Any, inputs: Any, outputs: Any) -> int:
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
    print(json.dumps(probe(Path(sys.argv[1]), int(sys.argv[2]))))
