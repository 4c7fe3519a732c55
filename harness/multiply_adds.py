"""Counts the multiply–adds of a network's forward pass from its layers and the shapes that really go through them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from registry.errors import BenchError

if TYPE_CHECKING:
    import keras

AT_EACH_OUTPUT = {"Conv1D", "Conv2D", "Conv3D", "DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D", "Dense"}
AT_EACH_INPUT = {"Conv1DTranspose", "Conv2DTranspose", "SimpleRNN", "GRU", "LSTM", "Bidirectional"}


def multiply_adds(model: keras.Model) -> int:
    """Multiply–adds of one clip's forward pass: one for each use of each weight of a kernel.

    A convolution, whatever its stride, dilation and groups, uses its kernel once at each output position (at a padded border the
    zeros count too), a dense layer at each output position, a transposed convolution at each input position, a recurrent layer
    at each step. Models inside the model are counted, and layers that are called twice are counted twice. Not counted: biases,
    activations, normalisation, pooling, additions and products of two inputs; a multiply–add is two operations (FLOPs).

    Raises: BenchError for a layer with a kernel of which it is not known how often it is used, or whose shapes are not fixed.
    """
    import keras

    total = 0

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        nonlocal total
        outputs = layer(*args, **kwargs)
        total += multiply_adds(layer) if isinstance(layer, keras.Model) else _of_layer(layer, args[0] if args else None, outputs)
        return outputs

    # A copy is walked, since a call leaves its trace in a layer; a Sequential model has no graph of calls until it is wrapped
    keras.models.clone_model(keras.Model(model.inputs, model.outputs), call_function=call)
    return total


def _of_layer(layer: Any, inputs: Any, outputs: Any) -> int:
    kinds = {kind.__name__ for kind in type(layer).__mro__}
    kernels = [weight for weight in getattr(layer, "weights", ()) if "kernel" in weight.name]
    if kinds & AT_EACH_OUTPUT:
        where = outputs
    elif kinds & AT_EACH_INPUT:
        where = inputs
    elif kernels:
        raise BenchError(f"the multiply–adds of a layer {type(layer).__name__} are not known: only those of "
                         f"{', '.join(sorted(AT_EACH_OUTPUT | AT_EACH_INPUT))} are")
    else:
        return 0
    positions = where.shape[2:] if getattr(layer, "data_format", "") == "channels_first" else where.shape[1:-1]
    if None in positions:
        raise BenchError(f"the multiply–adds of layer {layer.name} depend on the length of its input: give the network a fixed shape")
    return math.prod(positions) * sum(math.prod(kernel.shape) for kernel in kernels)
