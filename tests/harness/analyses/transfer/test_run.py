"""`bench transfer`: trained on one corpus, tested on another among the emotions that both have, and nothing twice."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile
from calls import bench, study_file

from harness.analyses.transfer.matrix import Matrix, matrices
from harness.analyses.transfer.report import transfer_markdown
from harness.analyses.transfer.run import among_shared
from harness.tracking.store import Store
from registry.corpora.synthetic import Synthetic
from registry.corpus import Clip

A, B, C = (f"folder[csv={name}.csv]" for name in "abc")


def table(folder: Path, name: str, speakers: Sequence[str], emotions: Sequence[str], seed: int) -> None:
    """A corpus of synthetic clips as files with a table of its own; the ids of its speakers begin with its name."""
    corpus = Synthetic(n_speakers=9, n_sentences=2, seed=seed).load()
    with (folder / f"{name}.csv").open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["path", "emotion", "speaker"])
        for clip in (clip for clip in corpus.clips if clip.speaker in speakers and clip.emotion in emotions):
            soundfile.write(folder / f"{name}_{clip.id}.wav", *corpus.read_clip(clip))
            lines.writerow([f"{name}_{clip.id}.wav", clip.emotion, f"{name}_{clip.speaker}"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three corpora: a and b share two emotions of three; c has two speakers and no sentences, so that nothing can be trained on it."""
    made = tmp_path_factory.mktemp("transfer")
    table(made, "a", ("S01", "S02", "S03", "S04", "S05"), ("ANG", "HAP", "SAD"), seed=0)
    table(made, "b", ("S01", "S02", "S03"), ("ANG", "HAP", "NEU"), seed=1)
    table(made, "c", ("S01", "S02"), ("ANG", "SAD"), seed=2)
    study_file(made, "architectures=STUDY.architectures[:1], training=Training(learning_rate=0.02, batch_size=8, epochs=3), "
               "best_models=0")
    return made


def call(folder: Path, *corpora: str) -> tuple[object, ...]:
    return ("transfer", "--study", folder / "own.py", "--corpora", *corpora, "--data", folder, "--home", folder / "home", "--seeds", "0",
            "--feature-workers", "1", "--set", "training.epochs=2")


@pytest.fixture(scope="module")
def matrix(folder: Path) -> Matrix:
    outcome = bench(*call(folder, A, B, C))
    assert outcome.code == 0, outcome.err
    assert "it is only tested on" in outcome.err and f"{A} " in outcome.out and "transfer.md" in outcome.out
    (result,) = matrices(Store(folder / "home"), "transfer-own")
    return result


def test_each_corpus_that_can_be_split_is_trained_on_and_every_one_is_tested_on(matrix: Matrix) -> None:
    assert matrix.sources == [A, B] and matrix.targets == [A, B, C]
    assert matrix.pairs.keys() == {(A, A), (A, B), (A, C), (B, A), (B, B)}, "b and c share one emotion: there is nothing to tell apart"
    emotions = {key: pair.emotions for key, pair in matrix.pairs.items()}
    assert emotions[A, A] == ("ANG", "HAP", "SAD") and emotions[B, B] == ("ANG", "HAP", "NEU")
    assert emotions[A, B] == emotions[B, A] == ("ANG", "HAP") and emotions[A, C] == ("ANG", "SAD")
    assert matrix.pairs[A, B].chance == 0.5 and matrix.pairs[A, B].counts.shape == (1, 3, 2, 2)


def test_on_the_diagonal_it_is_the_own_test_part_and_elsewhere_every_clip_of_a_shared_emotion(matrix: Matrix, folder: Path) -> None:
    clips = {key: pair.clips for key, pair in matrix.pairs.items()}
    assert clips[A, B] == 3 * 2 * 2 and clips[B, A] == 5 * 2 * 2 and clips[A, C] == 2 * 2 * 2
    assert 0 < clips[A, A] < 5 * 2 * 3 and matrix.pairs[A, A].about.own_test_part and not matrix.pairs[A, B].about.own_test_part
    tracker = Store(folder / "home").experiment("transfer-own", "transfer")
    run = next(run for run in tracker.records("seed") if run.tags["bench.corpus_label"] == A)
    predictions = tracker.predictions(run.run_id, "test")
    assert predictions is not None and np.array_equal(predictions.counts_by(predictions.speakers), matrix.pairs[A, A].counts[0])
    assert Store(folder / "home").studies() == [], "its runs are on no leaderboard"


def test_the_same_call_trains_and_tests_nothing_again_and_saved_models_are_tested_on_a_further_corpus(matrix: Matrix, folder: Path) -> None:
    table(folder, "d", ("S06", "S07"), ("HAP", "SAD"), seed=3)
    further = "folder[csv=d.csv]"
    assert bench(*call(folder, A, B, C, further)).code == 0
    tracker = Store(folder / "home").experiment("transfer-own", "transfer")
    assert len(tracker.records("seed")) == 2, "one training a corpus and seed"
    (after,) = matrices(Store(folder / "home"), "transfer-own")
    assert after.pairs.keys() - matrix.pairs.keys() == {(A, further)}
    assert all(after.pairs[key].about.tested_at == pair.about.tested_at for key, pair in matrix.pairs.items())


def test_the_report_names_chance_marks_few_speakers_and_is_made_from_the_store_alone(matrix: Matrix, folder: Path) -> None:
    page = folder / "home" / "reports" / "transfer.md"
    text = page.read_text(encoding="utf-8")
    assert "<br>chance 0.500" in text and "†" in text and "ANG HAP" in text and "**Columns do not compare**" in text
    assert "--set training.epochs=2`" in text and f"Only tested on: {C}" in text and "![UAR of each pair](transfer/1.png)" in text
    assert transfer_markdown([matrix], ["x.png"]) == transfer_markdown([matrix], ["x.png"])


def test_features_of_whole_clips_are_computed_once_for_all_networks_whatever_the_longest_clip_of_their_corpora(folder: Path) -> None:
    study = study_file(folder, """architectures=(LogisticRegression(),), search={}, trials=0,
        feature_spaces=(FeatureSpace(features=(ZeroCrossingRate(),), join="vector", duration_s=None),)""", "vectors",
        preamble="from registry.architectures.logistic_regression import LogisticRegression")
    outcome = bench("transfer", "--study", study, "--corpora", A, B, "--data", folder, "--home", folder / "vectors", "--seeds", "0",
                    "--feature-workers", "1")
    assert outcome.code == 0, outcome.err
    assert len(list((folder / "vectors" / ".bench" / "features").glob("*.npy"))) == 2


def test_a_network_chooses_among_the_shared_emotions_only() -> None:
    clips = [Clip(id="1", emotion="SAD", speaker="x"), Clip(id="2", emotion="ANG", speaker="x"), Clip(id="3", emotion="ANG", speaker="x")]
    predictions = among_shared(clips, ("ANG", "DIS", "SAD"), np.array([[0.1, 0.6, 0.3], [0.2, 0.8, 0.0], [0.0, 1.0, 0.0]]))
    assert predictions.emotions == ("ANG", "SAD") and predictions.truth.tolist() == [1, 0, 0]
    np.testing.assert_allclose(predictions.probabilities, [[0.25, 0.75], [1, 0], [0.5, 0.5]])


def test_a_wrong_call_trains_nothing(folder: Path, tmp_path: Path) -> None:
    (folder / "again.csv").write_bytes((folder / "a.csv").read_bytes())
    for corpora, message in (((A,), "two corpora or more"), ((A, A), "names a corpus twice"),
                             ((A, "folder[csv=again.csv]"), "share 30 clips"), (("crema", "tess"), "Did you mean 'crema_d'"),
                             ((A, B, "--cell", "nope"), "no cell 'nope'")):
        outcome = bench("transfer", "--study", folder / "own.py", "--corpora", *corpora, "--data", folder, "--home", tmp_path / "home")
        assert outcome.code == 2 and message in outcome.err and not (tmp_path / "home").exists(), outcome.err
