"""The network of a trial: normaliser, augmentation on the fly, join and architecture in one Keras model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from harness.study.seeds import seed_for
from harness.study.trial import Trial
from harness.training.batch_norm import quicken

if TYPE_CHECKING:
    import keras


def build(trial: Trial, x: np.ndarray, n_classes: int) -> tuple[keras.Model, keras.Model]:
    """The whole model from features (batch, frames, bands) to probabilities, and the architecture's network inside it.

    In mixed precision, features are normalised and probabilities given in float32: in bfloat16, -80.1 dB is -80.
    """
    import keras

    space, (frames, bands) = trial.feature_space, x.shape[1:]
    network = trial.architecture(space.joined_shape(frames, bands), n_classes)
    inputs = keras.Input((frames, bands), name="features")
    outputs = inputs
    for layer in (*normaliser(space.normalise, x), *joiner(space.join, frames, bands), network):
        outputs = layer(outputs)
    if outputs.dtype != "float32":  # a user's network may end in a layer of the training's precision
        outputs = keras.layers.Activation("linear", dtype="float32")(outputs)
    model = keras.Model(inputs, outputs, name="normaliser_join_network")
    quicken(model)
    return model, network


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


def normaliser(kind: str, x: np.ndarray) -> list[keras.Layer]:
    """The layer that standardises features, fitted on the training clips `x` (clips, frames, bands) and nothing else."""
    import keras

    if kind == "per_band":
        mean = x.mean(axis=(0, 1), dtype=np.float64)
        # E[x²] − mean² in float64 needs no array of the size of x, as x.var would
        squares = np.einsum("cfb,cfb->b", x, x, dtype=np.float64) / (x.shape[0] * x.shape[1])
        variance = np.maximum(squares - mean**2, 1e-10)
        return [keras.layers.Normalization(axis=-1, mean=mean.astype(np.float32), variance=variance.astype(np.float32),
                                           dtype="float32")]
    if kind == "per_value":
        mean = x.mean(axis=0, dtype=np.float64)  # (frames, bands)
        # A few clips at a time: the deviations of all in float64 would take twice the memory of x
        variance = sum(np.square(x[at:at + 64] - mean).sum(axis=0) for at in range(0, len(x), 64)) / len(x)
        variance = np.where(x.min(axis=0) == x.max(axis=0), 1.0, variance)
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
    return []
