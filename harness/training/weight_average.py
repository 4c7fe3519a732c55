"""A moving average of the weights: what is validated, kept and predicts instead of the weights of the last step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.study.trial import Training

if TYPE_CHECKING:
    import keras


def weight_average(training: Training) -> keras.callbacks.Callback:
    """What puts the average that the optimiser keeps into the network after each epoch, and the weights back before the next.

    It must be the first of the callbacks: those after it see the average. Where the last epoch is kept, whenever that comes, the network
    ends with its average.
    """
    import keras

    class WeightAverage(keras.callbacks.SwapEMAWeights):
        def __init__(self) -> None:
            super().__init__(swap_on_epoch=True)
            self.last: list[Any] = []

        def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            super().on_epoch_end(epoch, logs)
            if training.keep == "last":
                self.last = self.model.get_weights()

        def on_train_end(self, logs: dict[str, float] | None = None) -> None:
            if self.last:  # Keras ends with the average that the optimiser holds, which after an early end are the weights themselves
                self.model.set_weights(self.last)

    return WeightAverage()
