"""The options of a transfer matrix; light, so that the command line reads its defaults here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from registry.errors import require


@dataclass(frozen=True)
class TransferOptions:
    """The options of `bench transfer`.

    Args:
        corpora: as `NAME` or `NAME[field=value]`. cell: label of the cell; None: the study's first. settings: fixed in the cell.
    """

    study: str
    corpora: tuple[str, ...] = ("crema_d", "ravdess", "savee", "tess")
    cell: str | None = None
    seeds: tuple[int, ...] = (0, 1)
    settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require(len(set(self.corpora)) == len(self.corpora), f"--corpora names a corpus twice: {' '.join(self.corpora)}")
        require(len(self.corpora) > 1, f"a transfer needs two corpora or more, not {' '.join(self.corpora) or 'none'}: "
                "give them with --corpora")
