"""What every architecture obeys: it declines, builds, repeats and saves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry import own_layers
from registry.architecture import decline, least_sizes
from registry.errors import require

if TYPE_CHECKING:
    import numpy as np

SHAPES = {1: (40,), 2: (94, 40), 3: (94, 64, 1)}


def _suitable(architecture: Any) -> tuple[int, ...]:
    *axes, channels = SHAPES[architecture.rank]
    return (*map(max, axes, least_sizes(architecture)), channels)


def declines(architecture: Any) -> None:
    """Its rank is 1, 2 or 3; a shape of another rank, or smaller than minimum_steps, is declined with a reason."""
    rank = getattr(architecture, "rank", None)
    require(rank in SHAPES, f"Its rank is {rank!r}: set rank: ClassVar[int] = 1 for vectors, 2 for (steps, channels), 3 for images.")
    least = least_sizes(architecture)
    require(len(least) == architecture.rank - 1 and all(isinstance(size, int) and size >= 1 for size in least),
            f"Its minimum_steps is {architecture.minimum_steps!r}: give a whole number from 1, or one for each axis but the channels.")
    fitting = _suitable(architecture)
    others = [shape for rank, shape in SHAPES.items() if rank != architecture.rank]
    require(all(decline(architecture, shape) for shape in others), "A shape of another rank was not declined.")
    require(decline(architecture, fitting) is None, f"{fitting} was declined: {decline(architecture, fitting)}")


def builds(architecture: Any) -> None:
    """It builds an uncompiled Keras model without Lambda layers whose rows sum to one, at its smallest shape too."""
    import keras
    import numpy as np

    shape = _suitable(architecture)
    smallest = (*least_sizes(architecture), shape[-1])
    for each in (shape, smallest):
        model = architecture(each, 6)
        require(isinstance(model, keras.Model), f"It returned {type(model).__name__}: return a keras.Model.")
        require(not model.compiled, "The model is compiled already: the harness compiles it with the study's training.")
        rows = _predicted(model, each)
        require(rows.shape == (3, 6), f"For 3 inputs of {each} and 6 classes it gave {rows.shape}, not (3, 6).")
        require(np.allclose(rows.sum(axis=1), 1, atol=1e-4) and bool((rows >= 0).all()),
                f"Its outputs sum to {rows.sum(axis=1).round(3).tolist()}: end with a softmax.")
    own_layers.refuse_lambdas(model)


def _predicted(model: Any, shape: tuple[int, ...]) -> np.ndarray:
    import keras

    return keras.ops.convert_to_numpy(model(_batch(shape), training=False))


def _batch(shape: tuple[int, ...]) -> np.ndarray:
    import numpy as np

    return np.random.default_rng(0).normal(size=(3, *shape)).astype(np.float32)


def repeats(architecture: Any) -> None:
    """The same random seed gives the same initial weights."""
    import keras
    import numpy as np

    drawn = []
    for _ in range(2):
        keras.utils.set_random_seed(0)
        drawn.append(architecture(_suitable(architecture), 6).get_weights())
    same = len(drawn[0]) == len(drawn[1]) and all(np.array_equal(a, b) for a, b in zip(*drawn, strict=True))
    require(same, "Two models built after keras.utils.set_random_seed(0) differ: let Keras's initialisers draw the weights.")


def saves(architecture: Any) -> None:
    """A model saved and loaded again predicts the same, by a new process where it has layers of its own."""
    import tempfile

    import numpy as np

    shape = _suitable(architecture)
    model = architecture(shape, 6)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        own_layers.write(folder, model)
        _, objects = own_layers.read(folder)
        predicted = own_layers.predicted_elsewhere(folder, _batch(shape)) if objects else _predicted(own_layers.load(folder, {}), shape)
    require(np.allclose(_predicted(model, shape), predicted, atol=1e-5),
            "The loaded model predicts other values: let get_config of your own layers give all that __init__ takes.")


RULES = (declines, builds, repeats, saves)
