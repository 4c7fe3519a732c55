"""What a command prints: results and tables on stdout, messages and progress on stderr, nothing obeyed that is in a name."""

from __future__ import annotations

import pytest

from harness.console import Console


def test_results_go_to_stdout_and_messages_to_stderr_where_quiet_drops_them(capsys: pytest.CaptureFixture[str]) -> None:
    for console in (Console(), Console(quiet=True)):
        console.result("0.500 [bold]")
        console.say("trial 1")
    printed = capsys.readouterr()
    assert printed.out == "0.500 [bold]\n" * 2 and printed.err == "trial 1\n"


def test_a_table_aligns_columns_of_numbers_to_the_right(capsys: pytest.CaptureFixture[str]) -> None:
    Console().table(["cell", "UAR"], [["a", "0.5"], ["b", "10.25"]], title="own")
    lines = capsys.readouterr().out.splitlines()
    row = next(line for line in lines if "0.5" in line)
    assert lines[0].strip() == "own" and row.index("0.5") + len("0.5") == next(line for line in lines if "10.25" in line).index("10.25") + 5


def test_without_a_terminal_long_work_is_a_line_at_each_tenth_and_short_work_none(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console()
    with console.progress(), console.bar("features", 1000) as bar:
        for done in range(0, 1001, 50):
            bar.update(done, 1000)
    with console.bar("finals", 10) as bar:
        bar.update(5, 10, note="half")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10 and lines[0] == "features: 100 of 1,000" and lines[-1] == "features: 1,000 of 1,000"


def test_a_terminal_of_a_few_columns_gets_tables_that_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "9")
    assert Console().out.width == 40
    monkeypatch.setenv("COLUMNS", "90")
    assert Console().out.width == 90
