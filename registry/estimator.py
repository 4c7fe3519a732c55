"""Estimators of scikit-learn as architectures: fitted at once and not by epochs, then written as Keras layers.

So a fitted one is saved, measured, audited and called as any network is, on every backend.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    import keras
    import numpy as np

NOISE_PER_CLASS = 20  # clips of noise that stand for a training part


class Estimator:
    """What estimators share. An estimator's class has the method `fitted`, and the fields of the estimator.

    Input shape: (values,), a vector. Output shape: (n_classes,), summing to one.
    Attributes:
        grows: whether what is fitted is the larger, the more clips it was fitted on.
        soft_labels: whether it can be fitted on clips that stand there once for each emotion that was heard in them, weighed by its share.
        of_fitting: fields that say how it is fitted, and not of what form it then is: what a prediction costs does not depend on them.
    """

    grows: ClassVar[bool] = False
    of_fitting: ClassVar[tuple[str, ...]] = ()
    soft_labels: ClassVar[bool] = False
    rank: ClassVar[int] = 1
    minimum_steps: ClassVar[tuple[int, ...]] = ()

    def fitted(self, x: np.ndarray, y: np.ndarray, weights: np.ndarray | None, n_classes: int, seed: int) -> keras.Model:
        """Fit on training clips, and give what was fitted as an uncompiled model: (batch, values) -> (batch, n_classes).

        Args:
            x: shape (clips, values), float32, standardised as the feature space says. y: shape (clips,), class indices.
            weights: of the clips, shape (clips,); None for equal ones. n_classes: some may have no clip.
        """
        raise NotImplementedError

    def __call__(self, input_shape: tuple[int, ...], n_classes: int) -> keras.Model:
        """A model of this form, fitted on noise: for what needs one before any clip is there, as the measurement of its cost."""
        import numpy as np

        y = np.arange(NOISE_PER_CLASS * n_classes) % n_classes
        x = np.random.default_rng(0).normal(size=(len(y), *input_shape)).astype(np.float32)
        return self.fitted(x, y, None, n_classes, seed=0)


def is_estimator(architecture: Any) -> bool:
    """Whether an architecture is fitted at once."""
    return callable(getattr(architecture, "fitted", None))
