"""An architecture of a user's own, in a file, with a Keras layer of its own in a module beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from registry import core

NET = '''"""Scales, averages, classifies."""
from typing import ClassVar
from registry.core import register

@register("own_net")
class OwnNet:
    rank: ClassVar[int] = 2
    version: ClassVar[int] = 1
    minimum_steps: ClassVar[int] = 1

    def __call__(self, input_shape, n_classes):
        import keras
        from own_parts import layers
        x = inputs = keras.Input(input_shape)
        for layer in (*layers(), keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(n_classes, activation="softmax")):
            x = layer(x)
        return keras.Model(inputs, x)
'''
PARTS = '''import keras

@keras.saving.register_keras_serializable(package="mine")
class Scale(keras.layers.Layer):
    def __init__(self, factor, **options):
        super().__init__(**options)
        self.factor = factor

    def call(self, x):
        return x * self.factor + OFFSET

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}

@keras.saving.register_keras_serializable(package="mine")
def squashed(x):
    return keras.ops.tanh(x)

OFFSET = 0.0

def layers():
    return Scale(3.0), keras.layers.Dense(4, activation=squashed)
'''


def own_network(folder: Path, parts: str = PARTS) -> Any:
    """The architecture, from two files in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "own_parts.py").write_text(parts)
    (folder / "own_net.py").write_text(NET)
    return core.get("architectures", str(folder / "own_net.py"))()
