"""`bench list` and `bench show` give components and studies; a plan refuses what a run refuses."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from calls import TINY, bench, study_file

from harness.study.files import shipped
from registry.core import KINDS, names

SOON_S = 60


def test_list_names_every_component_and_study_with_a_line_on_each() -> None:
    outcome = bench("list")
    assert outcome.code == 0 and all(name in outcome.out for kind in KINDS for name in names(kind))
    assert all(name in outcome.out for name in shipped())
    only = bench("list", "splits").out
    assert "unseen_sentences" in only and "plain_1d" not in only
    assert bench("list", "feature_spaces").out == bench("list", "feature-spaces").out != only


@pytest.mark.parametrize("kind", list(KINDS))
def test_show_gives_the_fields_and_the_documentation_of_every_component(kind: str) -> None:
    for name in names(kind):
        outcome = bench("show", name)
        assert outcome.code == 0 and outcome.out.startswith(f"{name} ({KINDS[kind]})"), outcome.err
    assert "n_mels" in bench("show", "mel").out and "default" in bench("show", "mel").out


def test_the_plan_of_a_study_whose_corpus_is_not_there_loads_neither_mlflow_nor_keras() -> None:
    program = "import os, sys; os.environ.pop('BENCH_DATA', None); from harness.cli import main; code = main(['show', 'cnn2d']); " \
              "print(sorted({'keras', 'tensorflow', 'mlflow', 'sklearn'} & set(sys.modules))); sys.exit(code)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=SOON_S, check=False)
    counted = "12 cells × 16 trials + 36 finals + at most 36 as written = at most 264 trainings, at most 3,168 epochs"
    assert done.returncode == 0 and counted in done.stdout, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


def test_show_of_a_name_that_stands_for_nothing_gives_the_near_ones() -> None:
    outcome = bench("show", "mell")
    assert outcome.code == 2 and "Did you mean 'mel'" in outcome.err


def test_show_of_a_file_gives_the_study_in_it_or_the_component_or_says_that_it_has_neither(tmp_path: Path) -> None:
    component = tmp_path / "peak.py"
    component.write_text('"""Peaks."""\nfrom registry.core import register\n@register("peak")\nclass Peak:\n'
                         '    """Largest magnitude."""\n    hop_length: int = 512\n')
    shown = bench("show", component)
    assert shown.code == 0 and shown.out.startswith(f"peak ({component}): Peaks.") and "hop_length" in shown.out and "512" in shown.out
    assert "2 cells × 2 trials" in bench("show", study_file(tmp_path, "seeds=(0,)")).out
    (tmp_path / "neither.py").write_text("x = 1")
    neither = bench("show", tmp_path / "neither.py")
    assert neither.code == 2 and "neither a STUDY = Study(…) nor a class that is decorated with @register('neither')" in neither.err


def test_show_and_dry_run_give_the_cells_and_the_cost_of_a_study_and_write_nothing(tmp_path: Path) -> None:
    shown = bench("show", TINY)
    dry = bench("run", "--study", TINY, "--dry-run", "--home", tmp_path / "home", "--trials", 5, "--set", "training.epochs=10")
    assert shown.code == dry.code == 0
    assert "2 cells × 2 trials + 4 finals = 8 trainings, at most 16 epochs" in shown.out
    assert "2 cells × 5 trials + 4 finals = 14 trainings, at most 140 epochs" in dry.out
    assert re.search(r"time: .* with \d+ workers? \(by a few batches of 1 cell on this machine; pruning .*; \d+ s for features\)", dry.out)
    assert "⚠ unseen_speakers_80_20: too few to rank: " in dry.out and "speakers (1; 5 needed)" in dry.out
    assert "declined: " in dry.out and "use join='image'" in dry.out
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("command", [("show", "cnn2d"), ("run", "--study", "cnn2d", "--dry-run")])
def test_a_dry_run_refuses_what_the_run_would_refuse_of_a_corpus(tmp_path: Path, command: tuple[str, ...]) -> None:
    absent = bench(*command, "--data", tmp_path / "nowhere")
    assert absent.code == 1 and "which is not a folder" in absent.err and absent.out == ""
    clips = tmp_path / "CREMA-D" / "AudioWAV"
    clips.mkdir(parents=True)
    for sentence in ("DFA", "TIE"):
        soundfile.write(clips / f"1001_{sentence}_ANG_XX.wav", np.zeros(1600), 16_000)
    table = tmp_path / "CREMA-D" / "VideoDemographics.csv"
    table.write_text("ActorID,Age\n1001,51\n")
    damaged = bench(*command, "--data", tmp_path)
    assert damaged.code == 1 and f"{table} can't be read as a table" in damaged.err and damaged.out == ""
    table.unlink()
    broken = bench(*command, "--data", tmp_path)
    assert broken.code == 1 and "crema_d is broken" in broken.err and "--allow-missing" in broken.err
    allowed = bench(*command, "--data", tmp_path, "--allow-missing")
    assert allowed.code == 1 and "every cell of the study is declined" in allowed.err and allowed.out == ""


def test_a_dry_run_counts_the_clips_that_are_cut_by_their_headers(tmp_path: Path) -> None:
    for i in range(12):
        soundfile.write(tmp_path / f"{i}.wav", np.random.default_rng(i).normal(0, 0.1, 8_000 * (1 + i % 4)), 8_000)
    table = "".join(f"{i}.wav,{'ANG' if i % 2 else 'SAD'},s{i // 4}\n" for i in range(12))
    (tmp_path / "clips.csv").write_text("path,emotion,speaker\n" + table)
    outcome = bench("run", "--study", TINY, "--corpus", "folder", "--split", "random_80_20", "--data", tmp_path, "--dry-run", "--home",
                    tmp_path / "home")
    assert outcome.code == 0 and "cut: 9 of 12 clips are longer than 1.0 s and are cut\n" in outcome.out


def test_a_dry_run_of_cells_that_are_all_declined_fails_with_the_reasons(tmp_path: Path) -> None:
    outcome = bench("run", "--study", study_file(tmp_path, "architectures=STUDY.architectures[1:]"), "--dry-run")
    assert outcome.code == 1 and "every cell of the study is declined" in outcome.err and "use join='image'" in outcome.err


def test_every_shipped_study_can_be_shown_without_its_corpus() -> None:
    for name in shipped():
        outcome = bench("show", name)
        assert outcome.code == 0 and "trainings, at most" in outcome.out, outcome.err
