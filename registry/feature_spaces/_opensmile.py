"""What the feature spaces by openSMILE share: the package, or how to install it, and the functionals of a clip of any length."""

from __future__ import annotations

import ctypes
import functools
import importlib.metadata
import importlib.util
import math
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from registry.errors import Lacking

if TYPE_CHECKING:
    import numpy as np

SHORTEST_S = 0.06  # the longest frame of both sets; of less, openSMILE gives nothing at any rate
LOUDEST = 32_767 / 32_768  # of what 16 bits hold: openSMILE's package would turn 1.0 into -1.0
INSTALL = "pip install 'ser-bench[opensmile]'"


class Functionals:
    """One frame for a clip of any length: the functionals of a feature set as the package opensmile defines it.

    Clips are limited to what 16 bits hold, in which openSMILE reads them, and those shorter than 60 ms are filled up with zeros.
    """

    feature_set: ClassVar[str]
    values: ClassVar[int]
    whole_clip: ClassVar[bool] = True

    def __call__(self, waveform: np.ndarray, sample_rate: int) -> np.ndarray:
        """(samples,) float32 -> (1, values) float32. Raises: Lacking where the package opensmile is not installed."""
        import numpy as np

        missing = max(0, math.ceil(round(SHORTEST_S * sample_rate, 6)) - len(waveform))
        clip = np.pad(np.clip(waveform, -1.0, LOUDEST), (0, missing))
        return extractor(self.feature_set)(clip, sample_rate)[0].T.astype(np.float32)  # (channels, values, frames) before

    def shape(self, samples: int) -> tuple[int, int]:
        """Frames and bands of a clip, without computing one. Raises: Lacking where the package opensmile is not installed."""
        installed()
        return 1, self.values

    @property
    def package_version(self) -> str:
        """The package that the numbers come from; a study that has them can be looked at without it."""
        return installed() if importlib.util.find_spec("opensmile") else "opensmile, not installed"


def installed() -> str:
    """The package opensmile with its version, as pip names it. Raises: Lacking with the command that installs it."""
    if importlib.util.find_spec("opensmile") is None:  # found, and not imported
        raise Lacking(f"the package opensmile, which computes egemaps and compare, is not installed: {INSTALL}")
    return f"opensmile=={_version()}"


@functools.cache
def _version() -> str:
    return importlib.metadata.version("opensmile")


@functools.cache
def extractor(feature_set: str) -> Any:
    """openSMILE with a feature set, built once a process; it computes in one thread. Raises: Lacking as `installed`."""
    installed()
    try:
        _load_library()
        import opensmile
    except (ImportError, OSError) as error:
        raise Lacking(f"the package opensmile is installed, but can't be loaded ({error}): it has a library for some "
                      "systems only; where yours is one, pip install --force-reinstall --no-deps opensmile") from error
    return opensmile.Smile(opensmile.FeatureSet[feature_set], opensmile.FeatureLevel.Functionals)


def _load_library() -> None:
    """Load openSMILE's library, before its package does, so that it calls its own functions.

    On Linux, TensorFlow offers others of the same names to all libraries that a process loads after it: its `rdft` takes float64 where
    openSMILE has float32, and the process would crash. Elsewhere each library finds its own.
    """
    spec = importlib.util.find_spec("opensmile")
    if spec and hasattr(os, "RTLD_DEEPBIND"):
        for folder in spec.submodule_search_locations or ():
            for library in Path(folder).glob(f"core/bin/*_{platform.machine().lower()}/libSMILEapi.so"):
                ctypes.CDLL(str(library), mode=os.RTLD_LOCAL | os.RTLD_DEEPBIND)
