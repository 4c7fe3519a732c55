"""`bench check` audits corpora and components."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from calls import bench

from harness.cli.data import print_state, print_status
from harness.console import Console


def test_check_of_the_synthetic_corpus_finds_nothing_that_a_run_refuses() -> None:
    outcome = bench("check", "synthetic")
    assert outcome.code == 0 and "synthetic: 432 clips: synthetic" in outcome.out and "a run takes it as it is" in outcome.out
    assert "ANG 72, DIS 72, FEA 72, HAP 72, NEU 72, SAD 72" in outcome.out and "12, with 36 clips each" in outcome.out
    assert "19 of 432 clips are longer than 3.0 s and are cut" in outcome.out


def test_check_says_that_a_run_refuses_a_corpus_of_which_no_clip_is_left(tmp_path: Path) -> None:
    (tmp_path / "clips.csv").write_text("path,emotion,speaker\na.wav,ANG,s\nb.wav,SAD,s\n")
    (tmp_path / "a.wav").write_bytes(b"RIFF, and then nothing")
    outcome = bench("check", "folder", "--data", tmp_path)
    assert outcome.code == 1 and "2 findings; a run refuses it: no clip is left" in outcome.out
    (tmp_path / "a.wav").unlink()
    assert "a run refuses it: no clip is left" in bench("check", "folder", "--data", tmp_path).out


def test_check_of_a_component_of_one_s_own_wants_its_kind_and_names_the_rule_it_breaks(tmp_path: Path) -> None:
    good = '"""Peak of each clip."""\nimport numpy as np\nfrom registry.core import register\n\n@register("peak")\nclass Peak:\n' \
           '    """Largest magnitude."""\n    version = 1\n    def __call__(self, waveform, sample_rate):\n        return {}\n'
    (tmp_path / "peak.py").write_text(good.format("np.full((1, 1), abs(waveform).max() * np.nan, dtype=np.float32)"))
    assert bench("check", tmp_path / "peak.py").code == 2
    outcome = bench("check", tmp_path / "peak.py", "--kind", "feature-spaces")
    assert outcome.code == 1 and "peak breaks the rule" in outcome.err
    assert bench("check", tmp_path / "peak.py", "--kind", "feature_spaces").err == outcome.err


def test_status_shows_how_much_is_there_and_why_something_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "TESS").mkdir()
    (tmp_path / "TESS" / "odd.wav").write_bytes(b"")
    print_status(tmp_path, ["synthetic", "tess", "savee"], Console())
    out = capsys.readouterr().out
    rows = {cells[0]: cells[3] for line in out.splitlines() if line.startswith("│") and (cells := [c.strip() for c in line.split("│")[1:]])}
    assert rows == {"synthetic": "always there", "tess": "unreadable", "savee": "absent"}
    assert out.startswith("corpora in ") and str(tmp_path) in out and "\ntess: " in out and "\nsavee: " not in out


def test_the_state_of_a_corpus_comes_with_its_licence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    print_state("synthetic", tmp_path, Console())
    shown = capsys.readouterr()
    assert shown.out.startswith("synthetic: 432 of 432 clips in ") and "always there" in shown.out
    assert shown.err.startswith("Licence: ") and "Please cite: " in shown.err


def two_speakers(folder: Path, clips: int) -> Path:
    """A folder with a table of so many clips, which change their emotion every two."""
    folder.mkdir()
    rows = [f"s{i % 2}_{i}.wav,{('ANG', 'SAD')[i // 2 % 2]},s{i % 2}" for i in range(1, clips + 1)]
    for i, row in enumerate(rows):
        soundfile.write(folder / row.partition(",")[0], np.random.default_rng(i).normal(0, 0.1, 1_600), 16_000)
    (folder / "clips.csv").write_text("\n".join(["path,emotion,speaker", *rows]))
    return folder


def test_check_names_the_protocols_that_fit_and_refuses_a_corpus_that_none_fits(tmp_path: Path) -> None:
    outcome = bench("check", "folder", "--data", two_speakers(tmp_path / "some", 16))
    fitting = next(line for line in outcome.out.splitlines() if "protocols that fit" in line)
    assert "random_80_20" in fitting and "unseen_speakers_80_20" not in fitting
    assert outcome.code == 0 and "a run takes it as it is" in outcome.out
    outcome = bench("check", "folder", "--data", two_speakers(tmp_path / "few", 2))
    assert outcome.code == 1 and "a run refuses it: no protocol fits it" in outcome.out
    assert "declined: random_80_20 does not fit folder" in outcome.out
