"""An entry of the outbox, and the files beside it."""

from __future__ import annotations

from pathlib import Path

from harness.tracking.outbox import OutboxEntry


def entry(uid: str = "u1", **changes: object) -> OutboxEntry:
    about = {"uid": uid, "kind": "trial", "name": "lr=1", "study": "tiny", "parent": "", "state": "finished", "tags": {"cell": "c"},
             "params": {"lr": 1}, "metrics": {"validation/uar": 0.5}, "epochs": [(1, 1000, {"validation_uar": 0.4}),
                                                                              (2, 2000, {"validation_uar": 0.5})], "ended_ms": 3000}
    return OutboxEntry(**{**about, **changes})  # type: ignore[arg-type]



def files(folder: Path) -> None:
    (folder / "files" / "history.csv").write_text("epoch\n1\n")

