"""Fixtures shared by all tests: where real speech lies, and a home in which a tiny study was really run."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calls import Ran
    from mlflow_server import Server

LONG_FIRST = ("tests/system/", "tests/registry/test_contracts.py", "tests/registry/feature_spaces/", "tests/registry/architectures/")

for setting in ("MLFLOW_TRACKING_URI", "BENCH_HOME", "BENCH_DATA"):
    os.environ.pop(setting, None)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
for threads in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):  # as of trainings, whichever test uses TensorFlow first
    os.environ[threads] = "1"
if worker := os.environ.get("PYTEST_XDIST_WORKER"):  # two processes that fill one cache of compiled code can crash on it
    os.environ.setdefault("NUMBA_CACHE_DIR", str(Path(__file__).parents[1] / ".pytest_cache" / "numba" / worker))

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a script's background job, whose processes would ignore Ctrl-C for good
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with long tests first, so that workers who share files end together."""
    items.sort(key=lambda item: next((place for place, folder in enumerate(LONG_FIRST) if item.nodeid.startswith(folder)), len(LONG_FIRST)))


def pytest_collection_finish() -> None:
    """Where some test opens stores, new ones are copies of an empty one."""
    if store := sys.modules.get("harness.tracking.store"):
        from new_stores import copied

        store._prepare_sqlite = copied(store)  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def real_corpora() -> Path:
    """The folder of real speech that stands beside the repository, or the one BENCH_TEST_CORPORA names."""
    folder = Path(os.environ.get("BENCH_TEST_CORPORA", Path(__file__).parents[2] / "shared" / "corpora"))
    assert folder.is_dir(), f"real speech is expected in {folder}; set BENCH_TEST_CORPORA"
    return folder


@pytest.fixture(scope="session")
def partial_corpora(real_corpora: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Links to a part of the real speech: CREMA-D without its last 19 speakers, RAVDESS without its last 4; TESS and SAVEE whole."""
    whole, part = real_corpora.resolve(), tmp_path_factory.mktemp("partial")
    tables = [path for path in (whole / "CREMA-D").iterdir() if path.name != "AudioWAV"]
    clips = [path for path in (whole / "CREMA-D" / "AudioWAV").iterdir() if path.name[:4] <= "1072"]
    actors = [path for path in (whole / "RAVDESS").iterdir() if path.name <= "Actor_20"]
    for path in (*tables, *clips, *actors, whole / "SAVEE", whole / "TESS"):
        link = part / path.relative_to(whole)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path)
    return part


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The tiny study, run once: two protocols, each with two trials and two finals of one cell, another cell declined."""
    from calls import TINY, Ran, bench

    home = tmp_path_factory.mktemp("home")
    outcome = bench("run", "--study", TINY, "--home", home)
    assert outcome.code == 0, outcome.err
    return Ran(home, outcome)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A real MLflow server with a store of its own."""
    from mlflow_server import Server

    started = Server(tmp_path)
    yield started
    started.end()


@pytest.fixture(autouse=True, scope="module")
def true_hardware() -> Iterator[None]:
    """What simulated trials say of their hardware is forgotten after each file."""
    yield
    if simulated := sys.modules.get("simulated"):
        simulated.forget()


@pytest.fixture
def no_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs do not measure what rows cost, in processes of their own: `test_cost.py` does."""
    monkeypatch.setattr("harness.execution.costs.Costs.prepare", lambda costs: None)
    monkeypatch.setattr("harness.execution.costs.Costs.measure", lambda costs, searches: None)
