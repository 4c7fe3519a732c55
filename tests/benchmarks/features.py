"""How fast features are computed and found again, against the loop that one would write by hand.

Run from the repository: python tests/benchmarks/features.py --data DIR [--clips N] [--quick]

DIR is the folder of CREMA-D. Targets on 2 cores: cold at least 1.7 times as fast as the plain loop and in at most 1.3 GB,
warm in less than 1 s. Each way runs in a new process and its imports count; audio files are read once before, so that all
find them in memory.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

SAMPLES = 48_000  # 3 s
QUICK_CLIPS = 600


def main() -> None:
    """Measure the three ways, print them, and end with 1 when a target is missed."""
    options = arguments()
    if options.only:
        print(json.dumps({"cold": cached, "warm": cached, "plain": plain}[options.only](options)))
        return
    with tempfile.TemporaryDirectory() as folder:
        options.cache = folder
        touched = sum(len(path.read_bytes()) for path in options.data.rglob("*") if path.is_file())
        print(f"{os.cpu_count()} cores, {touched / 1e6:.0f} MB of audio")
        cold, warm = measure("cold", options), measure("warm", options)
        loop = measure("plain", options)
    report(cold, warm, loop)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of CREMA-D")
    parser.add_argument("--clips", type=int, help="the first N clips only")
    parser.add_argument("--quick", action="store_true", help=f"the plain loop over {QUICK_CLIPS} clips only, its time scaled up")
    parser.add_argument("--only", choices=["cold", "warm", "plain"], help=argparse.SUPPRESS)
    parser.add_argument("--cache", help=argparse.SUPPRESS)
    return parser.parse_args()


def measure(way: str, options: argparse.Namespace) -> dict[str, float]:
    """Run one way in a process of its own: what it printed, with its wall time and the peak memory of its process tree."""
    flags = ["--data", str(options.data), "--cache", options.cache, *(["--clips", str(options.clips)] if options.clips else [])]
    flags += ["--quick"] if options.quick else []
    began = time.perf_counter()
    with subprocess.Popen([sys.executable, __file__, "--only", way, *flags], stdout=subprocess.PIPE, text=True) as process:
        peak = [0]
        watcher = threading.Thread(target=watch, args=(process, peak))
        watcher.start()
        printed = process.communicate()[0]
        wall_s = time.perf_counter() - began
        watcher.join()
    if process.returncode:
        sys.exit(f"the {way} measurement failed")
    return {**json.loads(printed), "wall_s": wall_s, "peak_bytes": peak[0]}


def watch(process: subprocess.Popen[str], peak: list[int]) -> None:
    """Keep the largest sum of resident memory over a process and its descendants; pages that they share count for each."""
    import psutil

    while process.poll() is None:
        try:
            root = psutil.Process(process.pid)
            total = sum(resident(one) for one in (root, *root.children(recursive=True)))
        except psutil.NoSuchProcess:
            return
        peak[0] = max(peak[0], total)
        time.sleep(0.05)


def resident(process: object) -> int:
    import psutil

    try:
        return int(process.memory_info().rss)  # type: ignore[attr-defined]
    except psutil.Error:
        return 0


def cached(options: argparse.Namespace) -> dict[str, float]:
    """Features of the corpus through the cache: computed when it is empty, verified and opened when it is not."""
    from harness.data.features import features
    from registry.core import get
    from registry.feature_space import FeatureSpace
    from registry.feature_spaces.mel import Mel

    began = time.perf_counter()
    corpus = get("corpora", "crema_d")().load(options.data)
    if options.clips:
        import dataclasses

        corpus = dataclasses.replace(corpus, clips=corpus.clips[: options.clips])
    listed = time.perf_counter()
    found = features(corpus, FeatureSpace(features=(Mel(),), join="image"), Path(options.cache))
    return {"clips": len(found), "listing_s": listed - began, "features_s": time.perf_counter() - listed,
            "librosa_loaded": "librosa" in sys.modules}


def plain(options: argparse.Namespace) -> dict[str, float]:
    """One process, one clip after the other, librosa as in its tutorial."""
    import librosa
    import numpy as np
    import soundfile

    from registry.core import get

    clips = get("corpora", "crema_d")().load(options.data).clips[: options.clips]
    chosen = clips[:QUICK_CLIPS] if options.quick else clips
    began = time.perf_counter()
    rows = []
    for clip in chosen:
        waveform, sample_rate = soundfile.read(clip.path, dtype="float32")
        waveform = np.pad(waveform[:SAMPLES], (0, max(0, SAMPLES - len(waveform))))
        power = librosa.feature.melspectrogram(y=waveform, sr=sample_rate, n_fft=1024, hop_length=512, n_mels=64)
        rows.append(librosa.power_to_db(power).T)
    loop_s = time.perf_counter() - began
    return {"clips": len(np.stack(rows)), "left_to_scale_s": loop_s * (len(clips) / len(chosen) - 1)}


def gigabytes(way: dict[str, float]) -> str:
    return f"peak {way['peak_bytes'] / 1e9:.2f} GB"


def report(cold: dict[str, float], warm: dict[str, float], loop: dict[str, float]) -> None:
    loop_s = loop["wall_s"] + loop["left_to_scale_s"]
    scaled = f" (measured on {loop['clips']} and scaled)" if loop["left_to_scale_s"] else ""
    ratio, warm_s = loop_s / cold["wall_s"], warm["listing_s"] + warm["features_s"]
    clips = cold["clips"]
    print(f"cold   {clips / cold['wall_s']:5.0f} clips/s, {cold['wall_s']:.2f} s for {clips} clips, {gigabytes(cold)}")
    print(f"plain  {clips / loop_s:5.0f} clips/s, {loop_s:.2f} s for {clips} clips{scaled}, {gigabytes(loop)}")
    print(f"warm   {warm_s:.2f} s: listing {warm['listing_s']:.2f} s, hashing, verifying and opening {warm['features_s']:.2f} s; "
          f"{warm['wall_s']:.2f} s with the interpreter's start; librosa loaded: {'yes' if warm['librosa_loaded'] else 'no'}")
    targets = {f"cold is {ratio:.2f} times as fast as plain (at least 1.7)": ratio >= 1.7,
               f"{gigabytes(cold)} (at most 1.3)": cold["peak_bytes"] <= 1.3e9,
               f"warm in {warm_s:.2f} s (less than 1)": warm_s < 1.0}
    for target, met in targets.items():
        print(f"{'met   ' if met else 'MISSED'} {target}")
    sys.exit(not all(targets.values()))


if __name__ == "__main__":
    main()
