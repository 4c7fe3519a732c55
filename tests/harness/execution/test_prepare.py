"""Pairs that can't work and clips that can't be read are named before anything is trained."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import soundfile
from calls import TINY, Ran, bench
from folder_clips import tone
from listed_recipes import LISTED, QUICK
from mlflow_client import client_of, runs_of
from tiny_study import STUDY
from tiny_trial import CORPUS, TRIAL

from harness.console import Console
from harness.data.corpora import Workspace, open_corpus
from harness.execution import prepare as preparation
from harness.execution.prepare import cell_reason, feasible, pair_reason, prepare
from harness.study.cells import Cell
from harness.study.files import load_study
from harness.study.folds import with_all_folds
from harness.study.trial import Training
from registry.architectures.svm import Svm
from registry.augmentation import Augmentation
from registry.augmentations.copypaste import CopyPaste
from registry.augmentations.gain import Gain
from registry.augmentations.mixup import Mixup
from registry.corpora.crema_d import NEVER_PUBLISHED, _takes
from registry.corpora.folder import Folder
from registry.corpora.synthetic import Synthetic
from registry.errors import BenchError
from registry.splits.known_speakers import KnownSpeakers
from registry.splits.random_80_20 import Random8020
from registry.splits.speaker_folds import SpeakerFolds
from registry.splits.unseen_speakers_80_20 import UnseenSpeakers8020

ONE_PROTOCOL = ("--split", "unseen_speakers_80_20", "--seeds", "0")


def test_a_pair_that_cannot_work_is_listed_with_its_reason_and_never_trained(ran: Ran) -> None:
    reason = "plain_2d needs an image (frames, bands, 1), but the feature space gives (32, 2): use join='image'"
    assert reason in ran.outcome.err
    assert reason in (ran.home / "reports" / "tiny_study.md").read_text().split("## Declined")[1]
    assert all(r.data.tags["bench.architecture"].startswith("plain_1d") for r in runs_of(client_of(ran.home))["trial"])


def test_clips_that_are_cut_are_counted_before_training_and_marked_in_the_report(ran: Ran) -> None:
    assert "cut: 48 of 48 clips are longer than 1.0 s and are cut\n" in ran.outcome.err
    report = (ran.home / "reports" / "tiny_study.md").read_text()
    assert report.count("cut: 48 of 48 clips at 1.0 s") == 3  # above the first table, and of each leaderboard
    assert "**cut**: so many clips are longer than the feature space's `duration_s`" in report


def actors(folder: Path) -> Path:
    """Every clip of three actors in CREMA-D's naming, as noise."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for clip_id in (f"{actor}_{take}" for actor in (1001, 1003, 1004) for take in _takes()):
        assert clip_id not in NEVER_PUBLISHED
        soundfile.write(folder / f"{clip_id}.wav", rng.uniform(-0.3, 0.3, 4_000), 16_000)
    return folder


def test_a_damaged_clip_is_named_before_anything_is_trained_and_left_out_when_that_is_allowed(tmp_path: Path) -> None:
    (actors(tmp_path / "data" / "AudioWAV") / "1003_DFA_ANG_XX.wav").write_bytes(b"RIFF and then nothing of use")
    command = ("run", "--study", TINY, "--corpus", "crema_d", "--data", tmp_path / "data", "--home", tmp_path / "home", *ONE_PROTOCOL,
               "--trials", 1, "--set", "training.epochs=1")
    refused = bench(*command)
    assert refused.code == 1 and "1003_DFA_ANG_XX" in refused.err and "--allow-missing" in refused.err
    assert not (tmp_path / "home" / "mlflow.db").exists() and not (tmp_path / "home" / "optuna.db").exists()
    allowed = bench(*command, "--allow-missing")
    assert allowed.code == 0, allowed.err
    assert "1003_DFA_ANG_XX" in allowed.err
    assert "245 of 7,442 clips: partial" in (tmp_path / "home" / "reports" / "tiny_study.md").read_text()


def test_cells_are_tried_a_second_time_only_where_decoding_left_out_more_clips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        for emotion in ("ang", "hap"):
            for take in range(4):
                tone(tmp_path / f"s{number}_{emotion}_{take}.wav")
    rows = [f"{path.name},{path.name[3:6]},{path.name[:2]}" for path in sorted(tmp_path.glob("*.wav"))]
    (tmp_path / "clips.csv").write_text("\n".join(["path,emotion,speaker", *rows]))
    (tmp_path / "s0_ang_0.wav").write_bytes(b"RIFF and then nothing of use")
    tried: list[int] = []
    monkeypatch.setattr(preparation, "feasible", lambda study, corpus, *rest: tried.append(len(corpus)) or feasible(study, corpus, *rest))
    study = dataclasses.replace(load_study(TINY), corpus=Folder(), splits=(Random8020(),))
    prepared = prepare(study, Workspace(home=tmp_path / "home", data=tmp_path), {}, None, True, Console(quiet=True))
    assert prepared.workspace.left_out == ("s0_ang_0",) and tried == [31]


def test_a_clip_that_is_missing_stops_a_run_unless_that_is_allowed(tmp_path: Path) -> None:
    (actors(tmp_path / "AudioWAV") / "1004_IEO_SAD_HI.wav").unlink()
    refused = bench("run", "--study", TINY, "--corpus", "crema_d", "--data", tmp_path, "--home", tmp_path / "home", *ONE_PROTOCOL)
    assert refused.code == 1 and "1004_IEO_SAD_HI" in refused.err and "--allow-missing" in refused.err
    assert not (tmp_path / "home").exists()


def test_a_protocol_whose_training_lacks_an_emotion_is_declined_and_few_speakers_are_told_before_training(tmp_path: Path) -> None:
    """Speaker s2 alone is sad; there are four clips of each emotion and speaker."""
    rows = ["path,emotion,speaker"]
    for number in range(5):
        for emotion in ("sad",) if number == 2 else ("ang", "hap"):
            rows += [f"{tone(tmp_path / f's{number}_{emotion}_{take}.wav').name},{emotion},s{number}" for take in range(4)]
    (tmp_path / "clips.csv").write_text("\n".join(rows))
    corpus = open_corpus(Folder(), tmp_path)
    told: list[str] = []
    console = Console(quiet=True)
    console.say = told.append  # type: ignore[method-assign]
    study = dataclasses.replace(load_study(TINY), corpus=Folder(), splits=(SpeakerFolds(fold=3), UnseenSpeakers8020(seed=3), Random8020()))
    kept = prepare(study, Workspace(home=tmp_path / "home", data=tmp_path), {}, None, False, console)
    reason = kept.declined["speaker_folds[fold=3]"]
    assert reason.startswith("training would hold no clips of sad (4 in test)") and f"declined: speaker_folds[fold=3]: {reason}" in told
    assert {cell.base.split.name for cell in kept.cells} <= {"unseen_speakers_80_20", "random_80_20"} and len(corpus) == 36
    with pytest.raises(BenchError, match=r"not all folds can be run, .*: speaker_folds.*: training would hold no"):
        prepare(study, Workspace(home=tmp_path / "home", data=tmp_path), {}, None, False, console, all_folds=True)
    assert any(line.startswith("⚠ random_80_20: too few to rank: test clips of an emotion") for line in told)


def test_copies_that_need_a_neutral_clip_of_the_same_speaker_are_declined_where_there_is_none() -> None:
    cell = Cell(dataclasses.replace(TRIAL, augmentation=Augmentation(copies=(CopyPaste(),))), {})
    assert pair_reason(cell, CORPUS) is None
    nameless = dataclasses.replace(CORPUS, clips=tuple(dataclasses.replace(clip, speaker="") for clip in CORPUS.clips))
    assert pair_reason(cell, nameless) == (
        "copypaste can't be made: it needs a neutral clip of the same speaker, and the clips of synthetic do not say who speaks: leave it "
        "out, or give the clips speakers")
    moved = CORPUS.part([i for i, clip in enumerate(CORPUS.clips) if clip.emotion != "NEU"])
    assert pair_reason(cell, dataclasses.replace(moved, emotions=("ANG", "DIS", "FEA", "HAP", "SAD"))) == (
        "copypaste can't be made: it needs a neutral clip of the same speaker, and none of the emotions of synthetic is neutral "
        "(ANG, DIS, FEA, HAP, SAD): leave it out, or let one of them count as NEU")


def test_an_estimator_declines_augmentations_that_act_within_batches() -> None:
    trial = dataclasses.replace(TRIAL, architecture=Svm(), augmentation=Augmentation(on_the_fly=(Mixup(),)))
    reason = "svm is fitted at once, without batches in which mixup could act: list augmentations of waveforms under copies"
    assert pair_reason(Cell(trial, {}), CORPUS) == reason


def test_a_study_on_votes_is_declined_where_no_clip_has_any_and_its_other_rows_stay() -> None:
    on_intent, on_votes = (dataclasses.replace(QUICK, name=name, training=Training(epochs=1, target=name)) for name in ("intent", "votes"))
    kept, declined = feasible(dataclasses.replace(LISTED, recipes=(on_intent, on_votes)), CORPUS, {})
    assert [cell.recipe for cell in kept] == ["intent"] and list(declined) == ["votes, training.target=votes"]
    with pytest.raises(BenchError, match=r"every cell of the study is declined: .*votes: training.target='votes' needs"):
        feasible(STUDY, CORPUS, {"training.target": "votes"})


def test_speakers_are_standardised_under_protocols_that_know_them_and_declined_under_others() -> None:
    known = dataclasses.replace(TRIAL, feature_space=dataclasses.replace(TRIAL.feature_space, normalise="per_speaker"))
    assert cell_reason(Cell(dataclasses.replace(known, split=KnownSpeakers()), {})) is None
    reason = cell_reason(Cell(known, {}))
    assert reason is not None and "this protocol knows none: list KnownSpeakers(protocol=Random8020())" in reason
    copied = dataclasses.replace(known, augmentation=Augmentation(copies=(Gain(),)))
    assert "has no statistics of altered copies" in str(pair_reason(Cell(copied, {}), CORPUS))


def test_what_is_declined_on_every_fold_of_a_protocol_is_told_once() -> None:
    component = Synthetic(n_speakers=5, n_sentences=2)
    corpus = open_corpus(component, None)
    known = dataclasses.replace(TRIAL.feature_space, normalise="per_speaker")
    study = dataclasses.replace(STUDY, corpus=component, feature_spaces=(TRIAL.feature_space, known), architectures=(TRIAL.architecture,),
                                splits=(SpeakerFolds(),))
    kept, declined = feasible(with_all_folds(study, corpus), corpus, {}, all_folds=True)
    assert [cell.base.feature_space for cell in kept] == [TRIAL.feature_space] * 5
    assert [where.partition(" on ")[2] for where in declined] == ["speaker_folds (5 folds)"]
