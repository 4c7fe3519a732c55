"""The database of all searches: what is said about one that can't be used."""

from __future__ import annotations

from pathlib import Path

import pytest
from calls import TINY, bench, free_port
from searches import opened

from harness.search import storage
from registry.errors import BenchError


def test_a_damaged_store_is_refused_with_what_to_do_about_it(tmp_path: Path) -> None:
    (tmp_path / "optuna.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(BenchError, match=r"optuna\.db is damaged.*nothing was written to it.*move it away"):
        opened(tmp_path)


def test_a_database_that_is_away_is_named_without_its_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "START_PATIENCE_S", 0.5)
    address = f"127.0.0.1:{free_port()}/db"
    outcome = bench("run", "--study", TINY, "--home", tmp_path, "--optuna-storage", f"postgresql+psycopg://anna:S3cr-et@{address}")
    assert outcome.code == 1 and address in outcome.err and "check --optuna-storage" in outcome.err
    assert "S3cr-et" not in outcome.out + outcome.err
