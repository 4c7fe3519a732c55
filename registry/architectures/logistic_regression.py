"""Logistic regression over a vector, fitted at once by scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from registry.core import register
from registry.errors import require
from registry.estimator import Estimator

if TYPE_CHECKING:
    import keras
    import numpy as np


@register("logistic_regression")
class LogisticRegression(Estimator):
    """Multinomial, with an L2 penalty; scikit-learn's `LogisticRegression` with the solver L-BFGS.

    Args:
        C: inverse strength of the penalty: the smaller, the stronger.
        max_iter: steps of the solver at most.

    Input shape: (values,). Output shape: (n_classes,), softmax.
    Reference: Cox, "The regression analysis of binary sequences", 1958; Liu and Nocedal 1989.
    """

    soft_labels: ClassVar[bool] = True
    of_fitting: ClassVar[tuple[str, ...]] = ("C", "max_iter")
    C: float = 1.0
    max_iter: int = 1000

    def __post_init__(self) -> None:
        require(self.C > 0, f"logistic_regression.C must be positive, not {self.C}")
        require(self.max_iter >= 1, f"logistic_regression.max_iter must be 1 or more, not {self.max_iter}")

    def fitted(self, x: np.ndarray, y: np.ndarray, weights: np.ndarray | None, n_classes: int, seed: int) -> keras.Model:
        """(batch, values) -> (batch, n_classes); see `Estimator`."""
        import warnings

        import sklearn.linear_model
        from sklearn.exceptions import ConvergenceWarning

        from registry.architectures._fitted_layers import softmax_of

        estimator = sklearn.linear_model.LogisticRegression(C=self.C, max_iter=self.max_iter)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # max_iter is a setting
            estimator.fit(x.astype("float64"), y, sample_weight=weights)
        return softmax_of("logistic_regression", estimator.coef_, estimator.intercept_, estimator.classes_, n_classes)
