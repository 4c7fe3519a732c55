"""Files of weights: what they hold comes back, and anything else is an error that says what is wrong."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from encoder_files import fused, random_encoder, write_model_bin, write_safetensors

from registry.encoders.weight_files import read, shapes
from registry.encoders.whisper import sizes
from registry.errors import BenchError

ARRAYS = random_encoder(blocks=1)


@pytest.mark.parametrize("kind", ["F32", "F16", "BF16"])
def test_arrays_come_back_from_either_kind_of_file_in_float32(tmp_path: Path, kind: str) -> None:
    safe = read(write_safetensors(tmp_path / "model.safetensors", ARRAYS, kind), lambda name: "encoder" in name)
    binary = read(write_model_bin(tmp_path / "model.bin", ARRAYS, kind), lambda name: name.startswith("encoder/"))
    assert safe.keys() == {f"model.encoder.{name}" for name in ARRAYS}
    assert binary.keys() == {f"encoder/{name}" for name in fused(ARRAYS)}
    for found, written in ((safe["model.encoder.conv1.weight"], ARRAYS["conv1.weight"]),
                           (binary["encoder/layer_0/self_attention/linear_0/weight"][:64], ARRAYS["layers.0.self_attn.q_proj.weight"])):
        assert found.dtype == np.float32 and found.shape == written.shape
        np.testing.assert_allclose(found, written, rtol=1 / 128 if kind == "BF16" else 0)  # BF16 has 8 bits


def test_shapes_are_those_of_the_arrays(tmp_path: Path) -> None:
    path = write_model_bin(tmp_path / "model.bin", ARRAYS)
    assert shapes(path) == {name: array.shape for name, array in read(path).items()}


@pytest.mark.parametrize("write", [write_model_bin, write_safetensors])
def test_a_file_that_is_cut_anywhere_is_an_error(tmp_path: Path, write: Callable[..., Path]) -> None:
    path = write(tmp_path / ("model.bin" if write is write_model_bin else "model.safetensors"), {"embed_positions.weight": np.ones((2, 2))})
    whole = path.read_bytes()
    for length in range(0, len(whole) - 42, 5):  # what follows the weights in model.bin has 42 bytes
        path.write_bytes(whole[:length])
        with pytest.raises(BenchError, match=r"is cut short, or no file|cut short or damaged at"):
            read(path)


@pytest.mark.parametrize("write", [write_model_bin, write_safetensors])
def test_a_file_with_damaged_bytes_is_read_or_refused(tmp_path: Path, write: Callable[..., Path]) -> None:
    path = write(tmp_path / ("model.bin" if write is write_model_bin else "model.safetensors"), random_encoder(blocks=1, positions=2))
    whole, refused = path.read_bytes(), 0
    for seed in range(150):
        rng, content = np.random.default_rng(seed), bytearray(whole)
        for place in rng.integers(0, 400, 3):
            content[place] = rng.choice([0, 1, 0x22, 0x2D, 0x39, 0x7D, 0x7F, 0x80, 0xFF])
        path.write_bytes(content)
        try:
            sizes(path), read(path)
        except BenchError:
            refused += 1
    assert refused > 50


@pytest.mark.parametrize(("name", "content", "message"), [
    ("model.bin", struct.pack("<I", 3) + bytes(100), "version 3, where 4 to 6 are known"),
    ("model.bin", b"\x80\x02}q\x00." * 40, "the version"),  # a pickle, as PyTorch's files are
    ("model.safetensors", struct.pack("<Q", 1 << 60), "its header would have"),
    ("model.safetensors", struct.pack("<Q", 2) + b"[]", "no file of weights"),
    ("model.safetensors", struct.pack("<Q", 5) + b"{\"a\":", "no file of weights")])
def test_a_file_of_another_form_is_an_error(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BenchError, match=message):
        read(tmp_path / name)


def test_quantised_weights_are_refused_with_what_to_take_instead(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"conv1/weight \[64, 80, 3\] in the type number 1: quantised .* float16 or float32"):
        read(write_model_bin(tmp_path / "model.bin", ARRAYS, "I8"), lambda name: "conv1/weight" in name)
