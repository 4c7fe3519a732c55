"""The short form of `make chaos`: a few kills at random moments lose nothing, double nothing and change no leaderboard."""

from __future__ import annotations

from pathlib import Path

import chaos
import pytest


def test_kills_at_random_moments_lose_and_double_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert chaos.main(["--seed", "38", "--kills", "3", "--trials", "4", "--rounds", "sqlite", "--folder", str(tmp_path)]) == 0
    said = capfd.readouterr().out
    assert "0 lost" in said and "0 doubled" in said and "3 kills (1 × both, 1 × coordinator, 1 × worker)" in said
