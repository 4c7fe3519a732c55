"""Every fault ends in a message and an exit code, never in a traceback."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from calls import SOON_S, TINY, bench, start


@pytest.mark.parametrize("arguments", [(), ("run",), ("nope",), ("list", "nope"), ("run", "--study", "quickstart", "--trials", "many"),
                                       ("run", "--study", "quickstart", "--workers", "-7"),
                                       ("run", "--study", "quickstart", "--trial-timeout", "soon"),
                                       ("run", "--study", "quickstart", "--scheduler", "tcp://nowhere"),
                                       ("check", "synthetic", "--feature-workers", "-7"),
                                       ("show", "quickstart", "--feature-workers", "two")])
def test_a_call_that_the_parser_refuses_ends_with_code_2_and_the_usage(arguments: tuple[str, ...]) -> None:
    outcome = bench(*arguments)
    assert outcome.code == 2 and outcome.err.startswith("usage: bench")


def test_debug_shows_where_a_fault_lies() -> None:
    with pytest.raises(Exception, match="no study is called 'nope'"):
        bench("run", "--study", "nope", "--debug")


def test_no_library_and_no_traceback_stands_between_a_user_and_the_message() -> None:
    program = "import sys; from harness.cli import main; code = main(['run', '--study', 'nope']); " \
              "print(sorted({'keras', 'tensorflow', 'mlflow', 'librosa', 'optuna'} & set(sys.modules))); sys.exit(code)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=SOON_S, check=False)
    assert done.returncode == 2 and done.stderr.startswith("bench: no study is called 'nope'") and done.stderr.count("\n") == 1
    assert done.stdout.strip() == "[]"


def test_an_mlflow_that_goes_away_is_no_fault_of_bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlflow.exceptions import MlflowException

    def away(*_: object) -> int:
        raise MlflowException("the line to http://anna:S3cr-et@h:5000 broke")

    monkeypatch.setattr("harness.cli.run.sync_command", away)
    outcome = bench("sync", "--home", tmp_path)
    assert outcome.code == 1 and "MLflow refuses, or went away: the line to http://***@h:5000 broke" in outcome.err
    assert "the same command continues" in outcome.err and "fault of bench" not in outcome.err


@pytest.mark.slow
def test_a_terminated_run_ends_like_one_that_ctrl_c_stops(tmp_path: Path) -> None:
    process = start("run", "--study", TINY, "--home", tmp_path, "--set", "training.epochs=500", "--set", "training.early_stopping=None")
    try:
        assert process.stderr and any("to do" in line for line in process.stderr)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=SOON_S)
        assert process.returncode == 130 and "stopped; everything finished is kept" in err and "Traceback" not in err
    finally:
        process.kill()
        process.communicate(timeout=SOON_S)


def test_the_version_is_that_of_the_package() -> None:
    outcome = bench("--version")
    assert outcome.code == 0 and outcome.out == f"bench {version('ser-bench')}\n"


def test_a_path_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "corpora").write_text("a file in the place of a folder")
    outcome = bench("run", "--study", TINY, "--home", tmp_path / "corpora" / "home")
    assert outcome.code == 1 and str(tmp_path / "corpora") in outcome.err and "fault of bench" not in outcome.err


def shell(command: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """A command line with `bench` in it, in a shell of a user's own encoding."""
    program = f"{shlex.quote(sys.executable)} -c 'import sys; from harness.cli import main; sys.exit(main())'"
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("LC_", "LANG", "PYTHONIO", "PYTHONUTF8"))}
    return subprocess.run(["bash", "-c", f"set -o pipefail; {command.replace('bench', program)}"], capture_output=True, timeout=SOON_S,
                          env=clean | environment, check=False)


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "cp437"])
def test_an_encoding_that_lacks_signs_gets_others_that_mean_the_same(encoding: str) -> None:
    done = shell("unset BENCH_DATA; bench show cnn2d", PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, b"")
    shown = done.stdout.decode(encoding)
    assert f" {'x' if encoding in ('ascii', 'cp437') else '×'} " in shown and "?" not in shown.partition("\n")[2]
    refused = shell("bench check \u6124\u00e9\u2026", PYTHONIOENCODING=encoding)
    assert refused.returncode == 2 and refused.stderr.startswith(b"bench: no corpus is called '?" + (
        b"\x82" if encoding == "cp437" else b"\xe9" if encoding == "cp1252" else b"e"))


def test_a_locale_without_utf_8_is_no_fault_of_bench() -> None:
    done = shell("bench list feature-spaces", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert (done.returncode, done.stderr) == (0, b"") and b"chroma" in done.stdout


@pytest.mark.parametrize(("command", "err"), [("bench list | head -1", b""), ("bench list >&-", b""), ("bench list >&- 2>&- <&-", b""),
                                              ("bench list > /dev/full", b"bench: the system: No space left")])
def test_streams_that_are_closed_or_full_end_without_a_traceback(command: str, err: bytes) -> None:
    done = shell(command)
    assert done.stderr.startswith(err) and done.stderr.count(b"\n") == bool(err)
    assert done.returncode == (1 if err else 0)
