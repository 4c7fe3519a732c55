"""The options of an analysis are those of the command line, and their defaults are written once."""

from __future__ import annotations

from typing import Any

import pytest
from calls import bench

from harness.analyses.leakage.options import LeakageOptions
from harness.analyses.noise.options import NoiseOptions
from harness.analyses.published.options import ReplicateOptions
from harness.analyses.transfer.options import TransferOptions
from harness.cli.analyses import _given
from harness.cli.entry import parser


@pytest.mark.parametrize(("words", "expected"), [
    (["leakage", "--study", "cnn2d"], LeakageOptions("cnn2d")),
    (["leakage", "--study", "cnn2d", "--seeds", "4", "5", "--copies", "gain", "--cell", "a × b", "--set", "training.epochs=2"],
     LeakageOptions("cnn2d", "a × b", None, (4, 5), {"training.epochs": 2}, ("gain",))),
    (["noise", "cnn2d"], NoiseOptions("cnn2d")),
    (["noise", "3f2a91", "--levels", "20", "-5", "--kinds", "white"], NoiseOptions("3f2a91", (20.0, -5.0), ("white",))),
    (["transfer", "--study", "cnn2d"], TransferOptions("cnn2d")),
    (["transfer", "--study", "cnn2d", "--corpora", "tess", "savee", "--seeds", "3"],
     TransferOptions("cnn2d", ("tess", "savee"), None, (3,))),
    (["replicate"], ReplicateOptions([])),
    (["replicate", "000", "--variants", "--epochs-scale", "0.5", "--split", "random_80_20", "--seeds", "1"],
     ReplicateOptions(["000"], True, 0.5, splits=["random_80_20"], seeds=[1]))])
def test_the_command_line_gives_the_options_of_an_analysis(words: list[str], expected: Any) -> None:
    assert _given(type(expected), parser().parse_args(words)) == expected


@pytest.mark.parametrize(("command", "defaults"), [
    ("leakage", ["one training each (default 0 1 2)", "(default noise time_shift)"]),
    ("noise", ["in dB (default 20 15 10 5 0)", "(default white babble)"]),
    ("transfer", ["(default crema_d ravdess savee tess)", "on each corpus (default 0 1)"]),
    ("replicate", ["(default 1)"])])
def test_the_help_shows_the_defaults(command: str, defaults: list[str]) -> None:
    shown = " ".join(bench(command, "--help").out.split())
    assert [text for text in defaults if text not in shown] == []
