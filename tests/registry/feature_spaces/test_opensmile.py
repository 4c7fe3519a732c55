"""The feature spaces egemaps and compare give what openSMILE gives, for clips of any length, and say what to install where it lacks."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import math
import pickle
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from source_trees import ROOT

from registry import contracts
from registry.audio import read
from registry.core import catalogue, specification
from registry.errors import Lacking
from registry.feature_space import FeatureSpace
from registry.feature_spaces._opensmile import Functionals, extractor
from registry.feature_spaces.compare import Compare
from registry.feature_spaces.egemaps import Egemaps
from registry.feature_spaces.rms import Rms

BOTH = [Egemaps(), Compare()]
RATE = 16_000
each = pytest.mark.parametrize("feature", BOTH, ids=lambda feature: feature.name)


needs_opensmile = pytest.mark.skipif(importlib.util.find_spec("opensmile") is None,
                                     reason="the package opensmile is not installed (it is in the extras opensmile and dev)")


def noise(samples: int) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.1, samples).astype(np.float32)


@pytest.fixture
def no_opensmile(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine without the package: importing it fails, and it is not found."""
    monkeypatch.setitem(sys.modules, "opensmile", None)
    extractor.cache_clear()


OF_THE_PACKAGE = """
import pathlib, sys, opensmile
from registry.audio import read
waveform, rate = read(pathlib.Path(sys.argv[2]))
smile = opensmile.Smile(opensmile.FeatureSet[sys.argv[1]], opensmile.FeatureLevel.Functionals)
sys.stdout.buffer.write(smile.process_signal(waveform, rate).to_numpy().tobytes())
"""


@needs_opensmile
@each
def test_the_values_of_real_speech_are_those_of_the_package(feature: Functionals, real_corpora: Path) -> None:
    """The package alone is asked in a process of its own: where TensorFlow is loaded, it crashes."""
    clip = sorted((real_corpora / "CREMA-D" / "AudioWAV").glob("*.ogg"))[0]
    done = subprocess.run([sys.executable, "-c", OF_THE_PACKAGE, feature.feature_set, clip], capture_output=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr.decode()[-500:]
    ours = feature(*read(clip))
    assert ours.shape == (1, feature.values) and ours.dtype == np.float32
    np.testing.assert_array_equal(ours[0], np.frombuffer(done.stdout, np.float32))


@needs_opensmile
def test_the_mean_pitch_of_harmonics_of_110_hz_is_two_octaves_above_27_5_hz() -> None:
    time = np.arange(2 * RATE) / RATE
    voice = sum(np.sin(2 * np.pi * 110 * k * time) / k for k in range(1, 20)) / 5
    first = extractor("eGeMAPSv02").column_names[0]
    assert first == "F0semitoneFrom27.5Hz_sma3nz_amean"
    assert Egemaps()(voice.astype(np.float32), RATE)[0, 0] == pytest.approx(24, abs=0.1)


@needs_opensmile
@each
@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 44_100])
def test_short_clips_are_filled_with_zeros_up_to_sixty_milliseconds(feature: Functionals, rate: int) -> None:
    least = math.ceil(0.06 * rate)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # openSMILE's, of a clip that is too short
        for samples in (0, 1, rate // 50, least - 1, least, least + 1):
            values = feature(noise(samples), rate)
            assert values.shape == (1, feature.values) and np.isfinite(values).all()
            np.testing.assert_array_equal(values, feature(np.pad(noise(samples), (0, max(0, least - samples))), rate))


@needs_opensmile
@each
@pytest.mark.parametrize("waveform", [np.zeros(RATE, np.float32), np.ones(RATE, np.float32), np.eye(1, RATE, RATE // 2, np.float32)[0]],
                         ids=["silence", "constant", "click"])
def test_values_are_finite_without_any_speech(feature: Functionals, waveform: np.ndarray) -> None:
    assert np.isfinite(feature(waveform, RATE)).all()


@needs_opensmile
@each
def test_full_scale_does_not_wrap_around(feature: Functionals) -> None:
    loud = np.clip(20 * noise(RATE), -1, 1)
    assert loud.max() == 1.0
    np.testing.assert_array_equal(feature(loud, RATE), feature(np.minimum(loud, 32_767 / 32_768), RATE))
    assert not np.array_equal(feature(loud, RATE), feature(np.where(loud == 1, -1, loud).astype(np.float32), RATE))


@needs_opensmile
@each
def test_another_process_gives_the_same_values(feature: Functionals) -> None:
    from joblib.externals.loky import ProcessPoolExecutor

    with ProcessPoolExecutor(max_workers=1) as pool:
        there = pool.submit(feature, noise(RATE)[:4_000], RATE).result()
    feature(noise(RATE)[:4_000], RATE)  # with openSMILE built in this process, too
    assert pickle.loads(pickle.dumps(feature)) == feature
    np.testing.assert_array_equal(there, feature(noise(RATE)[:4_000], RATE))


AFTER_TENSORFLOW = """
import sys, tensorflow
import numpy as np
from registry.core import get
waveform = np.random.default_rng(0).normal(0, 0.1, 4_000).astype(np.float32)
for name in sys.argv[1:]:
    sys.stdout.buffer.write(get("feature-spaces", name)()(waveform, 16_000).tobytes())
"""


@needs_opensmile
def test_the_values_are_the_same_where_tensorflow_was_loaded_first() -> None:
    """Both libraries have functions of the same names: a process that mixes them crashes."""
    done = subprocess.run([sys.executable, "-c", AFTER_TENSORFLOW, "egemaps", "compare"], capture_output=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr.decode()[-500:]
    np.testing.assert_array_equal(np.frombuffer(done.stdout, np.float32), np.concatenate([f(noise(4_000), RATE)[0] for f in BOTH]))


@needs_opensmile
@each
def test_a_vector_has_the_values_as_they_are(feature: Functionals) -> None:
    space = FeatureSpace(features=(feature,), join="vector", statistics=("quartiles",))
    assert space.silent_shape(48_000) == (feature.values,) and space.family == "functionals"
    assert space.columns() is None  # of the cache, without a copy
    np.testing.assert_array_equal(space.extract(noise(20_000), RATE, 48_000), feature(noise(20_000), RATE))
    beside = FeatureSpace(features=(feature, Rms()), join="vector")
    assert beside.extract(noise(20_000), RATE, 48_000).shape == (1, feature.values + 2)
    assert (space.label, beside.label) == (f"{feature.name} vector duration_s=3.0", f"{feature.name}+rms vector mean+std duration_s=3.0")


@needs_opensmile
@each
def test_the_version_of_the_package_is_in_the_specification(feature: Functionals) -> None:
    assert specification(feature) == {"component": feature.name, "version": 1,
                                      "package_version": f"opensmile=={importlib.metadata.version('opensmile')}"}


@each
@pytest.mark.parametrize("use", [lambda f: f(noise(RATE), RATE), lambda f: f.shape(RATE), contracts.check_feature],
                         ids=["clip", "plan", "contract"])
@pytest.mark.usefixtures("no_opensmile")
def test_a_missing_package_is_told_with_what_to_install(feature: Functionals, use: Callable[[Any], Any]) -> None:
    with pytest.raises(Lacking, match=r"the package opensmile, which .*, is not installed: pip install 'ser-bench\[opensmile\]'"):
        use(feature)


@each
@pytest.mark.usefixtures("no_opensmile")
def test_a_study_can_be_looked_at_without_the_package(feature: Functionals) -> None:
    assert specification(feature)["package_version"] == "opensmile, not installed"


@needs_opensmile
def test_a_package_that_can_t_be_loaded_is_told_with_the_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As where the package has no library for the system."""
    (tmp_path / "opensmile.py").write_text("import ctypes\nctypes.CDLL('libSMILEapi-absent.so')\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "opensmile", raising=False)
    extractor.cache_clear()
    with pytest.raises(Lacking, match=r"opensmile is installed, but can't be loaded \(libSMILEapi-absent.so: .*--force-reinstall"):
        Egemaps()(noise(RATE), RATE)


def test_lists_and_pages_tell_the_licence() -> None:
    descriptions = dict(catalogue("feature-spaces"))
    for feature in BOTH:
        assert "openSMILE: free for research and education only" in descriptions[feature.name]
        assert "commercial use, of models trained on its features too, needs a licence" in " ".join(str(type(feature).__doc__).split())
