"""How long it takes to measure what a row costs: the two networks of the study `quickstart`, on a clip of synthetic speech.

Run from the repository: python tests/benchmarks/cost.py [--repeats N]

Target: less than 3 s for a row, the median of all, by a process that has loaded its libraries, as it does in a run while the last trainings
go on. A reason for which nothing was measured is an error.
"""

from __future__ import annotations

import argparse
from contextlib import closing

from table import Measured, finish, medians, timed

from harness.data.corpora import open_corpus
from harness.study.cells import plan
from harness.study.files import chosen_study
from harness.study.trial import Trial
from harness.training.cost import Probe


def main() -> None:
    """Start the process with a first row, then time each network."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3, help="measurements of each network")
    options = parser.parse_args()
    study = chosen_study("quickstart").study
    corpus = open_corpus(study.corpus, None)
    networks = {cell.base.architecture: cell.base for cell in plan(study, corpus.fingerprint)}

    def measure(trial: Trial) -> None:
        (figures, reason), = probe.measure([trial])
        assert figures and not reason, reason

    first, *_ = networks.values()
    with closing(Probe(first, corpus)) as probe:
        start = timed(lambda: measure(first))
        rows = [timed(lambda trial=trial: measure(trial)) for trial in networks.values() for _ in range(options.repeats)]  # type: ignore[misc]
    finish([Measured("start of the process that measures, with a first row", start[0]),
            Measured("a row after that", medians(rows)[0], target=3.0)])


if __name__ == "__main__":
    main()
