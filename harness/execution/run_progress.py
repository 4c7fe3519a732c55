"""How far a run is, in one line: trainings done, the time that passed, the time that is left, and the best validation UAR so far."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from harness.console import Console
from harness.execution.duration import in_words

Kind = Literal["trial", "seed"]
WIDTH_OF_LINES = 80


@dataclass
class Training:
    """One that runs: of which cell and kind, in how many steps at most, and when steps ended, by the clock of the run.

    Args: steps: epochs, or folds. first: when the first one ended; before it lies what is done once. last, done: the latest one.
    """

    cell: str
    kind: Kind
    steps: int
    started: float
    first: float = 0.0
    last: float = 0.0
    done: int = 0

    @property
    def whole_s(self) -> float | None:
        """How long it takes with all its steps, once two of them have shown their pace."""
        if self.done < 2:
            return None
        return self.first - self.started + (self.steps - 1) * (self.last - self.first) / (self.done - 1)


@dataclass
class Ended:
    """How long a training took that ended. Args: whole: not pruned, so that it says how long a final takes, too."""

    cell: str
    kind: Kind
    seconds: float
    whole: bool


class RunProgress:
    """What a run has done and has still to do.

    Args: clock: in seconds.
    Attributes:
        left: key of a cell -> trials and seeds of its final that are still to be started; set by the run.
        slots: trainings at a time.
    """

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self.console, self.clock = console, clock
        self.left: Mapping[str, tuple[int, int]] = {}
        self.done, self.best, self.slots = 0, 0.0, 1
        self._running: dict[str, Training] = {}
        self._ended: list[Ended] = []
        self._began = clock()

    @contextmanager
    def shown(self) -> Iterator[None]:
        """A region in which a terminal shows the line, always up to date; its last state stays there."""
        with self.console.progress(self.line):
            yield
        if self.done:
            self.console.say(self.line(self.console.err.width if self.console.err.is_terminal else WIDTH_OF_LINES))

    def start(self, uid: str, cell: str, kind: Kind, steps: int) -> None:
        """A training begins, or begins again."""
        self._running[uid] = Training(cell, kind, steps, self.clock())
        self.slots = max(self.slots, len(self._running))

    def step(self, uid: str, done: int) -> None:
        """An epoch, or a fold, of a training ended."""
        if training := self._running.get(uid):
            training.done, training.last = done, self.clock()
            training.first = training.first or training.last

    def end(self, uid: str, validation_uar: float = 0.0, pruned: bool = False) -> None:
        """A training ended by itself."""
        if training := self._running.pop(uid, None):
            self._ended.append(Ended(training.cell, training.kind, self.clock() - training.started, not pruned))
        self.count(validation_uar)

    def count(self, validation_uar: float = 0.0) -> None:
        """One more is done."""
        self.done, self.best = self.done + 1, max(self.best, validation_uar)

    def drop(self, uid: str) -> None:
        """A training is given up without an end."""
        self._running.pop(uid, None)

    @property
    def total(self) -> int:
        """All trainings of the run: done, running, and still to be started."""
        return self.done + len(self._running) + sum(trials + seeds for trials, seeds in self.left.values())

    def left_s(self) -> float | None:
        """The seconds that are left; None while nothing is known of how long a training takes."""
        now, paces = self.clock(), {(cell, kind): self.pace(cell, kind) for cell in self._cells() for kind in ("trial", "seed")}
        known = [pace for pace in paces.values() if pace is not None]
        if not known:
            return None
        typical = statistics.mean(known)  # of cells that nothing is known of yet
        rest = [max(0.0, (paces[t.cell, t.kind] or typical) - (now - t.started)) for t in self._running.values()]
        waiting = sum(trials * (paces[cell, "trial"] or typical) + seeds * (paces[cell, "seed"] or typical)
                      for cell, (trials, seeds) in self.left.items())
        return max([(sum(rest) + waiting) / self.slots, *rest])

    def _cells(self) -> set[str]:
        return {*self.left, *(training.cell for training in self._running.values())}

    def pace(self, cell: str, kind: Kind) -> float | None:
        """What a training of a cell takes: the mean of those that ended, pruned ones among trials; else by the epochs of one that runs."""
        ended = [each for each in self._ended if each.cell == cell]
        whole = [t.whole_s for t in self._running.values() if t.cell == cell and t.whole_s is not None]
        for seconds in ([e.seconds for e in ended if e.kind == kind], [e.seconds for e in ended if e.whole], whole,
                        [e.seconds for e in ended]):
            if seconds:
                return statistics.mean(seconds)
        return None

    def line(self, width: int) -> str:
        """The longest of three forms that fits so many columns; the shortest fits 60."""
        total, left_s = self.total, self.left_s()
        left = in_words(left_s) if left_s is not None else ""
        passed = clock_time(self.clock() - self._began)
        best = f"{self.best:.3f}" if self.best else ""
        if self.done == total:
            forms = [[f"{total} of {total} trainings", f"{passed} elapsed", best and f"best validation UAR {best}"]]
        else:
            forms = [[f"{self.done} of {total} trainings", f"{passed} elapsed", f"about {left} left" if left else "time left not known yet",
                      best and f"best validation UAR {best}"],
                     [f"{self.done} of {total} trained", f"{passed} elapsed", left and f"about {left} left", best and f"best UAR {best}"],
                     [f"{self.done}/{total}", f"{passed} elapsed", left and f"{left} left", best and f"best UAR {best}"]]
        lines = [", ".join(part for part in form if part) for form in forms]
        return next((line for line in lines if len(line) <= width), lines[-1])

    def tell(self, outcome: str) -> None:
        """A line on a training that ended; where no terminal shows how far the run is, the line begins with that."""
        self.console.say(outcome if self.console.is_live else f"{self.in_short()}: {outcome.strip()}")

    def in_short(self) -> str:
        """`3/9, 5 min left`: what is done, and what is left once that can be told."""
        left_s = self.left_s()
        return f"{self.done}/{self.total}" + (f", {in_words(left_s)} left" if left_s else "")


def clock_time(seconds: float) -> str:
    """Hours, minutes and seconds as clocks show them.

    >>> clock_time(9.4), clock_time(250), clock_time(3725)
    ('0:09', '4:10', '1:02:05')
    """
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"
