"""How long the `bench` command takes to answer, and what the first use of each heavy library costs.

Run from the repository: python tests/benchmarks/startup.py [--repeats N]

Targets: `bench --help` and `bench list` in less than 0.4 s, the median of 5 starts of the console script. Each first use is measured once
in a new process, what it imports included; none has a target of its own.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from table import Measured, finish, medians, timed

BENCH = Path(sys.executable).with_name("bench")
ANSWERS = (("--help",), ("list",))
FIRST_USES = {
    "MLflow imported": "import mlflow",
    "MLflow imported, new store made": "from harness.tracking.store import Store; Store(home).experiment('first')",
    "Optuna imported, new store made": "from harness.search.storage import storage; storage(home)",
    "Keras and its backend imported, devices found": "from harness.training.backend import set_up; set_up()",
    "scikit-learn's metrics imported": "import sklearn.metrics",
    "first picture drawn": "from harness.training.figures import confusion_figure as draw, save; "
                           "save(draw([[1]], ('NEU',), ''), home / 'a.png')",
}


def main() -> None:
    """Time the commands, then the first uses."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5, help="starts of each command")
    options = parser.parse_args()
    answers = [measured(f"`bench {' '.join(words)}`", answer(words, options.repeats), target=0.4) for words in ANSWERS]
    finish([*answers, *(measured(what, first_use(code)) for what, code in FIRST_USES.items())])


def measured(what: str, times: tuple[float, float], target: float | None = None) -> Measured:
    return Measured(what, times[0], target=target, processor_s=times[1])


def answer(words: tuple[str, ...], repeats: int) -> tuple[float, float]:
    """Median times from starting the console script to its end; one start before warms the disk."""
    return medians([start([str(BENCH), *words]) for _ in range(repeats + 1)][1:])


def first_use(code: str) -> tuple[float, float]:
    """Times that a new interpreter takes for some code, its own start included."""
    with tempfile.TemporaryDirectory() as home:
        return start([sys.executable, "-c", f"from pathlib import Path; home = Path({home!r}); {code}"])


def start(command: list[str]) -> tuple[float, float]:
    return timed(lambda: subprocess.run(command, check=True, capture_output=True, cwd=Path(__file__).parents[2]))


if __name__ == "__main__":
    main()
