"""A network as LiteRT, which phones and small boards run: from what a feature space gives to probabilities, one clip at a time."""

from __future__ import annotations

import importlib.util
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from harness.safe_text import first_line
from harness.study.trial import keras_backend
from harness.training.backend import litert_operators, set_up
from harness.training.onnx_network import with_constants
from registry.errors import BenchError, Lacking

if TYPE_CHECKING:
    import keras

PACKAGE = "ai_edge_litert"


def litert_network(network: keras.Model) -> bytes:
    """The network as LiteRT: (1, frames, bands), float32 -> (1, emotions). Only LiteRT's own operators are used.

    The number of clips is fixed, since recurrent layers can't be written otherwise.
    Raises: Lacking without the extra `[export]`; BenchError for a network that can't be written so, with the reason.
    """
    require_litert()
    set_up()
    import keras

    if keras_backend() != "tensorflow":
        raise BenchError(f"networks are written as LiteRT on TensorFlow, not on {keras_backend()}: leave KERAS_BACKEND unset")
    clip = keras.InputSpec(shape=(1, *network.input_shape[1:]), dtype="float32", name="features")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.tflite"
        try:
            with_constants(network).export(str(path), format="litert", verbose=False, input_signature=[clip],
                                           target_spec=litert_operators())
        except Exception as error:  # of Keras, of the converter, or of a user's own layer
            raise BenchError(f"its network can't be written as LiteRT ({type(error).__name__}: {first_line(error)}): nothing was written; "
                             "leave out --format, for ONNX") from error
        return path.read_bytes()


def require_litert() -> None:
    """Raises: Lacking where the extra `[export]` is missing."""
    if importlib.util.find_spec(PACKAGE) is None:
        raise Lacking("LiteRT needs a package that is not installed (ai-edge-litert): pip install -e '.[export]' -c constraints.txt")
