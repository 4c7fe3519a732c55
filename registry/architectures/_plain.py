"""The plain convolution stack that `plain_1d` and `plain_2d` share, with fields for every layer of the published ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from registry.architectures._parts import MOMENTUM, activate, average, classifier, layer
from registry.core import checked, label_of
from registry.errors import require

if TYPE_CHECKING:
    import keras

PER_LAYER = ("kernel_sizes", "pools", "padding", "dropouts", "l2")
PER_DENSE = ("dense_dropouts", "dense_l2")


@checked
class PlainStack:
    """Convolution, batch norm, ReLU, dropout and max pooling, layer after layer; then pooling over time, dense layers, softmax.

    Args:
        filters: of each convolution.
        kernel_sizes, pools, padding, dropouts, l2: one value a convolution, or a single one for all; a pool of 0 is no pool.
        pool_stride: None strides by the pool's own size. pool_padding: `same` lets small inputs survive any number of pools.
        batch_norm: after each convolution; `relu_first` puts the ReLU before it, as some published systems do.
        pooling: `average` over time and bands, over `time` only, or `flatten`; before the dense layers.
        dense, dense_dropouts, dense_l2, dense_batch_norm: the fully connected layers before the output, in the same way.
    """

    rank: ClassVar[int] = 2
    version: ClassVar[int] = 1
    momentum: ClassVar[float] = MOMENTUM
    filters: tuple[int, ...] = (32, 64, 96)
    kernel_sizes: tuple[int, ...] = (5,)
    pools: tuple[int, ...] = (2,)
    pool_stride: int | None = None
    pool_padding: Literal["valid", "same"] = "same"
    padding: tuple[Literal["valid", "same"], ...] = ("same",)
    batch_norm: bool = True
    relu_first: bool = False
    dropouts: tuple[float, ...] = (0.0,)
    l2: tuple[float, ...] = (0.0,)
    pooling: Literal["average", "time", "flatten"] = "average"
    dense: tuple[int, ...] = (64,)
    dense_dropouts: tuple[float, ...] = (0.3,)
    dense_l2: tuple[float, ...] = (0.0,)
    dense_batch_norm: bool = False

    def __post_init__(self) -> None:
        name = label_of(type(self))
        require(len(self.filters) > 0, f"{name} needs at least one convolution: give filters=(32, 64), for example")
        for fields, layers in ((PER_LAYER, self.filters), (PER_DENSE, self.dense)):
            for field in fields:
                given = len(getattr(self, field))
                require(given in (1, len(layers)), f"{name}.{field} must have 1 or {len(layers)} values, not {given}")
        for field in ("filters", "kernel_sizes", "dense"):
            value = getattr(self, field)
            require(all(item >= 1 for item in value), f"{name}.{field} must be 1 or more each, not {value}")
        for field in ("pools", "l2", "dense_l2"):
            value = getattr(self, field)
            require(all(item >= 0 for item in value), f"{name}.{field} must not be negative, not {value}")
        for field in ("dropouts", "dense_dropouts"):
            value = getattr(self, field)
            require(all(0 <= item < 1 for item in value), f"{name}.{field} must be in [0, 1), not {value}")
        stride = self.pool_stride
        require(stride is None or stride >= 1, f"{name}.pool_stride must be None or 1 or more, not {stride}")

    def _each(self, field: str, layers: int) -> tuple[Any, ...]:
        values = getattr(self, field)
        return values * layers if len(values) == 1 else values

    def _convolutions(self) -> list[tuple[Any, ...]]:
        """(filters, kernel size, pool, padding, dropout, l2) of each convolution."""
        return list(zip(self.filters, *(self._each(field, len(self.filters)) for field in PER_LAYER), strict=True))

    @property
    def minimum_steps(self) -> int:
        """Least size of each convolved axis that leaves one step at the end."""
        steps = 1
        for _, kernel, pool, padding, _, _ in reversed(self._convolutions()):
            if pool:
                steps = (steps - 1) * (self.pool_stride or pool) + (pool if self.pool_padding == "valid" else 1)
            steps += kernel - 1 if padding == "valid" else 0
        return steps

    def __call__(self, input_shape: tuple[int, ...], n_classes: int) -> keras.Model:
        """The uncompiled model: (batch, *input_shape) -> (batch, n_classes), softmax."""
        import keras

        inputs = x = keras.Input(input_shape)
        for filters, kernel, pool, padding, dropout, l2 in self._convolutions():
            x = layer("Conv", self.rank, filters, kernel, padding=padding, kernel_regularizer=_penalty(l2))(x)
            x = activate(x, self.batch_norm, self.relu_first, self.momentum)
            x = keras.layers.Dropout(dropout)(x) if dropout else x
            if pool:
                x = layer("MaxPooling", self.rank, pool, strides=self.pool_stride, padding=self.pool_padding)(x)
        x = keras.layers.Flatten()(x) if self.pooling == "flatten" else average(x, keep_bands=self.pooling == "time")
        for units, dropout, l2 in zip(self.dense, *(self._each(f, len(self.dense)) for f in PER_DENSE), strict=True):
            x = keras.layers.Dense(units, kernel_regularizer=_penalty(l2))(x)
            x = activate(x, self.dense_batch_norm, self.relu_first, self.momentum)
            x = keras.layers.Dropout(dropout)(x) if dropout else x
        return classifier(label_of(type(self)), inputs, x, n_classes)


def _penalty(l2: float) -> keras.Regularizer | None:
    import keras

    return keras.regularizers.L2(l2) if l2 else None
