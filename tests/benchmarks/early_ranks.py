"""Whether early epochs rank settings as the last ones do, under three schedules of the learning rate.

Run from the repository: python tests/benchmarks/early_ranks.py --data DIR [--speakers N] [--epochs N] [--curves FILE]

DIR is the folder of the corpora. A small network is trained on CREMA-D with each of 18 settings (learning rate × batch size ×
dropout) under each schedule, by one thread: 54 trainings. A third of the speakers is validation, and nothing is tested. Printed for
each schedule: the rank correlation (Spearman's), over the settings, of the best validation UAR of the first 5 epochs with that of
all, which is what a search compares and what it chooses by; that of the UAR of epoch 5 alone; both with a 95 % interval (bootstrap
over settings); and the UAR that the best setting and the average one reach. FILE keeps the curves: a second call trains only what
it lacks.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

sys.path.insert(0, str(Path(__file__).parents[2]))

from table import machine

if TYPE_CHECKING:
    import numpy as np

    from registry.corpus import Corpus
    from registry.split import Split

SCHEDULES = ("cosine", "constant", "cooldown")
RATES, BATCHES, DROPOUTS = (3e-4, 1e-3, 3e-3), (32, 64, 128), (0.1, 0.5)
EARLY = 5
DRAWS = 2000


@dataclass(frozen=True)
class ThirdOfSpeakers:
    """A third of the speakers is validation; one is test, which is never scored here."""

    name: ClassVar[str] = "third_of_speakers"
    shares_speakers: ClassVar[bool] = False
    seed: int = 42

    def __call__(self, corpus: Corpus) -> Split:
        from registry.splits._parts import unseen_speakers

        return unseen_speakers(self, corpus, test_share=0.01, validation_share=0.33)


def main() -> None:
    """Train what the file of curves lacks, and print the table."""
    options = arguments()
    for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ[name] = "1"
    curves = json.loads(options.curves.read_text()) if options.curves and options.curves.exists() else {}
    for schedule, *setting in itertools.product(options.schedules, RATES, BATCHES, DROPOUTS):
        key = f"{schedule} {' '.join(map(str, setting))}"
        if key not in curves:
            curves[key] = curve(options, schedule, *setting)
            if options.curves:
                options.curves.write_text(json.dumps(curves, indent=0))
    report({schedule: [uar for key, uar in curves.items() if key.startswith(f"{schedule} ")] for schedule in options.schedules})


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the corpora")
    parser.add_argument("--speakers", type=int, default=24, help="the first so many; default 24")
    parser.add_argument("--epochs", type=int, default=15, help="of each training; default 15")
    parser.add_argument("--schedules", nargs="+", default=SCHEDULES, choices=SCHEDULES)
    parser.add_argument("--curves", type=Path, help="a JSON file of the curves")
    return parser.parse_args()


def curve(options: argparse.Namespace, schedule: str, rate: float, batch: int, dropout: float) -> list[float]:
    """The validation UAR of each epoch of one training."""
    from harness.data.corpora import Workspace, open_corpus
    from harness.study.trial import Training, Trial
    from harness.training.run_trial import run_trial
    from registry.architectures.plain_2d import Plain2D
    from registry.corpora.crema_d import CremaD
    from registry.feature_space import FeatureSpace
    from registry.feature_spaces.mel import Mel

    training: Any = Training(learning_rate=rate, batch_size=batch, epochs=options.epochs, schedule=schedule, early_stopping=None)
    corpus = CremaD(speakers=options.speakers)
    workspace = Workspace(Path(tempfile.gettempdir()) / "early_ranks", data=options.data)
    trial = Trial(corpus=corpus, corpus_fingerprint=open_corpus(corpus, options.data).fingerprint, split=ThirdOfSpeakers(),
                  feature_space=FeatureSpace(features=(Mel(n_mels=40),), join="image"), training=training,
                  architecture=Plain2D(filters=(8, 16, 24), dense_dropouts=(dropout,)))
    result = run_trial(trial, workspace, lambda epoch, metrics: None)
    print(f"{schedule} {rate:g} {batch} {dropout:g}: {result.state} {result.reason} {result.counts} "
          f"{max(result.history['validation_uar']):.3f} in {result.seconds['fit']:.0f} s", file=sys.stderr, flush=True)
    return result.history["validation_uar"]


def report(curves: dict[str, list[list[float]]]) -> None:
    """The table: a row for each schedule."""
    import numpy as np

    print("| schedule | rank correlation, best of epochs 1–5 | of epoch 5 alone | best validation UAR | mean over settings |")
    print("|---|---|---|--:|--:|")
    for schedule, rows in curves.items():
        uar = np.array(rows)  # (settings, epochs)
        best = uar.max(axis=1)
        early = [correlation(values, best) for values in (uar[:, :EARLY].max(axis=1), uar[:, EARLY - 1])]
        print(f"| `{schedule}` | {early[0]} | {early[1]} | {best.max():.3f} | {best.mean():.3f} |")
    settings, epochs = np.array(next(iter(curves.values()))).shape
    print(f"\n{settings} settings, {epochs} epochs; {machine()}")


def correlation(early: np.ndarray, final: np.ndarray) -> str:
    """Spearman's rank correlation with its interval, over settings drawn with replacement."""
    import numpy as np
    from scipy.stats import spearmanr

    rng = np.random.default_rng(0)
    draws = (rng.integers(len(final), size=len(final)) for _ in range(DRAWS))
    low, high = np.nanpercentile([spearmanr(early[draw], final[draw]).statistic for draw in draws], [2.5, 97.5])
    return f"{spearmanr(early, final).statistic:.2f} [{low:.2f}, {high:.2f}]"


if __name__ == "__main__":
    main()
