"""The interface of an architecture, and why one may not fit a feature space: known before any model is built."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from registry.core import label_of

if TYPE_CHECKING:
    import keras


class Architecture(Protocol):
    """A registered architecture: the shape of one input -> an uncompiled model with a softmax output.

    Args:
        rank: 1 for networks over a vector (values,), 2 over a sequence (steps, channels), 3 over an image (frames, bands, 1).
        minimum_steps: the least size of every axis but the channels that leaves something after all pooling; or one for each of them.
    """

    name: str
    rank: int

    @property
    def minimum_steps(self) -> int | tuple[int, ...]:
        """Least size of each axis but the last."""
        ...

    def __call__(self, input_shape: tuple[int, ...], n_classes: int) -> keras.Model:
        """A fresh model: (batch, *input_shape) -> (batch, n_classes), each row summing to one."""
        ...


def is_shipped(architecture: Any) -> bool:
    """Whether an architecture, and the one inside it where there is one, comes with bench."""
    inside = getattr(architecture, "architecture", None)
    return type(architecture).__module__.startswith("registry.") and (inside is None or is_shipped(inside))


def least_sizes(architecture: Any) -> tuple[int, ...]:
    """The least size of each axis but the channels: `minimum_steps`, by axis.

    >>> from registry.architectures.residual_2d import Residual2D
    >>> least_sizes(Residual2D())
    (1, 1)
    """
    least = getattr(architecture, "minimum_steps", 1)
    return least if isinstance(least, tuple) else (least,) * (architecture.rank - 1)


_NEEDS = {
    1: ("a vector (values,)", "use join='vector'"),
    2: ("a sequence (steps, channels)", "use join='channels' or join='end_to_end'"),
    3: ("an image (frames, bands, 1)", "use join='image'"),
}


def decline(architecture: Any, input_shape: Sequence[int]) -> str | None:
    """Why an architecture can't take inputs of a shape, or None when it can. Builds nothing and imports no framework.

    >>> from registry.architectures.residual_2d import Residual2D
    >>> decline(Residual2D(), (94, 2))
    "residual_2d needs an image (frames, bands, 1), but the feature space gives (94, 2): use join='image'"
    """
    name, shape = label_of(type(architecture)), tuple(input_shape)
    if len(shape) != architecture.rank:
        needs, advice = _NEEDS[architecture.rank]
        return f"{name} needs {needs}, but the feature space gives {shape}: {advice}"
    least = least_sizes(architecture)
    if any(size < needed for size, needed in zip(shape, least, strict=False)):
        axes = f"{least[0]} steps" if architecture.rank == 2 else f"{least[0]} frames and {least[1]} bands"
        axes = f"{least[0]} frames and bands" if architecture.rank == 3 and len(set(least)) == 1 else axes
        return (f"{name} needs at least {axes} to survive its convolutions and pooling, but the feature space gives "
                f"{shape}: use longer clips, more bands, fewer pooled layers or padding='same'")
    return None
