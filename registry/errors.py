"""The one root exception, and messages that name what was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class BenchError(Exception):
    """A mistake or fault that a user can act on: its text says what was wrong and what to do next."""


class UsageError(BenchError):
    """The call, a study file or a component's field was wrong: nothing was run."""


class Declined(BenchError):
    """A combination that can't work, with the reason: reported as such, never trained."""


class Lacking(BenchError):
    """Something is not on this machine that must be fetched or installed first: the text says how."""


def unknown(what: str, value: str, allowed: Iterable[str]) -> UsageError:
    """The error for a name that does not exist, with the near names, to be raised.

    >>> str(unknown("architecture", "resnet_3d", ["resnet_1d", "resnet_2d"]))
    "no architecture is called 'resnet_3d'. Did you mean 'resnet_2d' or 'resnet_1d'? All: resnet_1d, resnet_2d"
    """
    names = sorted(allowed)
    near = difflib.get_close_matches(value, names, n=3, cutoff=0.5)
    hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
    return UsageError(f"no {what} is called {value!r}.{hint} All: {', '.join(names)}")


def require(condition: bool, message: str) -> None:
    """Raise `UsageError(message)` unless the condition holds."""
    if not condition:
        raise UsageError(message)
