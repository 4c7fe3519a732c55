"""Linear classifier over a vector, trained by epochs: softmax of weighted sums."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from registry.core import register
from registry.errors import require

if TYPE_CHECKING:
    import keras


@register("linear")
class Linear:
    """Multinomial logistic regression by gradient descent; `logistic_regression` fits the same form at once.

    Args:
        dropout: share of the values that are set to zero in training.

    Input shape: (values,). Output shape: (n_classes,), softmax.
    Reference: Cox, "The regression analysis of binary sequences", 1958.
    """

    rank: ClassVar[int] = 1
    minimum_steps: ClassVar[tuple[int, ...]] = ()
    dropout: float = 0.0

    def __post_init__(self) -> None:
        require(0 <= self.dropout < 1, f"linear.dropout must be in [0, 1), not {self.dropout}")

    def __call__(self, input_shape: tuple[int, ...], n_classes: int) -> keras.Model:
        """(batch, values) -> (batch, n_classes)."""
        import keras

        from registry.architectures._parts import classifier

        inputs = keras.Input(input_shape)
        return classifier("linear", inputs, keras.layers.Dropout(self.dropout)(inputs) if self.dropout else inputs, n_classes)
