"""Multilayer perceptron over a vector: dense layers with batch norm and dropout."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from registry.core import register
from registry.errors import require

if TYPE_CHECKING:
    import keras


@register("mlp")
class Mlp:
    """Dense layers, each with batch norm, ReLU and dropout, then a softmax.

    Args:
        units: of each hidden layer, in order.
        dropout: share of the values that are set to zero in training, before each layer but the first.

    Input shape: (values,). Output shape: (n_classes,), softmax.
    Reference: Rumelhart, Hinton and Williams 1986; dropout after Srivastava et al. 2014.
    """

    rank: ClassVar[int] = 1
    minimum_steps: ClassVar[tuple[int, ...]] = ()
    units: tuple[int, ...] = (128,)
    dropout: float = 0.5

    def __post_init__(self) -> None:
        require(len(self.units) > 0, "mlp.units must name at least one hidden layer: for none, use linear")
        require(all(1 <= units <= 65_536 for units in self.units), f"mlp.units must be 1 to 65536 each, not {self.units}")
        require(0 <= self.dropout < 1, f"mlp.dropout must be in [0, 1), not {self.dropout}")

    def __call__(self, input_shape: tuple[int, ...], n_classes: int) -> keras.Model:
        """(batch, values) -> (batch, n_classes)."""
        import keras

        from registry.architectures._parts import activate, classifier

        inputs = x = keras.Input(input_shape)
        for units in self.units:
            x = keras.layers.Dropout(self.dropout)(activate(keras.layers.Dense(units, use_bias=False)(x)))
        return classifier("mlp", inputs, x, n_classes)
