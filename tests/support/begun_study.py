"""A study in the middle of its run, as its store has it; nothing is trained."""

from __future__ import annotations

from pathlib import Path

from calls import TINY

from harness.tracking.run_record import RunTags
from harness.tracking.store import Store
from harness.tracking.tracker import Tracker

CELL = RunTags(cell="aaaaaaaa", corpus="synthetic", corpus_fingerprint="f" * 16, split="random_80_20", feature_space="mel",
               architecture="plain_2d", synthetic=True, shares_speakers=True, epochs=2)
PLAN = {"cells": ["aaaaaaaa", "bbbbbbbb"], "trials": 4, "seeds": [0, 1]}


def begun(home: Path, coordinator: str = "", **about: object) -> Tracker:
    """A study with a finished, a failed and a running trial of one of its two cells; its call goes on."""
    tracker = Store(home).experiment("mine")
    tags = {"corpus_fingerprint": "f" * 16, "study_file": str(TINY), "command": "bench run --study mine.py", "planned": PLAN, **about}
    parent = tracker.start("study", "mine", None, RunTags(coordinator=coordinator, **tags))  # type: ignore[arg-type]
    for state, reason in (("finished", ""), ("failed", "it diverged"), ("running", "")):
        run = tracker.start("trial", f"trial {state}", parent, RunTags(**{**vars(CELL), "coordinator": coordinator}))
        if state != "running":
            tracker.end(run, state, reason)
    return tracker
