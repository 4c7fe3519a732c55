"""How long pretrained encoders take for a clip, and openSMILE's functionals where the package is installed, on one core.

Run from the repository: python tests/benchmarks/encoders.py --data DIR [--clips N]

DIR is the folder of CREMA-D; the weights are found as in a study. All layers of a clip are computed at its own length, front end included,
reading the file not. Target: 50 ms of processor time a clip at most for Whisper tiny.en, by the median; others on the machine change it
less than the time on the clock. Start is what a process needs once: loading Keras and the weights, and tracing the graph.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[2]))
os.environ |= {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}

from table import Measured, finish, medians

if TYPE_CHECKING:
    import numpy as np

    from registry.feature_space import Feature


def main() -> None:
    """Encode clips from all over the corpus, one after the other, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of CREMA-D")
    parser.add_argument("--clips", type=int, default=100, help="how many (default 100)")
    options = parser.parse_args()

    from registry.audio import resample
    from registry.core import get
    from registry.errors import Lacking
    from registry.feature_spaces.whisper import RATE, Whisper

    corpus = get("corpora", "crema_d")().load(options.data)
    chosen = corpus.clips[:: max(1, len(corpus) // options.clips)][: options.clips]
    waveforms = [resample(*corpus.read_clip(clip), RATE) for clip in chosen]
    start_s, each = times(Whisper().stored, waveforms, RATE)
    clock, processor = medians(each)
    seconds = sum(map(len, waveforms)) / RATE
    figures = [Measured(f"a clip of {seconds / len(waveforms):.1f} s on average, processor time", processor * 1e3, unit="ms", target=50.0),
               Measured("the same on the clock", clock * 1e3, unit="ms"),
               Measured("speech against processor time", seconds / sum(took for _, took in each), unit="×"),
               Measured("start, on the clock", start_s)]
    for name in ("egemaps", "compare"):
        with contextlib.suppress(Lacking):
            _, processor = medians(times(get("feature-spaces", name)(), waveforms, RATE)[1])
            figures.append(Measured(f"{name} of the same clips, processor time", processor * 1e3, unit="ms"))
    finish(figures)


def times(feature: Feature, waveforms: list[np.ndarray], sample_rate: int) -> tuple[float, list[tuple[float, float]]]:
    """Seconds on the clock of the first call; of each clip after it, seconds on the clock and of the processor."""
    began = time.perf_counter()
    feature(waveforms[0], sample_rate)
    start_s, each = time.perf_counter() - began, []
    for waveform in waveforms:
        began, before = time.perf_counter(), time.process_time()
        feature(waveform, sample_rate)
        each.append((time.perf_counter() - began, time.process_time() - before))
    return start_s, each


if __name__ == "__main__":
    main()
