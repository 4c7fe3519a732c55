"""Gradient-boosted trees over a vector, fitted at once by scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from registry.core import register
from registry.errors import require
from registry.estimator import Estimator

if TYPE_CHECKING:
    import keras
    import numpy as np


@register("gradient_boosting")
class GradientBoosting(Estimator):
    """Trees on histograms of the values; scikit-learn's `HistGradientBoostingClassifier` without early stopping.

    Args:
        trees: for each emotion.
        learning_rate: share of each tree's correction that is added.
        max_leaf_nodes: of a tree.
        l2_regularization: added to the weights of a leaf.

    Input shape: (values,). Output shape: (n_classes,), softmax.
    Reference: Friedman, "Greedy function approximation", 2001; Ke et al., "LightGBM", 2017.
    """

    soft_labels: ClassVar[bool] = True
    trees: int = 100
    learning_rate: float = 0.1
    max_leaf_nodes: int = 31
    l2_regularization: float = 0.0

    def __post_init__(self) -> None:
        require(self.trees >= 1, f"gradient_boosting.trees must be 1 or more, not {self.trees}")
        require(self.learning_rate > 0, f"gradient_boosting.learning_rate must be positive, not {self.learning_rate}")
        require(self.max_leaf_nodes >= 2, f"gradient_boosting.max_leaf_nodes must be 2 or more, not {self.max_leaf_nodes}")
        require(self.l2_regularization >= 0, f"gradient_boosting.l2_regularization must not be negative, not {self.l2_regularization}")

    def fitted(self, x: np.ndarray, y: np.ndarray, weights: np.ndarray | None, n_classes: int, seed: int) -> keras.Model:
        """(batch, values) -> (batch, n_classes); see `Estimator`."""
        import keras
        from sklearn.ensemble import HistGradientBoostingClassifier

        from registry.architectures import _fitted_layers as layers

        estimator = HistGradientBoostingClassifier(
            max_iter=self.trees, learning_rate=self.learning_rate, max_leaf_nodes=self.max_leaf_nodes, early_stopping=False,
            l2_regularization=self.l2_regularization, random_state=seed % 2**32).fit(x, y, sample_weight=weights)
        trees = [(tree.nodes, place) for step in estimator._predictors for place, tree in enumerate(step)]
        trees_layer, arrays = layers.with_arrays(layers.Trees, _arrays(trees, estimator, n_classes),
                                                 depth=max(int(nodes["depth"].max()) for nodes, _ in trees))
        model = layers.model("gradient_boosting", x.shape[1], trees_layer, keras.layers.Softmax(dtype="float32"))
        trees_layer.set_weights(arrays)
        return model


def _arrays(trees: list[tuple[np.ndarray, int]], estimator: Any, n_classes: int) -> dict[str, np.ndarray]:
    """The arrays of the layer `Trees`. Args: trees: the nodes of each tree, and whose class of the training part it is."""
    import numpy as np

    from registry.architectures._fitted_layers import IMPOSSIBLE

    most = max(len(nodes) for nodes, _ in trees)
    arrays = {name: np.zeros((len(trees), most)) for name in ("feature", "threshold", "left", "right", "value")}
    for row, (nodes, _) in enumerate(trees):
        leaf, own = nodes["is_leaf"].astype(bool), np.arange(len(nodes))
        of_tree = {"feature": np.where(leaf, 0, nodes["feature_idx"]), "threshold": np.where(leaf, 0, nodes["num_threshold"]),
                   "left": np.where(leaf, own, nodes["left"]), "right": np.where(leaf, own, nodes["right"]),
                   "value": np.where(leaf, nodes["value"], 0)}
        for name, values in of_tree.items():
            arrays[name][row, :len(nodes)] = values
    arrays["threshold"] = _rounded_down(arrays["threshold"])
    baseline, classes = np.full(n_classes, IMPOSSIBLE), estimator.classes_
    two = len(classes) == 2  # whose trees give the logit of the second
    baseline[classes] = np.append(0, estimator._baseline_prediction.ravel()) if two else estimator._baseline_prediction.ravel()
    return {**arrays, "baseline": baseline, "class_of": np.eye(n_classes)[[classes[place + two] for _, place in trees]]}


def _rounded_down(thresholds: np.ndarray) -> np.ndarray:
    """Thresholds as the largest float32 that is not above each: the same float32 values lie on its left as of the float64."""
    import numpy as np

    rounded = thresholds.astype(np.float32)
    return np.where(rounded > thresholds, np.nextafter(rounded, np.float32(-np.inf)), rounded)
