"""Damaged stores and files, a home that can't be written, a clock that is set back: a clear error, and nothing overwritten."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from calls import TINY, Outcome, bench
from tiny_study import STUDY

from harness.data.corpora import open_corpus
from harness.data.feature_store import open_entry
from harness.data.features import features
from harness.execution.finals import requested_now
from harness.search.storage import storage
from harness.tracking.run_record import RunRecord
from harness.tracking.store import Store
from registry.errors import BenchError

RUN = ("run", "--study", TINY, "--split", "random_80_20", "--trials", "1", "--set", "training.epochs=1")
DAC_OVERRIDE, DAC_READ_SEARCH, CAPBSET_DROP = 1, 2, 24  # of Linux: why root may write what nobody may


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which one cell has one trial and one final."""
    home = tmp_path_factory.mktemp("own")
    outcome = bench(*RUN, "--seeds", 0, "--home", home)
    assert outcome.code == 0, outcome.err
    with sqlite3.connect(home / "mlflow.db") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return home


@pytest.fixture
def copy(home: Path, tmp_path: Path) -> Path:
    """The stores and reports of that home, to be damaged; artifacts stay where they are."""
    made = tmp_path / "copy"
    made.mkdir()
    for name in ("mlflow.db", "optuna.db"):
        with sqlite3.connect(home / name) as source, sqlite3.connect(made / name) as target:
            source.backup(target)
    shutil.copytree(home / "reports", made / "reports")
    return made


def state(folder: Path) -> dict[str, str]:
    """The hash of every file below a folder but for what SQLite keeps beside a file while it is open, and locks."""
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*"))
            if path.is_file() and not path.name.endswith(("-wal", "-shm", ".lock"))}


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def overwritten(content: bytes) -> bytes:
    return b"no database any more" + content[20:]


def scattered(content: bytes) -> bytes:
    """Every page but the first filled with noise from its middle on."""
    noise, made = random.Random(7), bytearray(content)
    for page in range(4096, len(made) - 4096, 4096):
        made[page : page + 4096] = noise.randbytes(4096)
    return bytes(made)


@pytest.mark.parametrize("damage", [cut, overwritten, scattered])
@pytest.mark.parametrize("name", ["mlflow.db", "optuna.db"])
def test_a_damaged_store_is_a_clear_error_and_is_left_as_it_is(copy: Path, name: str, damage: Callable[[bytes], bytes]) -> None:
    (copy / name).write_bytes(damage((copy / name).read_bytes()))
    for left in copy.glob("*-*"):
        left.unlink()
    before = state(copy)
    calls = (RUN, ("report",)) if name == "mlflow.db" else (RUN,)
    for call in calls:
        told = bench(*call, "--home", copy)
        assert told.code == 1 and f"{name} is damaged" in told.err and "nothing was written to it" in told.err, told.err
        assert "fault of bench" not in told.err
    assert {key: value for key, value in state(copy).items() if key in before} == before


def test_a_database_of_something_else_is_no_store(copy: Path) -> None:
    for name, other in (("mlflow.db", "optuna.db"), ("optuna.db", "mlflow.db")):
        wrong = copy / name[:-3]
        wrong.mkdir()
        shutil.copyfile(copy / other, wrong / name)
        before = state(wrong)
        with pytest.raises(BenchError, match=r"is a database of another program.*nothing was written"):
            Store(wrong).experiment("x") if name == "mlflow.db" else storage(wrong)
        assert state(wrong) == before


# what reports are made of


def artifact(home: Path, name: str) -> Path:
    """A file of the one final's seed."""
    tracker = Store(home).experiment("tiny_study")
    run, = (r.run_id for r in tracker.records("seed"))
    return next(path for path in (home / "mlartifacts").rglob(name) if run in path.parts)


@pytest.fixture
def mended(home: Path) -> Iterator[Callable[[str, bytes], None]]:
    """Damages a file of the final, until the test ends."""
    kept: dict[Path, bytes] = {}

    def damage(name: str, content: bytes) -> None:
        path = artifact(home, name)
        kept.setdefault(path, path.read_bytes())
        path.write_bytes(content)

    yield damage
    for path, content in kept.items():
        path.write_bytes(content)


@pytest.mark.parametrize(("name", "content", "call"), [
    ("test/predictions.csv", b"clip,speaker,truth,ANG,SAD\na,s,ANG,0.9\n", ("report",)),
    ("test/predictions.csv", b"\xff\xfe\x00", ("report",)), ("validation/predictions.csv", b"", ("report",)),
    ("history.csv", b"epoch,train_loss\n1,much\n", ("report",)),
    ("configuration.json", b'{"split": ', ("audit", "tiny_study")), ("configuration.json", b"[1]", ("audit", "tiny_study"))])
def test_a_damaged_file_of_a_run_is_named_and_the_last_report_stays(home: Path, mended: Callable[[str, bytes], None], name: str,
                                                                   content: bytes, call: tuple[str, ...]) -> None:
    before = state(home / "reports")
    mended(name, content)
    told = bench(*call, "--home", home)
    assert told.code == 1 and name.rpartition("/")[2] in told.err and "run " in told.err, told.err
    assert ("is damaged" in told.err or "holds no settings" in told.err) and "fault of bench" not in told.err
    assert state(home / "reports") == before


# the feature cache


def test_a_cache_entry_that_is_no_array_of_numbers_is_computed_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Its description fits its bytes, so that the checksum alone would let it pass; objects in an array would be unpickled."""
    corpus, space = open_corpus(STUDY.corpus, None), STUDY.feature_spaces[0]
    good = np.array(features(corpus, space, tmp_path, workers=1))
    entry = next(tmp_path.glob("*.npy"))
    about = json.loads(entry.with_suffix(".json").read_text())
    for bad in (np.array([{"an": "object"}], object), None):
        entry.unlink()
        np.save(entry, bad, allow_pickle=True) if bad is not None else entry.write_bytes(b"\x93NUMPY\x01\x00")
        content = entry.read_bytes()
        entry.with_suffix(".json").write_text(json.dumps({**about, "bytes": len(content), "crc32": zlib.crc32(content)}))
        from harness.data import feature_store

        feature_store._verified.clear()
        assert open_entry(tmp_path, entry.stem) is None and "computed again" in caplog.text
        np.testing.assert_array_equal(features(corpus, space, tmp_path, workers=1), good)


# a home that can't be written


def obey_modes() -> None:
    """Take from this process, root or not, the right to write where modes forbid it; for children, before they start."""
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() == 0:
        for capability in (DAC_OVERRIDE, DAC_READ_SEARCH):
            if libc.prctl(CAPBSET_DROP, capability, 0, 0, 0):
                raise OSError(ctypes.get_errno(), "the system lets no right be dropped")


def without_rights(*arguments: object) -> Outcome:
    program = "import sys; from harness.cli import main; sys.exit(main())"
    try:
        done = subprocess.run([sys.executable, "-c", program, *map(str, arguments)], preexec_fn=obey_modes, capture_output=True, text=True,
                              check=False)
    except subprocess.SubprocessError:
        pytest.skip("the system lets no right be dropped, and root may write anywhere")
    return Outcome(done.returncode, done.stdout, done.stderr)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="rights are dropped as Linux does it")
def test_a_home_that_cannot_be_written_is_named_and_stays_as_it_is(home: Path) -> None:
    folders = [home, *(path for path in home.rglob("*") if path.is_dir())]
    modes = {path: path.stat().st_mode for path in [*folders, *(p for p in home.rglob("*") if p.is_file())]}
    before = state(home)
    try:
        for path, mode in modes.items():
            path.chmod(mode & ~0o222)
        for call in ((*RUN, "--seeds", 5, "--set", "feature_space.duration_s=0.5"), ("report",)):
            told = without_rights(*call, "--home", home)
            assert told.code == 1 and str(home) in told.err and "Traceback" not in told.err and "fault of bench" not in told.err, told.err
            assert "can't be written" in told.err
        read = without_rights("audit", "tiny_study", "--home", home)
        assert read.code == 0 and "1 audited, 0 failed" in read.out, read.err
    finally:
        for path, mode in modes.items():
            path.chmod(mode)
    assert state(home) == before


# the clock


def test_a_clock_that_is_set_back_between_starts_makes_nothing_new_look_old(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def shown() -> list[str]:
        told = json.loads(bench("report", "--json", "--home", home).out)
        return [row["seed_numbers"] for row in told["studies"]["tiny_study"]["leaderboards"][0]["rows"]]

    assert shown() == [["0"]]
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() - 86_400)
    assert bench(*RUN, "--seeds", 1, "--home", home).code == 0
    assert shown() == [["1"]], "the final that was asked for last"
    monkeypatch.setattr(time, "time", lambda: real() - 2 * 86_400)
    again = bench(*RUN, "--seeds", 0, "--home", home)
    assert again.code == 0 and "seed 0" not in again.err, "what is known is not trained again"
    assert shown() == [["0"]]


def test_the_time_of_asking_grows_whatever_the_clock_says(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[RunRecord] = []
    for now in (1_000.0, 2_000.0, 500.0, 500.0, 2_500.0):
        monkeypatch.setattr(time, "time", lambda now=now: now)
        asked.append(RunRecord("", "", "final", "finished", {}, {}, {"bench.asked_at": f"{requested_now(asked):.3f}"}))
    assert [r.about.requested_at for r in asked] == [1000.0, 2000.0, 2000.001, 2000.002, 2500.0]
