"""How long the statistics of a large leaderboard take: intervals of every row, and every pair tested and corrected.

Run from the repository: python tests/benchmarks/significance.py [--rows N] [--resamples N]

30 rows × 3 seeds × 1,800 test clips of 40 speakers, as predictions that no training gave, with 10,000 resamples. Target: less than 20 s
and less than 500 MB in a new process, its imports included. The reference rows of 150 emotions, all equally frequent, may take at most
20 times as long as those of 6 on as many clips: the majority class is then 150 constant answers.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from table import Measured, finish, timed

SEEDS, CLIPS, SPEAKERS, EMOTIONS = 3, 1_800, 40, ("ANG", "DIS", "FEA", "HAP", "NEU", "SAD")


def main() -> None:
    """Measure in a process of its own, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=30, help="default 30")
    parser.add_argument("--resamples", type=int, default=10_000, help="default 10,000")
    parser.add_argument("--only", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        print(json.dumps(compute(options.rows, options.resamples)))
        return
    told: list[dict[str, float]] = []
    took = timed(lambda: told.append(measure(options)))
    pairs = options.rows * (options.rows - 1) // 2
    what = f"{options.rows} rows × {SEEDS} seeds × {CLIPS:,} clips, {options.resamples:,} resamples"
    finish([Measured(f"intervals and {pairs} corrected pairs by three scores: {what}", took[0], target=20, processor_s=took[1]),
            Measured("of it the intervals", told[0]["intervals_s"]), Measured("of it the pairs", told[0]["pairs_s"]),
            Measured("reference rows of 150 emotions against those of 6, 900 clips", told[0]["many_emotions"], unit="×", target=20),
            Measured("peak memory", told[0]["peak_mb"], unit="MB", target=500)])


def measure(options: argparse.Namespace) -> dict[str, float]:
    flags = ["--only", "--rows", str(options.rows), "--resamples", str(options.resamples)]
    done = subprocess.run([sys.executable, __file__, *flags], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def compute(rows: int, resamples: int) -> dict[str, float]:
    """Count the predictions, give every row its intervals, and test every pair."""
    import resource
    import time

    import numpy as np

    from harness.evaluation.intervals import table_intervals
    from harness.evaluation.ranks import pairs
    from harness.training.predictions import Predictions, speaker_counts

    rng = np.random.default_rng(0)
    truth, speakers = rng.integers(0, len(EMOTIONS), CLIPS), np.array([f"S{i % SPEAKERS:02d}" for i in range(CLIPS)])
    clips = np.array([f"clip_{i:04d}" for i in range(CLIPS)])

    def said() -> Predictions:
        probabilities = rng.dirichlet(np.ones(len(EMOTIONS)), CLIPS) + 0.3 * np.eye(len(EMOTIONS))[truth]
        return Predictions(EMOTIONS, clips, truth, probabilities / probabilities.sum(axis=1, keepdims=True), {"speaker": speakers})

    counts = [speaker_counts([said() for _ in range(SEEDS)]) for _ in range(rows)]
    began = time.perf_counter()
    intervals = table_intervals(counts, resamples)
    between = time.perf_counter()
    tested = pairs(counts, resamples)
    pairs_s = time.perf_counter() - between
    if len(intervals) != rows or tested["uar"].corrected.shape != (rows, rows):
        sys.exit("the statistics are not whole")
    few, many = (min(_references_s(emotions) for _ in range(3)) for emotions in (6, 150))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    return {"intervals_s": between - began, "pairs_s": pairs_s, "many_emotions": many / few, "peak_mb": peak}


def _references_s(emotions: int) -> float:
    """Seconds for the reference rows of 900 clips of 10 speakers, every emotion as often as the others."""
    import time

    import numpy as np

    from harness.evaluation.references import references
    from harness.training.predictions import Predictions

    names = tuple(f"emotion {i:03d}" for i in range(emotions))
    truth, speakers = np.arange(900) % emotions, np.array([f"S{i % 10}" for i in range(900)])
    test = Predictions(names, np.array([f"clip_{i:03d}" for i in range(900)]), truth, np.full((900, emotions), 1 / emotions),
                       {"speaker": speakers})
    began = time.perf_counter()
    references(test, dict.fromkeys(names, 20))
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
