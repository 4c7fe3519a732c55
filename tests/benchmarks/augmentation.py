"""How fast the altered copies of a training part are made, against the loop that one would write by hand.

Run from the repository: python tests/benchmarks/augmentation.py --data DIR [--clips N] [--sample N]

DIR is the folder of CREMA-D. The five published copies (noise by σ, time stretch, roll, pitch shift, gain) of the training
part of `random_70_30` are made as mel spectrograms: by `copies` on all cores, and by one process with librosa's own effects
on a sample of these clips, its time scaled up. Target on 2 cores: at least 1.7 times as many
clips a second. Each way runs in a new process and its imports count; audio files are read once before, so that both find
them in memory.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

SAMPLE = 300
SAMPLES = 48_000  # 3 s
TARGET = 1.7


def main() -> None:
    """Measure both ways, print them, and end with 1 when the target is missed."""
    options = arguments()
    if options.only:
        print(json.dumps({"copies": parallel, "plain": plain}[options.only](options)))
        return
    touched = sum(len(path.read_bytes()) for path in options.data.rglob("*") if path.is_file())
    print(f"{os.cpu_count()} cores, {touched / 1e6:.0f} MB of audio, load {os.getloadavg()[0]:.1f} before")
    report(measure("copies", options), measure("plain", options))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of CREMA-D")
    parser.add_argument("--clips", type=int, help="the first N training clips only")
    parser.add_argument("--sample", type=int, default=SAMPLE, help=f"clips of the plain loop; default {SAMPLE}")
    parser.add_argument("--only", choices=["copies", "plain"], help=argparse.SUPPRESS)
    return parser.parse_args()


def measure(way: str, options: argparse.Namespace) -> dict[str, float]:
    """Run one way in a process of its own: what it printed, with its wall time."""
    flags = ["--data", str(options.data), "--sample", str(options.sample), *(["--clips", str(options.clips)] if options.clips else [])]
    began = time.perf_counter()
    done = subprocess.run([sys.executable, __file__, "--only", way, *flags], stdout=subprocess.PIPE, text=True, check=True)
    return {**json.loads(done.stdout), "wall_s": time.perf_counter() - began}


def parallel(options: argparse.Namespace) -> dict[str, float]:
    """The five copies of the training part through the cache, which is empty."""
    from harness.data.augmented_copies import copies
    from registry.augmentation import Augmentation
    from registry.core import get
    from registry.feature_space import FeatureSpace
    from registry.feature_spaces.mel import Mel
    from registry.splits.random_70_30 import Random7030

    corpus = get("corpora", "crema_d")().load(options.data)
    train = Random7030()(corpus).train[: options.clips]
    names = ("noise_sigma", "time_stretch", "time_shift", "pitch_shift", "gain")
    augmentation = Augmentation(copies=tuple(get("augmentations", name)() for name in names))
    space = FeatureSpace(features=(Mel(n_mels=40),), join="image")
    with tempfile.TemporaryDirectory() as folder:
        made = copies(corpus, train, space, augmentation, 0, Path(folder))
        return {"clips": len(train), "copies": sum(map(len, made))}


def plain(options: argparse.Namespace) -> dict[str, float]:
    """One process, one clip after the other, librosa's effects as in its documentation."""
    import librosa
    import numpy as np
    import soundfile

    from registry.core import get
    from registry.splits.random_70_30 import Random7030

    corpus = get("corpora", "crema_d")().load(options.data)
    train = Random7030()(corpus).train[: options.clips][: options.sample]
    rng, rows, began = np.random.default_rng(0), [], time.perf_counter()
    for clip in (corpus.clips[i] for i in train):
        waveform, sample_rate = soundfile.read(clip.path, dtype="float32")
        altered = (
            waveform + 0.005 * rng.standard_normal(len(waveform), dtype=np.float32),
            librosa.effects.time_stretch(waveform, rate=rng.uniform(0.9, 1.1)),
            np.roll(waveform, rng.integers(-5000, 5001)),
            librosa.effects.pitch_shift(waveform, sr=sample_rate, n_steps=rng.uniform(-3, 2)),
            waveform * np.float32(rng.uniform(0.5, 1.5)),
        )
        for copy in altered:
            fitted = librosa.util.fix_length(copy, size=SAMPLES)
            power = librosa.feature.melspectrogram(y=fitted, sr=sample_rate, n_fft=1024, hop_length=512, n_mels=40)
            rows.append(librosa.power_to_db(power).T)
    return {"clips": len(train), "copies": len(np.stack(rows)), "loop_s": time.perf_counter() - began}


def report(made: dict[str, float], loop: dict[str, float]) -> None:
    """Clips a second of both ways, where a clip is one with all its copies, and their ratio.

    The loop over the sample is scaled up to all clips; its start, which would weigh too much in a sample, is not.
    """
    clips = made["clips"]
    loop_s = loop["wall_s"] + loop["loop_s"] * (clips / loop["clips"] - 1)
    print(f"copies {clips / made['wall_s']:6.1f} clips/s, {made['wall_s']:.1f} s for {made['copies']} copies of {clips} clips")
    print(f"plain  {clips / loop_s:6.1f} clips/s, {loop_s:.1f} s for the same (measured on {loop['clips']} clips and scaled)")
    ratio = loop_s / made["wall_s"]
    met = ratio >= TARGET
    print(f"{'met   ' if met else 'MISSED'} copies are made {ratio:.2f} times as fast as by the plain loop (at least {TARGET})")
    sys.exit(not met)


if __name__ == "__main__":
    main()
