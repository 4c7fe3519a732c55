"""`bench export` as a user calls it, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from calls import Ran, bench

pytest.importorskip("tf2onnx")  # of the extra [export]


def test_it_says_what_the_model_takes_how_equal_it_is_and_how_to_predict(ran: Ran, tmp_path: Path) -> None:
    outcome = bench("export", "tiny_study", "--to", tmp_path / "new", "--home", ran.home)
    assert outcome.code == 0 and "model.onnx takes features, which front_end.py computes" in outcome.out
    assert "equal to the original on " in outcome.out and f"bench predict {tmp_path / 'new'} clip.wav" in outcome.out
    again = bench("export", "tiny_study", "--to", tmp_path / "new", "--home", ran.home)
    assert again.code == 2 and "is there already" in again.err
    assert "--to" in bench("export", "tiny_study", "--home", ran.home).err
