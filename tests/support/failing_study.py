"""Changes of the tiny study that make its trials fail."""

from __future__ import annotations

FAILING = '''
from registry.core import register

@register("raises")
class Raises(Plain1D):
    def __call__(self, input_shape, n_classes):
        raise MemoryError("no room for a | in a table")

@register("gives_nan")
class GivesNan(Plain1D):
    def __call__(self, input_shape, n_classes):
        import keras
        inputs = keras.Input(input_shape)
        return keras.Model(inputs, super().__call__(input_shape, n_classes)(inputs) * float("nan"))
'''
