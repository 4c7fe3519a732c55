"""Whisper's encoder: every layer beside the equations in NumPy, the last one beside CTranslate2, any length by one graph."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from encoder_files import Arrays, random_encoder, write_model_bin, write_safetensors
from scipy.special import erf, softmax

from registry.audio import read
from registry.encoders import whisper
from registry.encoders.log_mel import log_mel
from registry.encoders.weights import sha256_of, verified
from registry.errors import BenchError, Lacking
from registry.keras_state import load_keras

ARRAYS = random_encoder(width=128, positions=60)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    load_keras()
    return write_model_bin(tmp_path_factory.mktemp("encoder") / "model.bin", ARRAYS)


def noise(samples: int) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.1, samples).astype(np.float32)


def gelu(x: np.ndarray) -> np.ndarray:
    return x * (1 + erf(x / np.sqrt(2))) / 2


def dense(x: np.ndarray, arrays: Arrays, name: str) -> np.ndarray:
    return x @ arrays[f"{name}.weight"].T + arrays.get(f"{name}.bias", 0.0)


def norm(x: np.ndarray, arrays: Arrays, name: str) -> np.ndarray:
    spread = np.sqrt(x.var(-1, keepdims=True) + 1e-5)
    return (x - x.mean(-1, keepdims=True)) / spread * arrays[f"{name}.weight"] + arrays[f"{name}.bias"]


def convolved(x: np.ndarray, arrays: Arrays, name: str, stride: int) -> np.ndarray:
    padded = np.pad(x, ((1, 1), (0, 0)))
    steps = [padded[i : i + 3].T for i in range(0, len(x), stride)]
    return gelu(np.stack([(arrays[f"{name}.weight"] * step).sum((1, 2)) for step in steps]) + arrays[f"{name}.bias"])


def attended(x: np.ndarray, arrays: Arrays, name: str) -> np.ndarray:
    """Of each head, 64 channels."""
    q, k, v = (dense(x, arrays, f"{name}.{part}_proj").reshape(len(x), -1, 64).transpose(1, 0, 2) for part in "qkv")
    heads = softmax(q @ k.transpose(0, 2, 1) / 8, axis=-1) @ v
    return dense(heads.transpose(1, 0, 2).reshape(len(x), -1), arrays, f"{name}.out_proj")


def layers_in_numpy(frames: np.ndarray, arrays: Arrays, blocks: int) -> list[np.ndarray]:
    """(frames, bands) -> each layer's output, in float64."""
    x = convolved(convolved(frames.astype(float), arrays, "conv1", 1), arrays, "conv2", 2)
    found = [x + arrays["embed_positions.weight"][: len(x)]]
    for i in range(blocks):
        x = found[-1]
        x = x + attended(norm(x, arrays, f"layers.{i}.self_attn_layer_norm"), arrays, f"layers.{i}.self_attn")
        inner = gelu(dense(norm(x, arrays, f"layers.{i}.final_layer_norm"), arrays, f"layers.{i}.fc1"))
        found.append(x + dense(inner, arrays, f"layers.{i}.fc2"))
    return [*found, norm(found[-1], arrays, "layer_norm")]


@pytest.mark.parametrize("frames", [1, 2, 7, 100])
def test_every_layer_is_what_the_equations_give(file: Path, frames: int) -> None:
    inputs = np.random.default_rng(1).normal(size=(frames, 80)).astype(np.float32)
    expected = layers_in_numpy(inputs, ARRAYS, 2)
    found = whisper.load(file)(inputs[None])
    assert len(found) == len(expected) == 4 and expected[0].shape == (-(-frames // 2), 128)
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(np.asarray(ours)[0], theirs, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("before", ["model.encoder.", "encoder."])
def test_safetensors_give_the_same_as_ctranslate2_s_files(file: Path, tmp_path: Path, before: str) -> None:
    other = write_safetensors(tmp_path / "model.safetensors", ARRAYS, before=before)
    assert whisper.sizes(other) == whisper.sizes(file) == whisper.Sizes(80, 2, 128, 512, 60)
    for ours, theirs in zip(whisper.load(other).get_weights(), whisper.load(file).get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_sizes_come_from_the_weights(tmp_path: Path) -> None:
    path = write_safetensors(tmp_path / "model.safetensors", random_encoder(blocks=3, width=64, n_mels=128, positions=20))
    assert whisper.sizes(path) == whisper.Sizes(128, 3, 64, 256, 20)
    assert whisper.encode(path, (0, 4), noise(3_200)).shape == (10, 128)


@pytest.mark.parametrize(("samples", "frames"), [(0, 1), (1, 1), (320, 1), (321, 2), (2_000, 7), (16_000, 50)])
def test_a_frame_is_twenty_milliseconds_and_the_rest_is_filled(file: Path, samples: int, frames: int) -> None:
    values = whisper.encode(file, (3, 1), noise(samples))
    assert values.shape == (frames, 256) and values.dtype == np.float32 and np.isfinite(values).all()
    padded = np.pad(noise(samples), (0, frames * 320 - samples))
    np.testing.assert_array_equal(values, whisper.encode(file, (3, 1), padded))
    both = whisper.load(file)(log_mel(padded, 80)[None])
    np.testing.assert_allclose(values, np.concatenate([np.asarray(both[layer])[0] for layer in (3, 1)], axis=1), atol=1e-4)


def test_a_clip_longer_than_the_encoder_s_positions_is_encoded_in_equal_parts(file: Path) -> None:
    clip = noise(320 * 150)  # 150 frames, where there are 60 positions: three parts of 50
    parts = [whisper.encode(file, (2,), part) for part in np.split(clip, 3)]
    np.testing.assert_array_equal(whisper.encode(file, (2,), clip), np.concatenate(parts))


def test_clips_of_any_length_are_computed_by_one_graph_with_the_same_digits_whatever_came_before(file: Path) -> None:
    whisper._network.cache_clear()
    first = whisper.encode(file, (1,), noise(9_000))
    network = whisper._network(file, sha256_of(file), (1,))
    before = network.predict_function.experimental_get_tracing_count()
    for samples in (1, 500, 3_000, 16_000, 19_200, 40_000):
        whisper.encode(file, (1,), noise(samples))
    assert network.predict_function.experimental_get_tracing_count() == before == 2  # one to see that lengths differ, one for all
    np.testing.assert_array_equal(whisper.encode(file, (1,), noise(9_000)), first)


def test_an_encoder_draws_nothing_at_random(file: Path) -> None:
    random.seed(5)
    before = random.getstate()
    whisper.load(file)
    assert random.getstate() == before  # Keras takes the seeds of layers from there


def without(name: str) -> Arrays:
    return {key: array for key, array in ARRAYS.items() if key != name}


@pytest.mark.parametrize(("arrays", "call", "message"), [
    (without("conv1.weight"), whisper.sizes, "holds no encoder of Whisper"),
    (without("layers.1.fc2.weight"), whisper.load, "lacks a part of its encoder"),
    ({**ARRAYS, "conv2.bias": np.ones(3)}, whisper.load, "lacks a part of its encoder, or it has another shape"),
    (random_encoder(width=40), whisper.sizes, "40 channels wide: Whisper's have a multiple of 64")])
def test_a_file_without_a_whole_encoder_is_an_error(tmp_path: Path, arrays: Arrays, call: Callable[[Path], object], message: str) -> None:
    with pytest.raises(BenchError, match=message):
        call(write_safetensors(tmp_path / "model.safetensors", arrays))


def test_the_last_layer_is_that_of_ctranslate2_on_a_clip_padded_to_thirty_seconds(real_corpora: Path) -> None:
    ctranslate2 = pytest.importorskip("ctranslate2", reason="ctranslate2 is not installed (it is in the extra dev)")
    try:
        file = verified("whisper-tiny.en")
    except Lacking as error:
        pytest.skip(str(error))
    speech = read(sorted((real_corpora / "CREMA-D" / "AudioWAV").glob("*.ogg"))[0])[0]
    padded = np.pad(speech, (0, 480_000 - len(speech)))
    theirs = ctranslate2.models.Whisper(str(file.parent), device="cpu", compute_type="float32", intra_threads=1).encode(
        ctranslate2.StorageView.from_array(np.ascontiguousarray(log_mel(padded, 80).T[None])), to_cpu=True)
    ours = whisper.encode(file, (5,), padded)
    assert ours.shape == (1500, 384)
    assert np.abs(ours - np.array(theirs)[0]).max() < 1e-3


FIRST_CLIP = """
import sys
from pathlib import Path
import numpy as np
import registry.keras_state
from registry.encoders.whisper import encode

def load_keras():
    sys.exit("as trials have it" if "keras" not in sys.modules else "already imported")

registry.keras_state.load_keras = load_keras
encode(Path(sys.argv[1]), (0,), np.zeros(320, np.float32))
"""


def test_keras_is_first_loaded_as_trials_have_it_whatever_the_machine_says(file: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FIRST_CLIP, str(file)], capture_output=True, text=True)
    assert done.stderr.strip() == "as trials have it"
