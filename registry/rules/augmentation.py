"""What every augmentation obeys: it names what it acts on, gives finite values, repeats, and does nothing outside training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from registry.augmentation import ACTS_ON, ON_WAVEFORMS
from registry.errors import require
from registry.rules.feature import RATE, noise

if TYPE_CHECKING:
    import numpy as np

BATCH = (5, 94, 40)  # clips, frames, bands


def says_what_it_acts_on(augmentation: Any) -> None:
    """Its acts_on is waveform or pair, and it can be called; or spectrogram or batch, and it has a layer."""
    acts_on = getattr(augmentation, "acts_on", None)
    require(acts_on in ACTS_ON, f"Its acts_on is {acts_on!r}: set acts_on: ClassVar to one of {', '.join(ACTS_ON)}.")
    if acts_on in ON_WAVEFORMS:
        own = "neutral, samples, rng" if acts_on == "pair" else "sample_rate, rng"
        require(callable(augmentation), f"Write __call__(self, waveform, {own}).")
    else:
        require(callable(getattr(augmentation, "layer", None)), "Write layer(self, seed), which returns a Keras layer.")


def gives_finite_values(augmentation: Any) -> None:
    """It gives finite float32: of waveforms at least one sample, silent or short as they may be; of a batch the same shape."""
    import numpy as np

    if augmentation.acts_on in ON_WAVEFORMS:
        for waveform in (noise(RATE), np.zeros(RATE, np.float32), np.zeros(1, np.float32), noise(1), noise(100)):
            _altered(augmentation, waveform)
        return
    for batch in (_batch(), np.zeros(BATCH, np.float32), _batch()[:1], _batch()[:, :1, :1]):
        _trained(augmentation, batch)


def repeats(augmentation: Any) -> None:
    """The same seed gives the same values again, and a waveform is left as it was."""
    import numpy as np

    if augmentation.acts_on in ON_WAVEFORMS:
        waveform = noise(RATE)
        first, second = _altered(augmentation, waveform), _altered(augmentation, waveform)
        require(np.array_equal(waveform, noise(RATE)), "The waveform was changed in place: work on a copy.")
    else:
        first, second = _trained(augmentation, _batch()), _trained(augmentation, _batch())
    require(np.array_equal(first, second), "Two calls with the same seed differ: draw from the given rng or seed and nothing else.")


def rests_outside_training(augmentation: Any) -> None:
    """Its layer gives back what it is given unless training; one that acts on batches mixes labels that still sum to one."""
    import keras
    import numpy as np

    if augmentation.acts_on in ON_WAVEFORMS:
        return
    layer = augmentation.layer(0)
    given = keras.ops.convert_to_numpy(layer(_batch(), training=False))
    require(np.array_equal(given, _batch()), "With training=False its layer changed the batch: return it as it is.")
    if augmentation.acts_on == "batch":
        require(callable(getattr(layer, "mix_targets", None)), "Its layer has no mix_targets(y): define how the labels are mixed.")
        layer(_batch(), training=True)
        sums = keras.ops.convert_to_numpy(layer.mix_targets(np.eye(len(_batch()), dtype=np.float32))).sum(axis=1)
        require(np.allclose(sums, 1, atol=1e-5), f"Mixed labels sum to {sums.round(3).tolist()}: they must still sum to one.")


def _batch() -> np.ndarray:
    import numpy as np

    return np.random.default_rng(0).normal(0, 1, BATCH).astype(np.float32)


def _altered(augmentation: Any, waveform: np.ndarray) -> np.ndarray:
    import numpy as np

    given = f"{len(waveform)} samples of {'noise' if np.any(waveform) else 'silence'}"
    rng, neutral = np.random.default_rng(0), noise(RATE)
    output = augmentation(waveform, neutral, RATE, rng) if augmentation.acts_on == "pair" else augmentation(waveform, RATE, rng)
    require(np.array_equal(neutral, noise(RATE)), "The neutral clip was changed in place: work on a copy.")
    require(isinstance(output, np.ndarray), f"For {given} it gave {type(output).__name__}: return a numpy array.")
    require(output.ndim == 1 and len(output) > 0, f"For {given} it gave the shape {output.shape}: return (samples,), not empty.")
    require(output.dtype == np.float32, f"For {given} it gave {output.dtype}: return float32.")
    bad = int((~np.isfinite(output)).sum())
    require(bad == 0, f"For {given} it gave {bad} values that are not finite: guard divisions.")
    return output


def _trained(augmentation: Any, batch: np.ndarray) -> np.ndarray:
    import keras
    import numpy as np

    output = keras.ops.convert_to_numpy(augmentation.layer(0)(batch, training=True))
    require(output.shape == batch.shape and output.dtype == np.float32,
            f"For a batch of {batch.shape} its layer gave {output.dtype} of {output.shape}: keep shape and dtype.")
    require(bool(np.isfinite(output).all()), f"For a batch of {batch.shape} its layer gave values that are not finite.")
    return output


RULES = (says_what_it_acts_on, gives_finite_values, repeats, rests_outside_training)
