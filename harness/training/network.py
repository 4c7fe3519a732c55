"""The network of a trial: normaliser, augmentation on the fly, join and architecture in one Keras model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from harness.study.seeds import seed_for
from harness.study.trial import Trial
from harness.training.training_clips import TrainingClips

if TYPE_CHECKING:
    import keras

    from registry.feature_space import FeatureSpace


def build(trial: Trial, x: np.ndarray | TrainingClips, n_classes: int) -> tuple[keras.Model, keras.Model]:
    """The whole model from features (batch, frames, bands) to probabilities, and the architecture's network inside it.

    In mixed precision, features are normalised and probabilities given in float32: in bfloat16, -80.1 dB is -80.
    """
    import keras

    inputs, outputs = head(trial.feature_space, x)
    network = trial.architecture(tuple(outputs.shape[1:]), n_classes)
    outputs = network(outputs)
    if outputs.dtype != "float32":  # a user's network may end in a layer of the training's precision
        outputs = keras.layers.Activation("linear", dtype="float32")(outputs)
    return keras.Model(inputs, outputs, name="normaliser_join_network"), network


def head(space: FeatureSpace, x: np.ndarray | TrainingClips) -> tuple[Any, Any]:
    """The input of a model, features (batch, frames, bands), and what its normaliser and its join make of it."""
    import keras

    frames, bands = x.shape[1:]
    inputs = outputs = keras.Input((frames, bands), name="features")
    for layer in (*normaliser(space.normalise, x), *joiner(space.join, frames, bands)):
        outputs = layer(outputs)
    return inputs, outputs


def augmented(model: keras.Model, trial: Trial) -> keras.Model:
    """The model as it is trained, with the augmentations on the fly before it; it shares the model's weights."""
    import keras

    if not trial.augmentation.on_the_fly:
        return model
    layers = [component.layer(seed_for(trial.signature, f"on the fly {place}"))
              for place, component in enumerate(trial.augmentation.on_the_fly)]
    for layer in layers:  # features are not normalised yet
        layer.dtype_policy = keras.DTypePolicy("float32")
    mixers = [layer for layer in layers if hasattr(layer, "mix_targets")]

    class Learner(keras.Model):
        def compute_loss(self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True) -> Any:
            if training and mixers and sample_weight is not None:  # each clip keeps its own weight in the mixture
                y, sample_weight = y * keras.ops.expand_dims(sample_weight, -1), None
            for mixer in mixers if training else []:
                y = mixer.mix_targets(y)
            return super().compute_loss(x, y, y_pred, sample_weight, training)

    inputs = outputs = keras.Input(model.input_shape[1:], name="features")
    for layer in (*layers, model):
        outputs = layer(outputs)
    return Learner(inputs, outputs, name="augmented")


def normaliser(kind: str, x: np.ndarray | TrainingClips) -> list[keras.Layer]:
    """The layer that standardises features, fitted on the training clips `x` (clips, frames, bands) and nothing else."""
    import keras

    if kind == "per_band":
        mean, variance = TrainingClips.of(x).band_statistics
        return [keras.layers.Normalization(axis=-1, mean=mean.astype(np.float32), variance=np.maximum(variance, 1e-10).astype(np.float32),
                                           dtype="float32")]
    if kind == "per_value":
        mean, variance = TrainingClips.of(x).value_statistics
        return [keras.layers.Normalization(axis=(-2, -1), mean=mean.astype(np.float32), variance=variance.astype(np.float32),
                                           dtype="float32")]
    if kind == "per_clip":
        return [keras.layers.LayerNormalization(axis=[-2, -1], center=False, scale=False, epsilon=1e-6, dtype="float32")]
    return []


def joiner(join: str, frames: int, bands: int) -> list[keras.Layer]:
    """The layers from (batch, frames, bands) to the input of the architecture."""
    import keras

    if join == "image":
        return [keras.layers.Reshape((frames, bands, 1))]
    if join == "end_to_end":  # one band after the other: (batch, bands, frames) -> (batch, bands · frames, 1)
        return [keras.layers.Permute((2, 1)), keras.layers.Reshape((bands * frames, 1))]
    if join == "vector":
        return [keras.layers.Reshape((frames * bands,))]
    return []
