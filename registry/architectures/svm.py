"""Support vector machine over a vector, fitted at once by scikit-learn, with calibrated probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from registry.core import register
from registry.errors import require
from registry.estimator import Estimator

if TYPE_CHECKING:
    import keras
    import numpy as np

FOLDS = 5  # of the training part, by which probabilities are calibrated


@register("svm")
class Svm(Estimator):
    """Support vectors for each pair of emotions; a sigmoid for each emotion, fitted on folds of the training part, gives probabilities.

    The emotion is the most probable one. As scikit-learn's `CalibratedClassifierCV(SVC(…), ensemble=False)`.

    Args:
        kernel: `rbf` or `linear`.
        C: inverse strength of the penalty: the smaller, the more clips may lie on the wrong side.
        gamma: of the kernel `rbf`, how fast it falls with distance; None: 1 / (values · variance), scikit-learn's "scale".

    Input shape: (values,). Output shape: (n_classes,), summing to one.
    Reference: Cortes and Vapnik, "Support-vector networks", 1995; Platt, "Probabilistic outputs", 1999.
    """

    grows: ClassVar[bool] = True
    kernel: Literal["rbf", "linear"] = "rbf"
    C: float = 1.0
    gamma: float | None = None

    def __post_init__(self) -> None:
        require(self.C > 0, f"svm.C must be positive, not {self.C}")
        require(self.gamma is None or self.gamma > 0, f"svm.gamma must be positive or None, not {self.gamma}")

    def fitted(self, x: np.ndarray, y: np.ndarray, weights: np.ndarray | None, n_classes: int, seed: int) -> keras.Model:
        """(batch, values) -> (batch, n_classes); see `Estimator`. Raises: BenchError for an emotion with fewer than five clips."""
        import numpy as np
        from sklearn.calibration import CalibratedClassifierCV
        from sklearn.model_selection import StratifiedKFold
        from sklearn.svm import SVC

        from registry.architectures import _fitted_layers as layers

        fewest = int(np.bincount(y)[np.unique(y)].min())
        require(fewest >= FOLDS, f"svm calibrates its probabilities on {FOLDS} folds of the training part, where an emotion has {fewest} "
                                 "clips: use logistic_regression, or more clips")
        machine = SVC(kernel=self.kernel, C=self.C, gamma="scale" if self.gamma is None else self.gamma, cache_size=500)
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed % 2**32)
        whole = CalibratedClassifierCV(machine, ensemble=False, cv=folds).fit(x.astype(np.float64), y, sample_weight=weights)
        calibrated = whole.calibrated_classifiers_[0]
        svc, sigmoids = calibrated.estimator, calibrated.calibrators
        vectors, by_class = svc.support_vectors_, np.split(svc.dual_coef_, np.cumsum(svc.n_support_)[:-1], axis=1)
        decisions = {"vectors": vectors, "duals": _weights(by_class), "bias": svc.intercept_, "gamma": [svc._gamma]}
        probabilities = {"slope": [sigmoid.a_ for sigmoid in sigmoids], "offset": [sigmoid.b_ for sigmoid in sigmoids],
                         "place": np.eye(n_classes)[svc.classes_]}
        first, vectors_of = layers.with_arrays(layers.SupportVectors, decisions, kernel=self.kernel)
        second, sigmoids_of = layers.with_arrays(layers.CalibratedVotes, probabilities)
        model = layers.model("svm", x.shape[1], first, second)
        first.set_weights(vectors_of)
        second.set_weights(sigmoids_of)
        return model


def _weights(by_class: list[np.ndarray]) -> np.ndarray:
    """The weight of each support vector in the decision of each pair: (support vectors, pairs).

    Args: by_class: of the support vectors of each class, their weights against each of the others, (classes − 1, vectors).
    """
    import numpy as np

    classes, starts = len(by_class), np.cumsum([0, *(part.shape[1] for part in by_class)])
    first, second = np.triu_indices(classes, 1)
    weights = np.zeros((starts[-1], len(first)))
    for pair, (i, j) in enumerate(zip(first, second, strict=True)):
        weights[starts[i]:starts[i + 1], pair] = by_class[i][j - 1]
        weights[starts[j]:starts[j + 1], pair] = by_class[j][i]
    return weights
