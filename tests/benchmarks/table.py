"""What the benchmarks print: targets beside what was measured, and the machine, as a Markdown table."""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Measured:
    """One figure; without a `target` it is printed for comparison only, otherwise it must lie below it.

    Args:
        processor_s: processor time of the same work, which others on the machine change less than the time on the clock.
    """

    what: str
    value: float
    unit: str = "s"
    target: float | None = None
    processor_s: float | None = None

    @property
    def missed(self) -> bool:
        return self.target is not None and not self.value < self.target

    def row(self) -> str:
        """The figure as a line of the table."""
        target = "" if self.target is None else f"< {self.target:g} {self.unit}"
        verdict = "" if self.target is None else "missed" if self.missed else "met"
        processor = "" if self.processor_s is None else f"{self.processor_s:.3g} s"
        return f"| {self.what} | {target} | {self.value:.3g} {self.unit} | {processor} | {verdict} |"


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the clock, and of the processor in this process and the children it waited for."""
    began, before = time.perf_counter(), os.times()
    work()
    return time.perf_counter() - began, sum(os.times()[:4]) - sum(before[:4])


def medians(runs: list[tuple[float, float]]) -> tuple[float, float]:
    """The median of each column."""
    clock, processor = zip(*runs, strict=True)
    return statistics.median(clock), statistics.median(processor)


def finish(figures: list[Measured]) -> None:
    """Print the table and the machine, and end the process with 1 when a target is missed."""
    print("| what | target | measured | processor time | verdict |\n|---|--:|--:|--:|---|")
    print("\n".join(figure.row() for figure in figures))
    print(f"\n{machine()}")
    sys.exit(any(figure.missed for figure in figures))


def machine() -> str:
    """Cores, memory and how busy they are: a load above zero before the measurement makes every figure worse."""
    import psutil

    memory = round(psutil.virtual_memory().total / 1e9)
    return f"{psutil.cpu_count()} cores, {memory} GB, Python {sys.version.split()[0]}, load {os.getloadavg()[0]:.1f} at the end"
