"""Trial, the one value that a worker needs, and how its network is trained; its signature names everything that changes its numbers."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import sys
from typing import Any, ClassVar, Literal

from registry.augmentation import Augmentation
from registry.core import canonical, checked, short_label, specification
from registry.errors import require
from registry.estimator import is_estimator
from registry.feature_space import FeatureSpace

OF_ESTIMATORS = ("class_weights", "threads", "target")  # the settings of a training that an estimator has, which is fitted at once
NUMBERS_VERSION = 3  # increased when training, scoring or normalising changes its numbers


@checked
class Training:
    """How a network is trained.

    Args:
        optimizer: `sgd` has a momentum of 0.9.
        learning_rate: at the start.
        weight_decay: decoupled from the gradient (Loshchilov & Hutter 2019), with any optimiser.
        batch_size: clips a step.
        epochs: at most.
        schedule: `cooldown` falls to zero over the last fifth of the epochs, so that early ones tell which settings are best; `cosine`
            falls over all epochs; `plateau` multiplies by `drop_factor` after `drop_epochs` epochs without
            a better validation UAR, `step` after every `drop_epochs` epochs.
        keep: the epoch whose weights are kept: the `best` by validation UAR, or the `last`.
        early_stopping: epochs without a better validation UAR after which training stops, with `cooldown` after the rate has fallen
            in as many epochs as it would have at the end; None trains them all.
        class_weights: weigh each clip, or each vote, by the inverse frequency of its emotion among the training clips.
        label_smoothing: in [0, 1).
        precision: of the arithmetic, Keras's dtype policy; the mixed ones are faster on hardware that has them, weights stay float32.
            `auto` is `mixed_bfloat16` for networks that this machine trains at least 10 % faster by it, else `float32`; the trials have
            the one that was chosen.
        warm_up: epochs in which the rate first rises from nothing, step by step, to that of the schedule.
        weight_average: momentum, in [0, 1), of a moving average of the weights over the steps, which is validated, kept and predicts
            instead of the weights themselves (Polyak and Juditsky 1992); 0: none. The statistics of batch norm stay those of the
            weights themselves.
        target: what a clip is trained on: the emotion that was intended (`intent`), or what listeners heard, each emotion with its share of
            their `votes`; a clip without votes is trained on its intended emotion. Validation and test have intended emotions either way,
            and a course's figures of training those of its target. CREMA-D's votes are mostly neutral: take `class_weights` for UAR.
        threads: that compute a training, which change the order of sums; the same in a whole study. Networks of this size gain more by
            more workers than by more threads.
    """

    later_fields: ClassVar[tuple[str, ...]] = ("threads", "warm_up", "weight_average", "target")
    optimizer: Literal["adam", "adamw", "rmsprop", "sgd"] = "adam"
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    batch_size: int = 64
    epochs: int = 30
    schedule: Literal["constant", "cooldown", "cosine", "plateau", "step"] = "cooldown"
    drop_epochs: int = 4
    drop_factor: float = 0.5
    keep: Literal["best", "last"] = "best"
    early_stopping: int | None = 10
    class_weights: bool = False
    label_smoothing: float = 0.0
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16", "auto"] = "float32"
    threads: int = 1
    warm_up: int = 0
    weight_average: float = 0.0
    target: Literal["intent", "votes"] = "intent"

    def __post_init__(self) -> None:
        for name in ("learning_rate", "batch_size", "epochs", "drop_epochs", "threads"):
            require(getattr(self, name) > 0, f"training.{name} must be positive, not {getattr(self, name)}")
        require(self.early_stopping is None or self.early_stopping > 0,
                f"training.early_stopping must be positive or None, not {self.early_stopping}")
        require(0 < self.drop_factor < 1, f"training.drop_factor must be in (0, 1), not {self.drop_factor}")
        require(0 <= self.label_smoothing < 1, f"training.label_smoothing must be in [0, 1), not {self.label_smoothing}")
        require(self.warm_up == 0 or 0 < self.warm_up < self.epochs,
                f"training.warm_up must be 0, or fewer than the {self.epochs} epochs, not {self.warm_up}")
        require(0 <= self.weight_average < 1, f"training.weight_average must be in [0, 1), not {self.weight_average}")
        require(self.weight_decay >= 0, f"training.weight_decay must not be negative, not {self.weight_decay}")


@checked
class Trial:
    """One point of a study: everything that changes its numbers, and nothing else; picklable.

    Args:
        corpus: a registered corpus (the component, not its clips).
        corpus_fingerprint: of the clips that it was planned on; a worker with other clips refuses it.
        seed: chooses initial weights and the order of clips, together with everything else here.
        opens_test: False for a trial of the search; True for a final, which is scored on the test part once.
        backend: of Keras; other backends give other numbers.
        votes_fingerprint: of the listeners' votes that it is trained on, or may be by its search; empty where it can't be.
        validation_folds: how many times it is trained, each time validated on another fold of the training and validation clips, for the
            mean of these figures; 1: once, on the parts that the protocol gives.
    """

    later_fields: ClassVar[tuple[str, ...]] = ("validation_folds", "votes_fingerprint")
    corpus: Any
    corpus_fingerprint: str
    feature_space: FeatureSpace
    architecture: Any
    split: Any
    training: Training
    augmentation: Augmentation = Augmentation()
    seed: int = 0
    opens_test: bool = False
    backend: str = "tensorflow"
    validation_folds: int = 1
    votes_fingerprint: str = ""

    def __post_init__(self) -> None:
        require(self.validation_folds == 1 or not self.opens_test, "a final is trained once, on the training part of its protocol")
        if is_estimator(self.architecture):
            own = {name: getattr(self.training, name) for name in OF_ESTIMATORS}
            object.__setattr__(self, "training", Training(epochs=1, **own))

    @property
    def steps(self) -> int:
        """After how many steps at most it is done: its epochs, or its folds."""
        return self.training.epochs if self.validation_folds == 1 else self.validation_folds

    @property
    def configuration(self) -> dict[str, Any]:
        """The whole trial as plain JSON data; of an estimator's training, the settings that it has."""
        data = {**specification(self), "numbers_version": NUMBERS_VERSION}
        if is_estimator(self.architecture):
            data["training"] = {key: value for key, value in data["training"].items() if key in ("component", "version", *OF_ESTIMATORS)}
        return data

    @property
    def signature(self) -> str:
        """Hash of everything that changes this trial's numbers: 16 hexadecimal digits."""
        return hashlib.sha256(canonical(self.configuration).encode()).hexdigest()[:16]

    def of_final(self, seed: int) -> Trial:
        """The final with these settings: trained with a seed on the training part of the protocol, and scored on its test part."""
        return dataclasses.replace(self, seed=seed, opens_test=True, validation_folds=1)

    @property
    def cell_label(self) -> str:
        """Its leaderboard row, for people: `mel image × residual_2d`."""
        augmented = [self.augmentation.label] if self.augmentation else []
        return " × ".join([self.feature_space.label, short_label(self.architecture), *augmented])


def keras_backend() -> str:
    """The Keras backend that is loaded; where none is yet, the one that will be: KERAS_BACKEND, or TensorFlow."""
    loaded = getattr(sys.modules.get("keras"), "config", None)  # in a notebook, a change of the variable comes too late
    return str(loaded.backend()) if loaded else os.environ.get("KERAS_BACKEND") or "tensorflow"
