"""What is done to training clips only: altered copies made before training, and layers that act while a network is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from registry.core import checked, label_of, short_label
from registry.errors import UsageError, require

if TYPE_CHECKING:
    import keras
    import numpy as np

ON_WAVEFORMS = ("waveform", "pair")
ACTS_ON = (*ON_WAVEFORMS, "spectrogram", "batch")


class WaveformAugmentation(Protocol):
    """A registered augmentation of waveforms: listed under `Augmentation.copies`."""

    acts_on: ClassVar[Literal["waveform"]] = "waveform"

    def __call__(self, waveform: np.ndarray, sample_rate: int, rng: np.random.Generator) -> np.ndarray:
        """(samples,) float32 -> (samples',) float32, drawn from `rng`; the given array is left as it was."""
        ...


class PairAugmentation(Protocol):
    """A registered augmentation of a clip and a neutral one of the same speaker, both of the training part: listed under `copies`, too."""

    acts_on: ClassVar[Literal["pair"]] = "pair"

    def __call__(self, waveform: np.ndarray, neutral: np.ndarray, samples: int, rng: np.random.Generator) -> np.ndarray:
        """(n,) and (m,) float32, drawn from `rng` -> float32, of which a feature space hears the first `samples`."""
        ...


class LayerAugmentation(Protocol):
    """A registered augmentation of spectrograms, or of whole batches: listed under `Augmentation.on_the_fly`.

    The layer of one that acts on batches also offers `mix_targets(y)`: what it did to the last batch, done to its one-hot labels.
    """

    acts_on: ClassVar[Literal["spectrogram", "batch"]]

    def layer(self, seed: int) -> keras.layers.Layer:
        """A layer (batch, frames, bands) -> the same shape; with training=False it gives back what it is given."""
        ...


@checked
class Augmentation:
    """What is done to training clips only; validation and test clips never pass through it.

    Args:
        copies: components that act on waveforms, or on pairs of them. Each gives one more, altered copy of every training clip,
            made before training and cached; the same component twice gives two copies that differ.
        on_the_fly: components that act on spectrograms or batches inside the model, anew in each batch, in training only.
        pad_first: alter clips after they are padded or cut to the feature space's length, as some published systems do: noise
            then falls on the padding too, and a shift rolls through it.
    """

    copies: tuple[Any, ...] = ()
    on_the_fly: tuple[Any, ...] = ()
    pad_first: bool = False

    def __post_init__(self) -> None:
        for component in self.copies:
            require(acts_on(component) in ON_WAVEFORMS, f"{label_of(type(component))} acts on spectrograms or batches, inside the "
                    "model: list it under on_the_fly")
            require(not (self.pad_first and acts_on(component) == "pair"), f"{label_of(type(component))} sets one clip beside another, and "
                    "pad_first=True would put silence between them: leave out one or the other")
        for component in self.on_the_fly:
            require(acts_on(component) not in ON_WAVEFORMS, f"{label_of(type(component))} acts on waveforms, but features are computed "
                    "once, before training: list it under copies")

    def __bool__(self) -> bool:
        return bool(self.copies or self.on_the_fly)

    @property
    def label(self) -> str:
        """Its label for people, empty when nothing is done: `copies of noise+gain, on the fly frequency_mask[width=4]`."""
        parts = {"padded copies of" if self.pad_first else "copies of": self.copies, "on the fly": self.on_the_fly}
        return ", ".join(f"{how} {'+'.join(map(short_label, components))}" for how, components in parts.items() if components)


def acts_on(component: Any) -> str:
    """What an augmentation acts on: one of `ACTS_ON`. Raises: UsageError for anything else."""
    kind = None if isinstance(component, type) else getattr(component, "acts_on", None)
    if kind not in ACTS_ON:
        raise UsageError(f"{component!r} is not a registered augmentation: give an instance of one of `bench list augmentations`")
    return str(kind)
