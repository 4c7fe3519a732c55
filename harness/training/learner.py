"""The network as it is trained. One of the same structure is kept for the next trial, so that no graph is built twice."""

from __future__ import annotations

import gc
import json
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.study.trial import Training, Trial
from harness.training.network import augmented, build
from harness.training.result import Diverged, Pruned
from harness.training.training_clips import TrainingClips
from registry.core import specification

if TYPE_CHECKING:
    import keras

KEPT_PARAMETERS = 5_000_000  # of all kept networks together: a trained one holds three to four numbers for each
KEPT_NETWORKS = 8  # since each holds graphs, too, of tens of megabytes: a search may change the network with each trial
OURS = ("keras", "registry", "bench", "builtins")  # whose layers have all their state in variables


@dataclass(frozen=True)
class Learner:
    """A compiled network.

    Args:
        trained: with the augmentations on the fly; `fit` it. network: without them; `predict` with it. Both share their weights.
    """

    trained: keras.Model
    network: keras.Model


_kept: OrderedDict[str, Learner] = OrderedDict()
_left_behind: list[str] = []  # names of networks that were not kept


def new_session() -> None:
    """Begin the names of layers anew, and drop what networks that are not kept left in the backend."""
    import keras
    from keras.src.utils import naming

    naming.reset_uids()
    if _left_behind:
        _left_behind.clear()
        keras.utils.clear_session()


@contextmanager
def learner(trial: Trial, model: keras.Model, x: TrainingClips, n_classes: int) -> Iterator[Learner]:
    """A compiled network with the weights of a newly built model, which gets what it has learnt when the block ends.

    On TensorFlow it is a kept one where one has the structure of this one, whatever its learning rate, weight decay, batch size,
    dropout, training clips and seed. A network with layers of others is compiled anew each time: they may keep more than variables.
    """
    structure = _structure(trial, model)
    if structure is None:
        _left_behind.append(model.name)
        yield Learner(_compiled(augmented(model, trial), trial.training, n_classes), model)
        return
    from harness.training.fast_layers import give_weights, in_fast_form, set_up_as

    key = json.dumps([structure, n_classes, specification(trial.augmentation), *_compiled_in(trial.training)], sort_keys=True, default=str)
    taken = _kept.pop(key, None)
    if taken is None:
        network = in_fast_form(build(trial, x, n_classes)[0])
        taken = Learner(_compiled(augmented(network, trial), trial.training, n_classes), network)
    set_up_as(taken.network, model)
    on_the_fly = augmented(model, trial).layers[:-1] if trial.augmentation.on_the_fly else []
    for mine, other in zip(taken.trained.layers, on_the_fly, strict=False):
        for variable, value in zip(mine.variables, other.variables, strict=True):
            variable.assign(value)
    _reset(taken.trained.optimizer, trial.training)
    try:
        yield taken
        give_weights(taken.network, model)
    except (Pruned, Diverged):
        _keep(key, taken)
        raise
    _keep(key, taken)


def _keep(key: str, used: Learner) -> None:
    """Keep a learner; those that were used longest ago go when there are too many."""
    _kept[key] = used
    while len(_kept) > KEPT_NETWORKS or sum(each.network.count_params() for each in _kept.values()) > KEPT_PARAMETERS:
        _kept.popitem(last=False)
        gc.collect()  # graphs are circles, which hold their memory until then


def _structure(trial: Trial, model: keras.Model) -> Any:
    """What a kept network must share with this one; None when it can't be kept, as with an optimiser that scales the loss."""
    if trial.backend != "tensorflow" or trial.training.precision == "mixed_float16":
        return None
    from harness.training.fast_layers import structure

    try:
        config = structure(model)
    except (NotImplementedError, TypeError, ValueError, KeyError, AttributeError):  # a layer of others without a configuration
        return None
    return config if all(module.split(".")[0] in OURS for module in _modules(config)) else None


def _modules(config: Any) -> Iterator[str]:
    """The modules of all layers, initialisers and functions of a configuration."""
    if isinstance(config, dict):
        if "class_name" in config:
            yield config.get("module") or "builtins"
            if ">" in str(config.get("registered_name") or ""):
                yield config["registered_name"].split(">")[0]
        for value in config.values():
            yield from _modules(value)
    elif isinstance(config, list):
        for value in config:
            yield from _modules(value)


def _compiled_in(training: Training) -> tuple[Any, ...]:
    """The settings of a training that its graph holds."""
    return training.optimizer, decays(training), training.label_smoothing, training.precision, training.weight_average


def _compiled(model: keras.Model, training: Training, n_classes: int) -> keras.Model:
    import keras

    model.compile(optimizer=optimizer(training), loss=keras.losses.CategoricalCrossentropy(label_smoothing=training.label_smoothing),
                  metrics=[keras.metrics.CategoricalAccuracy(name="wa"), uar_metric(n_classes)])
    return model


def decays(training: Training) -> bool:
    """Whether the optimiser shrinks weights."""
    return training.weight_decay > 0 or training.optimizer == "adamw"


def optimizer(training: Training) -> keras.Optimizer:
    """The optimiser at its first rate."""
    import keras

    classes = {"adam": keras.optimizers.Adam, "adamw": keras.optimizers.AdamW, "rmsprop": keras.optimizers.RMSprop,
               "sgd": keras.optimizers.SGD}
    options: dict[str, Any] = {"momentum": 0.9} if training.optimizer == "sgd" else {}
    options |= {"weight_decay": 0.0} if decays(training) else {}
    options |= {"use_ema": True, "ema_momentum": training.weight_average} if training.weight_average else {}
    made = classes[training.optimizer](training.learning_rate, **options)
    if decays(training):
        made.weight_decay = keras.Variable(training.weight_decay, trainable=False, dtype="float32", name="weight_decay")
    return made


def _reset(used: keras.Optimizer, training: Training) -> None:
    """Give an optimiser the settings of a training, and no memory of an earlier one."""
    import keras

    for variable in used.variables:
        variable.assign(keras.ops.zeros_like(variable))
    used.learning_rate = training.learning_rate
    if decays(training):
        used.weight_decay.assign(training.weight_decay)


def uar_metric(n_classes: int) -> keras.Metric:
    """Mean recall over the classes that occurred, accumulated over batches as a confusion matrix; of shares, the largest is the class."""
    import keras

    class UAR(keras.metrics.Metric):
        def __init__(self) -> None:
            super().__init__(name="uar")
            self.confusion = self.add_weight(shape=(n_classes, n_classes), initializer="zeros", name="confusion")

        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
            truth, predicted = (keras.ops.one_hot(keras.ops.argmax(y, axis=-1), n_classes, dtype="float32") for y in (y_true, y_pred))
            self.confusion.assign(self.confusion + keras.ops.matmul(keras.ops.transpose(truth), predicted))

        def result(self) -> Any:
            support = keras.ops.sum(self.confusion, axis=1)
            recall = keras.ops.diagonal(self.confusion) / keras.ops.maximum(support, 1.0)
            return keras.ops.sum(recall) / keras.ops.maximum(keras.ops.sum(keras.ops.cast(support > 0, "float32")), 1.0)

    return UAR()
