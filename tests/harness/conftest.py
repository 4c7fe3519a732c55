"""Stores with made finals that several tests read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from calls import Outcome, bench
from made_finals import record, said
from threadpoolctl import threadpool_limits

from harness.tracking.run_record import RunTags
from harness.tracking.store import Store
from harness.training.predictions import Predictions


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Products of small matrices are slower on several threads that share few cores."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="session")
def boards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a good, an equally good and a weak cell of two seeds each, and one whose second seed has lost its predictions."""
    folder = tmp_path_factory.mktemp("boards")
    tracker = Store(folder).experiment("small")
    for cell, rate, seeds in (("good", 0.1, [said(0.7, 0), said(0.7, 1)]), ("equal", 0.2, [said(0.69, 2), said(0.7, 3)]),
                              ("weak", 0.3, [said(0.5, 2), said(0.5, 3)]), ("lost", 0.4, [said(0.6, 4), said(0.6, 5)])):
        _, (_, second) = record(tracker, cell, rate, seeds)
    next((folder / "mlartifacts").rglob(f"{second}/artifacts/test/predictions.csv")).unlink()
    return folder


@pytest.fixture(scope="session")
def reported(boards: Path) -> Outcome:
    outcome = bench("report", "--home", boards, "--study", "small")
    assert outcome.code == 0, outcome.err
    return outcome


@pytest.fixture(scope="session")
def compared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A store with a good and a weak cell of two seeds, one of other test clips, a trial, and the run ids of all."""
    folder = tmp_path_factory.mktemp("compared")
    tracker = Store(folder).experiment("small")
    ids = {"trial": tracker.start("trial", "trial 0", None, RunTags(cell="good", synthetic=True, shares_speakers=True))}
    tracker.end(ids["trial"], "finished")
    for cell, rate, seeds in (("good", 0.001, [said(0.7, 0), said(0.7, 1)]), ("weak", 0.01, [said(0.5, 2), said(0.5, 3)]),
                              ("other", 0.01, [said(0.5, 2, clips=200)])):
        ids[cell], (ids[f"{cell} seed"], *_) = record(tracker, cell, rate, seeds, "halves" if cell == "other" else "random_80_20")
    for cell, predictions in (("plain", said(0.7)), ("turned", turned())):
        ids[cell], _ = record(Store(folder).experiment("orders"), cell, 0.1, [predictions])
    return folder, ids


def turned() -> Predictions:
    """The good network's predictions with clips and emotions in another order."""
    same = said(0.7, emotions=("SAD", "ANG", "HAP"))
    mixed = np.random.default_rng(0).permutation(len(same.clips))
    return Predictions(same.emotions, same.clips[mixed], same.truth[mixed], same.probabilities[mixed], {"speaker": same.speakers[mixed]})
