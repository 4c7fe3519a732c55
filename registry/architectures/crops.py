"""Crops: another network on windows of a clip, one at random in training; it predicts the mean over windows from beginning to end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from registry.architecture import least_sizes
from registry.architectures.plain_2d import Plain2D
from registry.core import label_of, register
from registry.errors import require
from registry.estimator import is_estimator

if TYPE_CHECKING:
    import keras


@register("crops")
class Crops:
    """The network of another architecture, which hears `frames` of a clip at a time.

    In training it hears one window of each clip, at another place in each epoch. Probabilities are the mean over `windows` from the
    clip's beginning to its end, in validation, test and saved model alike, so that latency is that of so many clips. Give the feature
    space a `duration_s` that holds whole clips. Zeros after a short clip, whose features are all alike, are in no window but those
    of clips shorter than one; with `normalise="per_value"` they are not alike, and windows lie over the padding, too.

    Input shape: that of the architecture, with more than `frames` steps; not of `join="end_to_end"`, whose steps are bands, too.
    Output shape: (n_classes,), each row summing to one.

    Args:
        architecture: a registered network over sequences or images.
        frames: of a window: 62 are 2 s at 16 kHz by hops of 512 samples, 94 are 3 s.
        windows: of each clip, 2 or more; they overlap where they must.

    Reference: averaging over crops after Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional neural
        networks", 2012.
    """

    version: ClassVar[int] = 1
    architecture: Any = Plain2D()
    frames: int = 62
    windows: int = 5

    def __post_init__(self) -> None:
        inner = self.architecture
        fits = callable(inner) and not isinstance(inner, (type, Crops)) and not is_estimator(inner) and getattr(inner, "rank", 0) > 1
        require(fits, f"crops.architecture must be another network over sequences or images, such as Plain2D(), not {inner!r}")
        least = least_sizes(inner)[0]
        require(self.frames >= least, f"crops.frames must be {least} or more, which {label_of(type(inner))} needs, not {self.frames}")
        require(self.windows >= 2, f"crops.windows must be 2 or more, not {self.windows}")

    @property
    def rank(self) -> int:
        """As of the architecture."""
        return int(self.architecture.rank)

    @property
    def minimum_steps(self) -> tuple[int, ...]:
        """More frames than a window has; what the architecture needs of the others."""
        return (self.frames + 1, *least_sizes(self.architecture)[1:])

    def __call__(self, input_shape: tuple[int, ...], n_classes: int) -> keras.Model:
        """The uncompiled model: (batch, *input_shape) -> (batch, n_classes)."""
        import keras

        from registry.architectures._windows import MeanOfWindows, TakeWindows

        inputs = keras.Input(input_shape)
        network = self.architecture((self.frames, *input_shape[1:]), n_classes)
        outputs = network(TakeWindows(frames=self.frames, windows=self.windows)(inputs))
        return keras.Model(inputs, MeanOfWindows(windows=self.windows, dtype="float32")(outputs), name="crops")
