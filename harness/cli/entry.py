"""The `bench` command: runs what was asked for and turns every fault into a message and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from types import TracebackType

from harness.cli.options import parser
from harness.safe_text import first_line, mask_logs, mask_secrets, printable
from registry.errors import BenchError, UsageError


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit code: 0 done, 1 the work failed, 2 the call was wrong, 130 stopped by Ctrl-C or SIGTERM."""
    parsed = parser().parse_args(arguments)
    mask_logs()
    sys.excepthook = _show_masked
    try:
        return int(parsed.command(parsed))
    except BenchError as error:
        if parsed.debug:
            raise
        print(printable(f"bench: {error}"), file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    except KeyboardInterrupt:
        print("bench: stopped; everything finished is kept, and the same command continues", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if parsed.debug:
            raise
        print(printable(f"bench: {error.filename or 'the system'}: {error.strerror or error}; check the path, its permissions and the free "
                        "space"), file=sys.stderr)
        return 1
    except Exception as error:
        if parsed.debug:
            raise
        if type(error).__module__.startswith("mlflow"):
            print(printable(f"bench: MLflow refuses, or went away: {first_line(error)}\nWhat finished is kept; the same command continues "
                            "when it is back."), file=sys.stderr)
            return 1
        print(printable(f"bench: {type(error).__name__}: {error}\nThis is a fault of bench itself; `--debug` shows where."),
              file=sys.stderr)
        return 1


def _show_masked(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """The traceback that `--debug` asks for, without the secrets that addresses in it hold."""
    print(mask_secrets("".join(traceback.format_exception(kind, error, trace))), end="", file=sys.stderr)
