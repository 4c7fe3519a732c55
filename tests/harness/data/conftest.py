"""Fixtures of the tests of data: a few clips, and a cache for their features."""

from __future__ import annotations

from pathlib import Path

import pytest
from clips_of_noise import write_clip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six clips of noise."""
    (tmp_path / "clips").mkdir()
    for i in range(6):
        write_clip(tmp_path / "clips" / f"c{i}.wav", seed=i)
    return tmp_path / "clips"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"
