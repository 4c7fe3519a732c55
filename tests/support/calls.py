"""How tests call `bench`, in this process or in one of its own, and what they look at afterwards."""

from __future__ import annotations

import contextlib
import io
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.cli.entry import main

TINY = Path(__file__).with_name("tiny_study.py")
SOON_S = 90  # a bound for what takes a few seconds on a machine that does nothing else


@dataclass(frozen=True)
class Outcome:
    """What a command gave."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Ran:
    """A home below which the tiny study was run once."""

    home: Path
    outcome: Outcome


def bench(*arguments: Any) -> Outcome:
    """Call `bench` in this process, in which trials are trained, too, unless the call says where."""
    trains = arguments[:1] and arguments[0] in ("run", "replicate", "leakage", "transfer")
    if trains and not {"--workers", "--scheduler", "--dry-run"} & set(arguments):
        arguments = (*arguments, "--in-process")
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as stop:
            code = int(stop.code or 0)
    return Outcome(code, out.getvalue(), err.getvalue())


def start(*arguments: Any) -> subprocess.Popen[str]:
    """Start `bench` as a process of its own."""
    program = "import sys; from harness.cli import main; sys.exit(main())"
    return subprocess.Popen([sys.executable, "-c", program, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"})


def run_python(code: str, folder: Path) -> str:
    """What a script prints that is run in a folder, by a user who has set no variable of bench's."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("BENCH_", "MLFLOW_", "KERAS_"))}
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def eventually(holds: Callable[[], Any], seconds: float = SOON_S) -> Any:
    """What `holds` gives as soon as that is true; AssertionError when it has not come true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = holds()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{holds.__name__} did not come true within {seconds} s")


def free_port() -> int:
    """A port of this machine that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def study_file(folder: Path, changes: str, name: str = "own", preamble: str = "") -> Path:
    """A study file like the tiny one with other fields."""
    path = folder / f"{name}.py"
    path.write_text(f'"""A question of a test."""\nimport dataclasses, sys\nsys.path.insert(0, {str(TINY.parent)!r})\n'
                    f"from tiny_study import *\n{preamble}\nSTUDY = dataclasses.replace(STUDY, {changes})\n", encoding="utf-8")
    return path
