"""Learners: a kept network is set to the next trial's numbers, so that it learns what a new one would, without another graph."""

from __future__ import annotations

import dataclasses
from typing import Any

import keras
import numpy as np
import pytest
from tiny_trial import ignore, toy

from harness.study.trial import Training, Trial
from harness.training import learner as learners
from harness.training.fast_layers import FastBatchNormalization
from harness.training.fit import fit
from harness.training.learner import optimizer, uar_metric
from harness.training.result import Pruned
from registry.architectures.plain_1d import Plain1D
from registry.augmentation import Augmentation
from registry.augmentations.frequency_mask import FrequencyMask
from registry.augmentations.mixup import Mixup

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(40, 12, 2)).astype(np.float32), np.arange(40) % 3
NET = Plain1D(filters=(4,), dropouts=(0.2,), dense=(4,))


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learners, "_kept", type(learners._kept)())


@pytest.fixture
def graphs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Calls of a fast layer: each is a graph that is built."""
    calls: list[str] = []
    original = FastBatchNormalization.call

    def counted(self: Any, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        calls.append(self.name)
        return original(self, inputs, training=training, mask=mask)

    monkeypatch.setattr(FastBatchNormalization, "call", counted)
    return calls


def trial(seed: int = 0, net: Any = NET, **training: Any) -> Trial:
    return dataclasses.replace(toy(**training), architecture=net, seed=seed)


def figures(one: Trial) -> tuple[Any, np.ndarray]:
    fitted = fit(one, X, Y, X[:9], Y[:9], 3, ignore)
    return fitted.history, fitted.predict(X)


def test_trials_that_differ_in_numbers_alone_build_no_further_graph(graphs: list[str]) -> None:
    figures(trial())
    assert graphs
    graphs.clear()
    for other in (trial(seed=1), trial(learning_rate=0.1, batch_size=7), trial(net=dataclasses.replace(NET, dropouts=(0.4,))),
                  trial(epochs=3, schedule="step"), trial(class_weights=False, early_stopping=1)):
        figures(other)
    assert graphs == [] and len(learners._kept) == 1
    figures(trial(weight_decay=0.01))
    assert graphs
    graphs.clear()
    figures(trial(weight_decay=0.1))
    assert graphs == []


@pytest.mark.parametrize("changes", [{}, {"optimizer": "adamw", "weight_decay": 0.1}, {"optimizer": "sgd", "label_smoothing": 0.1},
                                     {"class_weights": True, "schedule": "plateau"}], ids=str)
@pytest.mark.parametrize("augmentation", [Augmentation(), Augmentation(on_the_fly=(FrequencyMask(width=1), Mixup()))],
                         ids=["plain", "augmented"])
def test_a_kept_network_learns_what_a_new_one_learns_to_the_last_bit(changes: dict[str, Any], augmentation: Augmentation) -> None:
    asked = dataclasses.replace(trial(seed=5, **changes), augmentation=augmentation)
    history, predictions = figures(asked)
    other = dataclasses.replace(asked, seed=6, training=dataclasses.replace(asked.training, learning_rate=0.1, batch_size=9))
    assert not np.array_equal(figures(other)[1], predictions)
    again, same = figures(asked)
    assert len(learners._kept) == 1 and again == history and np.array_equal(same, predictions)


def test_a_pruned_trial_leaves_its_network_to_the_next(graphs: list[str]) -> None:
    def give_up(epoch: int, metrics: dict[str, float]) -> None:
        raise Pruned("enough")

    expected = figures(trial())
    with pytest.raises(Pruned):
        fit(trial(seed=3), X, Y, X[:9], Y[:9], 3, give_up)
    graphs.clear()
    again = figures(trial())
    assert graphs == [] and again[0] == expected[0] and np.array_equal(again[1], expected[1])


def test_a_model_that_was_returned_stays_as_it_is_when_the_next_trial_trains() -> None:
    first = fit(trial(), X, Y, X[:9], Y[:9], 3, ignore)
    before = first.model.predict(X, verbose=0)
    fit(trial(seed=1, learning_rate=0.1), X, Y, X[:9], Y[:9], 3, ignore)
    assert np.array_equal(first.model.predict(X, verbose=0), before)


class Counting(keras.layers.Layer):
    """A layer of a user, with state that is no variable."""

    def call(self, x: Any) -> Any:
        return x


class WithOwnLayer:
    """An architecture that holds it."""

    def __init__(self, **fields: Any) -> None:
        self.fields = fields

    def __call__(self, input_shape: tuple[int, ...], n_classes: int) -> keras.Model:
        inputs = keras.Input(input_shape)
        return keras.Model(inputs, keras.layers.Dense(n_classes, activation="softmax")(Counting()(keras.layers.Flatten()(inputs))))


def test_a_network_with_layers_of_others_is_built_anew_each_time() -> None:
    from harness.training.learner import _structure

    asked = trial()
    assert _structure(asked, NET((12, 2), 3)) is not None
    assert _structure(asked, WithOwnLayer()((12, 2), 3)) is None
    assert _structure(dataclasses.replace(asked, backend="jax"), NET((12, 2), 3)) is None


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("optimiser", ["adam", "adamw"])
def test_networks_learn_in_mixed_precision_whether_they_are_kept_or_not(precision: Any, optimiser: Any) -> None:
    x = X + 3 * Y[:, None, None]
    asked = trial(precision=precision, optimizer=optimiser, learning_rate=0.02, epochs=8)
    first, again = (fit(asked, x, Y, x, Y, 3, ignore).history for _ in range(2))
    assert first == again
    assert first["train_loss"][-1] < 0.9 * first["train_loss"][0] and max(first["validation_uar"]) > 0.5
    assert len(learners._kept) == (precision == "mixed_bfloat16")


def test_no_more_networks_are_kept_than_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learners, "KEPT_PARAMETERS", 300)
    for filters in (4, 5, 6, 40):
        figures(trial(epochs=1, net=dataclasses.replace(NET, filters=(filters,))))
    assert len(learners._kept) == 0
    figures(trial(epochs=1))
    assert len(learners._kept) == 1


def test_the_networks_that_were_used_last_are_kept(monkeypatch: pytest.MonkeyPatch, graphs: list[str]) -> None:
    monkeypatch.setattr(learners, "KEPT_NETWORKS", 2)
    nets = [dataclasses.replace(NET, filters=(filters,)) for filters in (4, 5, 6)]
    for net in (nets[0], nets[1], nets[0], nets[2]):
        figures(trial(epochs=1, net=net))
    graphs.clear()
    figures(trial(epochs=1, net=nets[0]))
    assert graphs == [] and len(learners._kept) == 2
    figures(trial(epochs=1, net=nets[1]))
    assert graphs


def test_the_uar_of_an_epoch_is_that_of_all_its_batches_together() -> None:
    metric = uar_metric(3)
    truth, predicted = np.eye(3)[[0, 0, 0, 1]], np.eye(3)[[0, 0, 1, 1]]
    for batch in (slice(0, 2), slice(2, 4)):
        metric.update_state(truth[batch], predicted[batch])
    assert float(metric.result()) == pytest.approx((2 / 3 + 1) / 2)


@pytest.mark.parametrize("name", ["adam", "adamw", "rmsprop", "sgd"])
def test_every_optimiser_is_the_one_that_its_name_says_and_takes_a_weight_decay(name: Any) -> None:
    made = optimizer(Training(optimizer=name, weight_decay=0.01, learning_rate=0.2))
    assert type(made).__name__.lower() == name and float(made.weight_decay) == pytest.approx(0.01)
    weight = keras.Variable(np.ones(2, np.float32))
    made.apply([np.zeros(2, np.float32)], [weight])
    assert np.asarray(weight) == pytest.approx(1 - 0.2 * 0.01, abs=1e-6)
