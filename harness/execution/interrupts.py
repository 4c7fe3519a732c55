"""Ctrl-C, once: finish what is running and start nothing new; twice: stop now."""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any

from harness.console import Console


class Stopping:
    """While it is entered, the first Ctrl-C sets `requested`, and the second raises KeyboardInterrupt."""

    def __init__(self, console: Console) -> None:
        self.console, self.requested = console, False
        self._before: Any = None

    def __enter__(self) -> Stopping:
        try:
            self._before = signal.signal(signal.SIGINT, self._on_interrupt)
        except ValueError:  # only the main thread gets signals
            self._before = None
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _on_interrupt(self, _number: int, _frame: FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
        self.console.say("stopping: what is running is finished first; Ctrl-C again stops now")
