"""A trial trains on its training part, is scored on validation, repeats, and never opens a sealed test part."""

from __future__ import annotations

import dataclasses
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from listed_recipes import LISTED
from sklearn.linear_model import LogisticRegression as Logistic
from tiny_study import STUDY
from tiny_trial import CORPUS, TINY_NET, TRIAL, ignore, toy

from harness.data.corpora import Workspace, open_corpus
from harness.data.features import features
from harness.study.cells import plan
from harness.training import saved_model
from harness.training.result import Pruned, Result
from harness.training.run_trial import run_trial
from registry.architectures.logistic_regression import LogisticRegression
from registry.corpora.combined import Combined
from registry.errors import BenchError
from registry.splits.known_speakers import KnownSpeakers
from registry.splits.speaker_folds import SpeakerFolds

SPLIT = TRIAL.split(CORPUS)
VECTOR = dataclasses.replace(TRIAL.feature_space, join="vector")
FINAL = dataclasses.replace(TRIAL, opens_test=True)


def test_copies_enlarge_the_training_part_alone_and_the_last_epoch_is_kept_where_asked(tmp_path: Path) -> None:
    trial = dataclasses.replace(plan(LISTED, open_corpus(STUDY.corpus, None).fingerprint)[1].base, opens_test=True)
    result = run_trial(trial, Workspace(home=tmp_path, workers=1), ignore)
    split = trial.split(open_corpus(STUDY.corpus, None))
    assert result.state == "finished" and result.best_epoch == 2
    assert result.counts == {**split.counts, "copies": 2 * len(split.train)}
    assert [len(result.predictions[part].clips) for part in ("validation", "test")] == [len(split.validation), len(split.test)]


def test_predictions_on_a_union_of_corpora_tell_the_corpus_of_each_clip(tmp_path: Path, real_corpora: Path) -> None:
    loader = Combined(corpora=("savee", "synthetic"))
    trial = dataclasses.replace(plan(LISTED, "clips")[0].base, corpus=loader, split=SpeakerFolds(),
                                corpus_fingerprint=open_corpus(loader, real_corpora).fingerprint)
    result = run_trial(trial, Workspace(home=tmp_path, data=real_corpora, workers=1), ignore)
    assert result.state == "finished", result.reason
    about = result.predictions["validation"].about
    assert all(speaker.startswith(f"{corpus}/") for corpus, speaker in zip(about["corpus"], about["speaker"], strict=True))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace(home=tmp_path_factory.mktemp("work"), workers=1)


@pytest.fixture(scope="module")
def final(workspace: Workspace) -> Result:
    """A final, trained and scored on its sealed test part."""
    return run_trial(FINAL, workspace, ignore)


@pytest.fixture
def poisoned(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """The corpus's features with NaN in every clip of the test part; what trials read from now on."""
    arrays = np.array(features(CORPUS, TRIAL.feature_space, workspace.cache))
    arrays[SPLIT.test] = np.nan
    monkeypatch.setattr("harness.training.run_trial.features", lambda *_: arrays)
    return arrays


def normaliser_of(result: Result) -> tuple[np.ndarray, np.ndarray]:
    import keras

    assert result.model is not None
    layer, = (layer for layer in result.model.layers if isinstance(layer, keras.layers.Normalization))
    return np.ravel(np.asarray(layer.mean)), np.ravel(np.asarray(layer.variance))


def test_a_final_has_scores_and_predictions_of_every_test_clip(final: Result) -> None:
    assert final.state == "finished" and final.test is not None and final.validation is not None
    said = final.predictions["test"]
    assert said.clips.tolist() == [CORPUS.clips[i].id for i in SPLIT.test]
    assert said.probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert final.test.wa == pytest.approx((said.predicted == said.truth).mean())
    assert set(final.seconds) >= {"features", "fit", "score"} and final.counts == SPLIT.counts


def test_the_kept_epoch_is_the_first_with_the_best_validation_uar(final: Result) -> None:
    curve = final.history["validation_uar"]
    assert final.validation is not None and len(curve) == 2
    assert final.best_epoch == curve.index(max(curve)) + 1
    assert final.validation.uar == pytest.approx(max(curve))


def test_a_trial_of_the_search_neither_needs_nor_scores_the_test_part(workspace: Workspace, poisoned: np.ndarray) -> None:
    result = run_trial(TRIAL, workspace, ignore)
    assert result.state == "finished" and result.validation is not None
    assert result.test is None and set(result.predictions) == {"validation"}


def test_the_test_part_is_read_only_when_a_final_is_scored(workspace: Workspace, poisoned: np.ndarray, final: Result) -> None:
    """With nothing but the test clips spoilt, training and validation give the very same numbers, and then scoring fails."""
    result = run_trial(FINAL, workspace, ignore)
    assert (result.state, result.test) == ("failed", None) and "test part are not finite" in result.reason
    assert result.validation == final.validation and result.history == final.history


def test_another_seed_gives_other_numbers_and_the_same_trial_the_same_ones_wherever_it_runs(tmp_path: Path, workspace: Workspace,
                                                                                           final: Result) -> None:
    other = run_trial(dataclasses.replace(FINAL, seed=1), workspace, ignore)
    assert other.history["train_loss"] != final.history["train_loss"]
    again = run_trial(FINAL, Workspace(home=tmp_path, workers=2), ignore)
    assert (again.history, again.test) == (final.history, final.test)
    assert np.array_equal(again.predictions["test"].probabilities, final.predictions["test"].probabilities)


def test_the_normaliser_is_fitted_on_the_training_clips_whatever_the_others_are(workspace: Workspace, final: Result,
                                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = np.array(features(CORPUS, TRIAL.feature_space, workspace.cache))
    train = arrays[SPLIT.train].reshape(-1, arrays.shape[2]).astype(np.float64)
    arrays[SPLIT.validation] = 1000 * arrays[SPLIT.validation] + 7
    arrays[SPLIT.test] = 1000 * arrays[SPLIT.test] + 7
    monkeypatch.setattr("harness.training.run_trial.features", lambda *_: arrays)
    changed = run_trial(FINAL, workspace, ignore)
    for result in (final, changed):
        mean, variance = normaliser_of(result)
        np.testing.assert_allclose(mean, train.mean(axis=0), rtol=1e-5)
        np.testing.assert_allclose(variance, train.var(axis=0), rtol=1e-4)
    assert changed.validation != final.validation


def test_a_learning_rate_far_too_high_is_a_failed_result_with_its_reason(workspace: Workspace) -> None:
    wild = dataclasses.replace(toy(optimizer="sgd", learning_rate=1e30, epochs=4), architecture=TINY_NET)
    result = run_trial(wild, workspace, ignore)
    assert result.state == "failed" and result.validation is None
    assert "no longer finite in epoch" in result.reason and "smaller training.learning_rate" in result.reason


def test_a_trial_that_the_search_gives_up_is_pruned_with_its_curve_so_far(workspace: Workspace) -> None:
    def give_up(epoch: int, metrics: dict[str, float]) -> None:
        raise Pruned("below the median")

    result = run_trial(TRIAL, workspace, give_up)
    assert (result.state, result.reason, result.validation) == ("pruned", "below the median", None)
    assert len(result.history["validation_uar"]) == 1


def test_a_trial_planned_on_other_clips_is_refused(workspace: Workspace) -> None:
    with pytest.raises(BenchError, match="clips of synthetic changed since this trial was planned"):
        run_trial(dataclasses.replace(TRIAL, corpus_fingerprint="others"), workspace, ignore)


def test_a_fault_of_what_listens_to_epochs_is_not_recorded_as_the_trial_s_own_end(workspace: Workspace) -> None:
    def store_is_away(epoch: int, metrics: dict[str, float]) -> None:
        raise ConnectionError("the store is away")

    with pytest.raises(ConnectionError, match="the store is away"):
        run_trial(TRIAL, workspace, store_is_away)


def full_memory(backend: str) -> Exception:
    """What a backend raises when memory is full."""
    if backend == "tensorflow":
        import tensorflow

        return tensorflow.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor with shape[64,128,512]")
    if backend == "jax":
        return RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 8589934592 bytes.")
    if backend == "torch":
        return type("OutOfMemoryError", (RuntimeError,), {})("CUDA out of memory. Tried to allocate 8.00 GiB")
    return MemoryError("Unable to allocate 8.00 GiB for an array")


@pytest.mark.parametrize("backend", ["numpy", "tensorflow", "jax", "torch"])
def test_a_trial_that_memory_does_not_hold_is_failed_with_its_batch_size_and_what_to_do(workspace: Workspace, backend: str,
                                                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    def fit_in_a_full_memory(*_: Any) -> None:
        raise full_memory(backend)

    monkeypatch.setattr("harness.training.run_trial.fit", fit_in_a_full_memory)
    result = run_trial(TRIAL, workspace, ignore)
    assert result.state == "failed" and result.validation is None
    assert f"out of memory with training.batch_size={TRIAL.training.batch_size}: use a smaller training.batch_size" in result.reason
    assert str(full_memory(backend)) in result.reason


def test_an_error_that_is_not_of_memory_does_not_name_the_batch_size(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def fit_wrongly(*_: Any) -> None:
        raise ValueError("a shape is wrong")

    monkeypatch.setattr("harness.training.run_trial.fit", fit_wrongly)
    assert run_trial(TRIAL, workspace, ignore).reason == "ValueError: a shape is wrong"


def test_an_estimator_is_fitted_on_training_clips_alone_and_its_saved_model_predicts_the_same(
        workspace: Workspace, tmp_path: Path) -> None:
    trial = dataclasses.replace(TRIAL, architecture=LogisticRegression(C=0.1), feature_space=VECTOR)
    epochs: list[int] = []
    result = run_trial(trial, workspace, lambda epoch, metrics: epochs.append(epoch))
    assert result.state == "finished" and result.validation is not None, result.reason
    assert epochs == [1] and result.best_epoch == 1 and result.history["validation_uar"] == [pytest.approx(result.validation.uar)]
    values = features(CORPUS, VECTOR, workspace.cache)[:, 0]
    scaled = (values - values[SPLIT.train].mean(axis=0)) / np.sqrt(np.maximum(values[SPLIT.train].var(axis=0), 1e-10))
    reference = Logistic(C=0.1, max_iter=1000).fit(scaled[SPLIT.train], CORPUS.labels[SPLIT.train])
    expected = reference.predict_proba(scaled[SPLIT.validation])
    assert np.allclose(result.predictions["validation"].probabilities, expected, atol=1e-3)
    saved_model.write(result, CORPUS, tmp_path)
    waveform, sample_rate = CORPUS.read_clip(CORPUS.clips[SPLIT.validation[0]])
    predicted = saved_model.load(tmp_path).predict(waveform[None, :], params={"sample_rate": sample_rate})
    assert np.allclose(predicted.iloc[0, 1:].to_numpy(float), expected[0], atol=1e-3)


def test_a_trial_that_knows_its_speakers_saves_a_model_that_standardises_over_the_clips_of_one(
        workspace: Workspace, tmp_path: Path) -> None:
    space = dataclasses.replace(VECTOR, normalise="per_speaker", duration_s=None)
    trial = dataclasses.replace(TRIAL, architecture=LogisticRegression(), feature_space=space, split=KnownSpeakers())
    result = run_trial(trial, workspace, ignore)
    assert result.state == "finished" and result.usual_variance is not None, result.reason
    split = trial.split(CORPUS)
    speaker = CORPUS.speakers[split.validation[0]]
    clips = np.flatnonzero(CORPUS.speakers == speaker)
    sounds = [CORPUS.read_clip(CORPUS.clips[i])[0] for i in clips]
    shortest = min(map(len, sounds))
    saved_model.write(result, CORPUS, tmp_path)
    model = saved_model.load(tmp_path)
    of_one_length = np.stack([sound[:shortest] for sound in sounds])
    features_of = model.features(of_one_length, CORPUS.sample_rate)
    assert features_of.mean(axis=(0, 1)) == pytest.approx(0, abs=1e-5)
    with pytest.warns(UserWarning, match="^1 clips are few to standardise a speaker by: give 5 or more of one speaker together"):
        model.predict(of_one_length[:1])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(model.predict(np.resize(of_one_length, (5, shortest)))) == 5
    with pytest.raises(BenchError, match="no row is transferred with normalise='per_speaker'"):
        model.require_any_speaker("no row is transferred")
