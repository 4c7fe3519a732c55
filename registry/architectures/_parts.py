"""The parts of every architecture, in one or two convolved axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras

# Clips differ in loudness and padding: Keras's 0.99 follows the weights too slowly for the few steps of an epoch here.
MOMENTUM = 0.9


def layer(kind: str, rank: int, *sizes: int | tuple[int, ...], **options: Any) -> keras.layers.Layer:
    """`Conv`, `MaxPooling` or `GlobalAveragePooling` for inputs of a rank: 2 (steps, channels) or 3 (frames, bands, channels)."""
    import keras

    return getattr(keras.layers, f"{kind}{rank - 1}D")(*sizes, **options)


def activate(x: Any, batch_norm: bool = True, relu_first: bool = False, momentum: float = MOMENTUM) -> Any:
    """Batch norm and ReLU, in either order, or the ReLU alone; the shape stays."""
    import keras

    norm = [keras.layers.BatchNormalization(momentum=momentum)] if batch_norm else []
    relu = [keras.layers.ReLU()]
    for each in [*relu, *norm] if relu_first else [*norm, *relu]:
        x = each(x)
    return x


def average(x: Any, keep_bands: bool = False) -> Any:
    """The mean over time and bands, (batch, channels); or over time only, (batch, bands · channels), which keeps pitch apart."""
    import keras

    if keep_bands and len(x.shape) == 4:
        x = keras.layers.Reshape((x.shape[1], x.shape[2] * x.shape[3]))(x)
    return layer("GlobalAveragePooling", len(x.shape) - 1)(x)


def classifier(name: str, inputs: Any, x: Any, n_classes: int) -> keras.Model:
    """The uncompiled model that ends in a softmax over the classes, in float32 even where training is in mixed precision."""
    import keras

    outputs = keras.layers.Dense(n_classes, activation="softmax", dtype="float32")(x)
    return keras.Model(inputs, outputs, name=name)
