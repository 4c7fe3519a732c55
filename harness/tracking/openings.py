"""The ledger of openings: each time that a sealed test part was scored is a tag of its study's experiment, which deleting runs leaves.

An opening is noted when its result, which is on disk by then, comes to MLflow, under the job's uid and before its figures: a process that
is killed there notes it again under the same uid, so that none is lost and none counted twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.tracking.run_record import PREFIX, RunRecord

LEDGER = f"{PREFIX}opening."  # of a tag of the experiment, before the uid


@dataclass(frozen=True)
class Opening:
    """One time that a test part was scored.

    Args:
        uid: of the job; of runs that have none, the run's id. cell: its key. where: cell and protocol for people.
        in_store: whether the store still has its run.
    """

    uid: str
    cell: str = ""
    seed: str = ""
    signature: str = ""
    run_id: str = ""
    where: str = ""
    in_store: bool = True

    def tag(self) -> tuple[str, str]:
        """Key and text of its tag in the ledger."""
        return LEDGER + self.uid, json.dumps({"cell": self.cell, "seed": self.seed, "signature": self.signature, "run": self.run_id,
                                              "where": self.where})


def opening_of(record: RunRecord) -> Opening:
    """The opening that a final's seed is."""
    about = record.about
    return Opening(about.uid or record.run_id, about.cell, record.seed, about.signature, record.run_id, f"{about.label} on {about.split}")


def all_openings(tags: Mapping[str, str], records: Iterable[RunRecord]) -> list[Opening]:
    """Every opening that the ledger or a run knows of, each once.

    Args: tags: of the experiment; homes of earlier versions have no ledger there. records: of all seeds of the study.
    """
    seeds = [record for record in records if record.kind == "seed"]
    names = {name for record in seeds for name in (record.run_id, record.about.uid) if name}
    noted = [_read(key.removeprefix(LEDGER), text, names) for key, text in sorted(tags.items()) if key.startswith(LEDGER)]
    known = {name for opening in noted for name in (opening.uid, opening.run_id)}
    runs = [opening_of(record) for record in seeds if record.opened_test and not {record.run_id, record.about.uid} & known]
    return [*noted, *runs]


def repeated(openings: Sequence[Opening]) -> int:
    """How many openings scored a training that had been scored before, as after its run was deleted and made again."""
    return len(openings) - len({opening.signature or opening.uid for opening in openings})


def _read(uid: str, text: str, names: set[str]) -> Opening:
    """An opening from its tag; one whose text was changed by hand still counts, though nobody knows of what."""
    try:
        about = {key: str(value) for key, value in json.loads(text).items()}
    except (ValueError, AttributeError):
        about = {}
    run = about.get("run", "")
    return Opening(uid, about.get("cell", ""), about.get("seed", ""), about.get("signature", ""), run, about.get("where", ""),
                   uid in names or run in names)
