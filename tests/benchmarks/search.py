"""What giving up trials early costs and saves: a full search beside successive halving, each by the real `bench run`, on real clips.

Run from the repository: python tests/benchmarks/search.py --data DIR [--actors N] [--trials N] [--epochs N] [--quick]

DIR holds CREMA-D. Three searches with seeds of their own (other speakers in each part, other points, other first weights) are run with
`prune="none"`, then with `prune="halving"`. Validation alone is compared: the best UAR of each search, its 95 % interval over the clips
of the validation part, and the epochs spent. Target: the best of halving lies within the interval of the full search's best (or above
it) for each seed, with at most 35 % of the epochs over all of them.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from real_search import HEAD, Cell, bench_run, in_words, markdown, searched, warn_if_busy
from table import machine

SHARE = 0.35
STUDY = HEAD + '''STUDY = Study(
    corpus=CremaD(speakers={actors}),
    feature_spaces=(SPACE,),
    architectures=(parse_component("architectures", "residual_2d[filters=8]"),),
    splits=tuple(UnseenSpeakers8020(seed=seed) for seed in {seeds}),
    training=Training(learning_rate=2e-3, epochs={epochs}, early_stopping=None),
    search={{
        "training.learning_rate": FloatDistribution(1e-4, 2e-2, log=True),
        "training.batch_size": CategoricalDistribution([32, 64, 128]),
        "architecture.dropout": FloatDistribution(0.0, 0.5),
    }},
    trials={trials},
    seeds=(0,),
    prune="{prune}",
    measure_cost=False,
)
'''


def main() -> None:
    """Run both searches, print the table, and end with 1 when the target is missed."""
    options = arguments()
    warn_if_busy()
    with tempfile.TemporaryDirectory() as folder:
        (full, full_s), (halved, halved_s) = (searches(options, prune, Path(folder) / prune) for prune in ("none", "halving"))
    pairs = list(zip(full, halved, strict=True))
    rows = [[f"seed {seed}", in_words(a.best, a.low, a.high), in_words(b.best, b.low, b.high), f"{b.best - a.best:+.3f}",
             f"{a.epochs:,}", f"{b.epochs:,}", f"{b.epochs / a.epochs:.0%}"] for seed, (a, b) in zip(options.seeds, pairs, strict=True)]
    every, spent = sum(cell.epochs for cell in full), sum(cell.epochs for cell in halved)
    change = statistics.fmean(b.best - a.best for a, b in pairs)
    rows.append(["together", f"in {full_s:.0f} s", f"in {halved_s:.0f} s", f"{change:+.3f} (mean)",
                 f"{every:,}", f"{spent:,}", f"{spent / every:.0%}"])
    print(markdown(["search", "full, best validation UAR", "halving, best validation UAR", "difference", "epochs, full", "epochs, halving",
                    "share"], rows))
    met = spent <= SHARE * every and all(b.best >= a.low for a, b in pairs)
    print(f"\n{options.trials} trials of {options.epochs} epochs in each search, the first {options.actors} actors; seconds are of the "
          "whole command, with features and a final for each seed.\nTarget: no best below the interval of the full search's, with at most "
          f"{SHARE:.0%} of its epochs: {'met' if met else 'missed'}.\n{machine()}")
    sys.exit(not met)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the corpora")
    parser.add_argument("--actors", type=int, default=24, help="the first N of CREMA-D")
    parser.add_argument("--trials", type=int, default=16, help="of each search")
    parser.add_argument("--epochs", type=int, default=15, help="of each trial")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="of the searches")
    parser.add_argument("--quick", action="store_true", help="one small search each, to see that everything works; its figures say nothing")
    options = parser.parse_args()
    if options.quick:
        options.actors, options.trials, options.epochs, options.seeds = 6, 4, 4, [0]
    return options


def searches(options: argparse.Namespace, prune: str, home: Path) -> tuple[list[Cell], float]:
    """The searches of one kind, in the order of their seeds, and the seconds of the command."""
    text = STUDY.format(actors=options.actors, seeds=tuple(options.seeds), epochs=options.epochs, trials=options.trials, prune=prune)
    seconds = bench_run(text, home, options.data)
    print(f"prune={prune}: {seconds:.0f} s", file=sys.stderr)
    by_protocol = {cell.protocol: cell for cell in searched(home, home.name)}
    return [by_protocol[f"unseen_speakers_80_20[seed={seed}]"] for seed in options.seeds], seconds


if __name__ == "__main__":
    main()
