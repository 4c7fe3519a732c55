"""The options of a leakage measurement; light, so that the command line reads its defaults here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from registry.errors import require

ALL = "all"


@dataclass(frozen=True)
class LeakageOptions:
    """The options of `bench leakage`.

    Args:
        cell: label of the one cell; None: all. settings: fixed in every cell. copies: augmentations of cells that make no copies; empty:
            the protocols with copies are left out for them. enrolment: numbers of clips of each speaker that are known without labels,
            or `all`; empty: what that is worth is not measured.
    """

    study: str
    cell: str | None = None
    corpus: str | None = None
    seeds: tuple[int, ...] = (0, 1, 2)
    settings: dict[str, Any] = field(default_factory=dict)
    copies: tuple[str, ...] = ("noise", "time_shift")
    enrolment: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        wrong = [text for text in self.enrolment if text != ALL and not text.isdecimal()]
        require(not wrong, f"--enrolment must be numbers of clips, or {ALL}, not {' '.join(wrong)}: such as 1 2 5 10 20 {ALL}")
