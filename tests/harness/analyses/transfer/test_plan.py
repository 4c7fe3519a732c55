"""What `bench transfer` finds out before it trains anything."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from calls import bench, study_file
from cut_files import cut
from tiny_study import STUDY

from harness.analyses.transfer.plan import _corpus
from harness.console import Console
from harness.data.corpora import Workspace
from harness.study.cells import plan


def own(folder: Path, emotions: str, seed: int) -> Path:
    """A folder of a user's own clips: six speakers, each emotion twice."""
    folder.mkdir()
    rows = ["path,emotion,speaker"]
    rng = np.random.default_rng(seed)
    for speaker in range(6):
        for emotion in emotions.split():
            for take in "ab":
                name = f"{speaker}_{emotion}_{take}.wav"
                soundfile.write(folder / name, rng.normal(0, 0.1, 3200), 16_000)
                rows.append(f"{name},{emotion},s{speaker}")
    (folder / "clips.csv").write_text("\n".join(rows), encoding="utf-8")
    return folder


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return study_file(tmp_path, "architectures=STUDY.architectures[:1], training=Training(epochs=2), best_models=0")


def named(folder: Path) -> str:
    return f"folder[csv={folder / 'clips.csv'}]"


def transfer(study: Path, home: Path, *arguments: object) -> tuple[int, str, str]:
    outcome = bench("transfer", "--study", study, "--home", home / "home", "--seeds", "0", "1", *arguments)
    assert not (home / "home").exists()
    return outcome.code, outcome.out, outcome.err


def test_corpora_without_two_emotions_in_common_are_refused_with_the_emotions_of_each(study: Path, tmp_path: Path) -> None:
    a, b = own(tmp_path / "a", "ANG HAP SAD", 0), own(tmp_path / "b", "anger joy SAD", 1)
    code, _, err = transfer(study, tmp_path, "--data", a, "--corpora", named(a), named(b))
    assert code == 1 and "share fewer than two emotions with every other corpus" in err and "nothing was trained" in err
    assert f"{named(a)}: ANG, HAP, SAD" in err and f"{named(b)}: SAD, anger, joy" in err and "folder[emotions=common]" in err


def test_one_corpus_that_no_other_can_be_compared_with_is_named_alone(study: Path, tmp_path: Path) -> None:
    folders = [own(tmp_path / name, emotions, seed) for seed, (name, emotions) in
               enumerate({"a": "ANG HAP", "b": "ANG HAP NEU", "c": "calm bored"}.items())]
    code, _, err = transfer(study, tmp_path, "--data", folders[0], "--corpora", *map(named, folders))
    assert code == 1 and f"bench: {named(folders[2])} shares fewer than two emotions" in err


def test_a_corpus_with_a_clip_that_was_cut_short_is_refused_before_networks_of_others_are_trained(study: Path, tmp_path: Path) -> None:
    a, b = own(tmp_path / "a", "ANG HAP", 0), own(tmp_path / "b", "ANG HAP", 1)
    cut(b / "0_ANG_a.wav")
    code, _, err = transfer(study, tmp_path, "--data", a, "--dry-run", "--corpora", named(a), named(b))
    assert code == 1 and "0_ANG_a.wav was cut short" in err


def test_a_dry_run_shows_pairs_parts_and_cost_and_trains_nothing(study: Path, tmp_path: Path) -> None:
    for seed, (name, emotions) in enumerate({"a": "ANG HAP SAD", "b": "ANG HAP NEU", "c": "NEU HAP"}.items()):
        own(tmp_path / name, emotions, seed)
    a, b, c = (f"folder[csv={name}/clips.csv]" for name in "abc")
    code, out, err = transfer(study, tmp_path, "--data", tmp_path, "--dry-run", "--corpora", a, b, c)
    assert code == 0, err
    lines = ["".join(line.split()) for line in out.splitlines()]
    assert any(f"{a}│{b}│24clips│ANGHAP" in line for line in lines)
    assert any("unseen_speakers_80_2024clipsof46clipsof16clipsof1" in line for line in lines)
    assert "3 corpora × 2 seeds = 6 trainings, at most 12 epochs; 14 tests" in out
    assert f"{a} → {c}: not tested" in err


def test_calm_is_left_out_and_corpora_of_few_speakers_get_the_nearest_honest_split(real_corpora: Path, capsys: pytest.CaptureFixture[str]
                                                                                  ) -> None:
    cell = plan(STUDY, "")[0]
    corpora = {name: _corpus(name, cell, Workspace(Path(), real_corpora), Console()) for name in ("ravdess", "savee", "tess")}
    assert "CAL" not in corpora["ravdess"].corpus.emotions and len(corpora["ravdess"].corpus.emotions) == 7
    assert [corpus.split.shares_speakers for corpus in corpora.values()] == [False, False, True]
    split = corpora["savee"].split(corpora["savee"].corpus)
    assert [len(set(corpora["savee"].corpus.speakers[part])) for part in (split.train, split.validation, split.test)] == [2, 1, 1]
    assert "unseen_sentences, which shares speakers" in capsys.readouterr().err
