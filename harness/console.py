"""The terminal: tables and results on stdout; messages and progress on stderr, as live bars on a terminal and as lines elsewhere."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console as RichConsole
from rich.console import RenderableType
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column
from rich.text import Text

from harness.safe_text import printable
from harness.table_layout import TableLayout

ONE_LINE = Column(no_wrap=True, overflow="ellipsis")
COLUMNS = (TextColumn("{task.description}", table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")), BarColumn(bar_width=12),
           MofNCompleteColumn(table_column=ONE_LINE), TimeRemainingColumn(compact=True, table_column=ONE_LINE),
           TextColumn("{task.fields[note]}", table_column=ONE_LINE))
WIDTH_ELSEWHERE = 180  # of tables that go to a file or a pipe
NARROWEST = 40  # columns of a terminal: on narrower ones tables are wider than it, and can be read


class _RichConsole(RichConsole):
    """Leaves it to the command what to do when a reader such as `head` has read enough."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class _Bars(Progress):
    """Bars, one a line of the terminal's width, below a line of text."""

    headline: Callable[[int], str] | None = None  # the columns of the terminal -> the text

    def get_renderables(self) -> Iterable[RenderableType]:
        if self.headline:
            yield Text(printable(self.headline(self.console.width)), no_wrap=True, overflow="ellipsis")
        yield self.make_tasks_table(self.tasks)


class Console:
    """Prints for one command; `quiet` leaves only results and errors."""

    def __init__(self, quiet: bool = False) -> None:
        self.out = _RichConsole(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else WIDTH_ELSEWHERE)
        if self.out.width < NARROWEST:
            self.out.width = NARROWEST
        self.err = _RichConsole(stderr=True, highlight=False, soft_wrap=True, quiet=quiet)
        self._progress: Progress | None = None

    def say(self, text: str) -> None:
        """One line of progress, on stderr; on a terminal wrapped at words."""
        self.err.print(_for_width(text, self.err), markup=False)

    def result(self, text: str, whole: bool = False) -> None:
        """A line of the command's result, on stdout, as it is but for secrets and control codes; on a terminal wrapped at words.

        Args: whole: left to the terminal to wrap, as commands that are to be copied.
        """
        self.out.print(printable(text) if whole else _for_width(text, self.out), markup=False)

    def table(self, headings: list[str], rows: list[list[str]], title: str | None = None, optional: Sequence[str] = ()) -> list[str]:
        """A table on stdout, columns of numbers aligned to the right; where it is too wide, without lines and wrapped at words.

        Args: optional: headings of columns that are left out, the first one first, where words would have to be broken otherwise.
        Returns: the headings that were left out.
        """
        layout = TableLayout([printable(heading) for heading in headings], [[printable(cell) for cell in row] for row in rows],
                             self.out.width, optional)
        if title:
            self.out.print(_for_width(title, self.out), style="bold", markup=False)
        self.out.print(layout.table(), soft_wrap=False)
        return layout.left_out

    @property
    def is_live(self) -> bool:
        """Whether bars are drawn live just now."""
        return self._progress is not None

    @contextmanager
    def progress(self, headline: Callable[[int], str] | None = None) -> Iterator[None]:
        """A region in which bars are drawn live on a terminal.

        Args: headline: gives the line above them for so many columns; it is asked again at each drawing.
        """
        if not self.err.is_terminal or self.err.quiet:
            yield
            return
        progress = _Bars(*COLUMNS, console=self.err, transient=True, expand=True)
        progress.headline = headline
        with progress:
            self._progress = progress
            try:
                yield
            finally:
                self._progress = None

    @contextmanager
    def bar(self, description: str, total: int) -> Iterator[Bar]:
        """A bar that is closed at the end of the block; without a terminal, a line at each tenth of long work."""
        bar = self.open_bar(description, total)
        try:
            yield bar
        finally:
            bar.close()

    def open_bar(self, description: str, total: int) -> Bar:
        """A bar that stays until it is closed."""
        return Bar(self, self._progress, description, total)


def _escaped(text: str) -> str:
    return escape(printable(text))


def _for_width(text: str, console: RichConsole) -> str:
    """A text with its lines wrapped at words, as deep as they begin, for a terminal; as it is for a file or a pipe."""
    text = printable(text)
    if not console.is_terminal:
        return text
    wrapped = [textwrap.wrap(line, console.width, subsequent_indent=" " * (len(line) - len(line.lstrip())), break_long_words=False,
                             break_on_hyphens=False) or [""] for line in text.split("\n")]
    return "\n".join(part for lines in wrapped for part in lines)


class Bar:
    """One progress bar, from `Console.bar` or `Console.open_bar`."""

    def __init__(self, console: Console, progress: Progress | None, description: str, total: int) -> None:
        self.console, self.progress, self.description, self.tenth = console, progress, description, 0
        self.task: Any = progress.add_task(_escaped(description), total=total, note="") if progress else None

    def update(self, done: int, total: int | None = None, note: str = "") -> None:
        """Set it to `done`, of a `total` that may have changed, with a note beside it."""
        if self.progress:
            self.progress.update(self.task, completed=done, total=total or None, note=_escaped(note))
        elif total and total >= 500 and done * 10 // total > self.tenth:
            self.tenth = done * 10 // total
            self.console.say(f"{self.description}: {done:,} of {total:,}")

    def show_features(self, done: int, total: int) -> None:
        """Show in the note how many clips have their features."""
        if self.progress:
            self.progress.update(self.task, note=f"features {done:,} of {total:,}")
        else:
            self.update(done, total)

    def close(self) -> None:
        """Remove the bar."""
        if self.progress:
            self.progress.remove_task(self.task)
