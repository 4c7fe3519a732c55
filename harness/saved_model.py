"""The loader that models in stores name; the model itself is `harness.training.saved_model`."""

from harness.training.saved_model import _load_pyfunc

__all__ = ["_load_pyfunc"]
