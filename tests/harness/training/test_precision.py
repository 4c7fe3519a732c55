"""A network is timed in both precisions, and Keras is left as it was."""

from __future__ import annotations

import math
from pathlib import Path

from tiny_trial import TRIAL

from harness.training.precision import BOTH, processor, seconds_of_a_clip


def test_a_network_is_timed_in_both_precisions_and_keras_is_left_in_float32() -> None:
    import keras

    seconds = seconds_of_a_clip(TRIAL, (32, 2), 6)
    assert tuple(seconds) == BOTH and all(0 < value < 1 and math.isfinite(value) for value in seconds.values())
    assert keras.config.dtype_policy().name == "float32"


def test_whether_a_processor_computes_in_bfloat16_is_what_the_system_says() -> None:
    name, has_bfloat16 = processor()
    path = Path("/proc/cpuinfo")
    flags = path.read_text(encoding="utf-8").split() if path.exists() else []
    assert name and has_bfloat16 == bool({"avx512_bf16", "amx_bf16", "bf16"} & {*flags})
