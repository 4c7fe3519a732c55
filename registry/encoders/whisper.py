"""Whisper's encoder as a Keras network of any size, with the output of every layer and weights from either kind of file, and what it hears.

It consists of Keras's own layers, so that it runs on every backend, can be saved, and could be trained further.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from registry.encoders import weight_files, weights
from registry.encoders.log_mel import log_mel
from registry.errors import BenchError
from registry.feature_spaces.whisper import FRAME

if TYPE_CHECKING:
    import keras
    import numpy as np

HEAD = 64  # channels of an attention head in every size of Whisper
ONE_THREAD = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
CTRANSLATE2 = {  # the names of an encoder's parts in CTranslate2's files -> those in OpenAI's safetensors
    "position_encodings/encodings": "embed_positions.weight", r"layer_(\d+)/self_attention/layer_norm": r"layers.\1.self_attn_layer_norm",
    r"layer_(\d+)/self_attention/linear_0": r"layers.\1.self_attn.qkv",
    r"layer_(\d+)/self_attention/linear_1": r"layers.\1.self_attn.out_proj",
    r"layer_(\d+)/ffn/layer_norm": r"layers.\1.final_layer_norm", r"layer_(\d+)/ffn/linear_0": r"layers.\1.fc1",
    r"layer_(\d+)/ffn/linear_1": r"layers.\1.fc2", "/gamma": ".weight", "/beta": ".bias", "/weight": ".weight", "/bias": ".bias"}


@dataclass(frozen=True)
class Sizes:
    """Of an encoder: mel bands that it reads, blocks, channels of every layer, channels inside a block, and positions that it knows."""

    n_mels: int
    blocks: int
    width: int
    inner: int
    positions: int


def sizes(path: Path) -> Sizes:
    """The sizes of the encoder in a file; only names and shapes are read. Raises: BenchError when there is no Whisper in it."""
    shapes = {_name(name): shape for name, shape in weight_files.shapes(path, _of_encoder).items()}
    try:
        (width, n_mels, _), (inner, _), (positions, _) = (shapes[name] for name in (
            "conv1.weight", "layers.0.fc1.weight", "embed_positions.weight"))
    except (KeyError, ValueError) as error:
        raise BenchError(f"{path} holds no encoder of Whisper ({error}): take model.safetensors of openai/whisper-…, or model.bin as "
                         "CTranslate2 converts it") from error
    if width % HEAD:
        raise BenchError(f"{path} has an encoder {width} channels wide: Whisper's have a multiple of {HEAD}")
    return Sizes(n_mels, len({name for name in shapes if re.fullmatch(r"layers\.\d+\.fc1\.weight", name)}), width, inner, positions)


def load(path: Path) -> keras.Model:
    """The encoder in a file: (batch, frames, mel bands) -> a list of each layer's output, (batch, ⌈frames / 2⌉, width) each.

    Layer 0 is what comes after the convolutions and positions, layers 1 to n are what the n blocks give, and n + 1 is layer n normalised,
    which Whisper's decoder reads. Raises: BenchError for a file without a whole encoder.
    """
    network = build(sizes(path))
    try:
        arrays = _read(path)
        for layer in network.layers:
            if layer.weights:
                layer.set_weights(_of_layer(layer.name, arrays))
    except (KeyError, ValueError) as error:
        raise BenchError(f"{path} lacks a part of its encoder, or it has another shape ({error}): fetch it again") from error
    return network


def build(sizes: Sizes) -> keras.Model:
    """An encoder of these sizes whose weights are zero; input and outputs as in `load`. Nothing is drawn at random."""
    import keras
    from keras import layers, ops

    inputs = keras.Input((None, sizes.n_mels))
    x = layers.Conv1D(sizes.width, 3, activation="gelu", kernel_initializer="zeros", name="conv1")(layers.ZeroPadding1D(1)(inputs))
    x = layers.Conv1D(sizes.width, 3, strides=2, activation="gelu", kernel_initializer="zeros", name="conv2")(layers.ZeroPadding1D(1)(x))
    place = ops.cumsum(ops.ones_like(x[..., 0], dtype="int32"), axis=1) - 1  # (batch, frames): counted, since graphs know no length
    outputs = [x + layers.Embedding(sizes.positions, sizes.width, embeddings_initializer="zeros", name="embed_positions")(place)]
    for i in range(sizes.blocks):
        outputs.append(_block(outputs[-1], sizes, f"layers.{i}."))
    return keras.Model(inputs, [*outputs, layers.LayerNormalization(epsilon=1e-5, name="layer_norm")(outputs[-1])], name="whisper_encoder")


def _block(x: keras.KerasTensor, sizes: Sizes, name: str) -> keras.KerasTensor:
    """Attention and two dense layers, each after a norm and beside a way around it. (Keys have no bias in Whisper: here it is zero.)"""
    from keras import layers

    normed = layers.LayerNormalization(epsilon=1e-5, name=f"{name}self_attn_layer_norm")(x)
    attention = layers.MultiHeadAttention(sizes.width // HEAD, HEAD, kernel_initializer="zeros", name=f"{name}self_attn")
    x = x + attention(normed, normed)
    inner = layers.LayerNormalization(epsilon=1e-5, name=f"{name}final_layer_norm")(x)
    inner = layers.Dense(sizes.inner, activation="gelu", kernel_initializer="zeros", name=f"{name}fc1")(inner)
    return x + layers.Dense(sizes.width, kernel_initializer="zeros", name=f"{name}fc2")(inner)


def encode(path: Path, layers: tuple[int, ...], waveform: np.ndarray) -> np.ndarray:
    """What layers of the encoder in a file make of a clip: (samples,) float32 at 16 kHz -> (⌈samples / 320⌉, width · layers) float32.

    A clip longer than the encoder has positions for is encoded in equal parts, each as a clip of its own.
    """
    import numpy as np

    network = _network(path, weights.sha256_of(path), layers)
    frames = max(1, -(-len(waveform) // FRAME))
    padded = np.pad(waveform, (0, frames * FRAME - len(waveform))).reshape(frames, FRAME)
    parts = np.array_split(padded, -(-frames // network.get_layer("embed_positions").input_dim))
    return np.concatenate([network.predict_on_batch(log_mel(part.ravel(), network.input_shape[-1])[None])[0] for part in parts])


@functools.lru_cache(maxsize=1)
def _whole(path: Path, sha256: str) -> keras.Model:
    """The encoder in a file, computed on one thread, as trainings are, so that any number of workers gives the same."""
    from registry.keras_state import load_keras

    for variable in ONE_THREAD:  # heeded when TensorFlow computes first
        os.environ.setdefault(variable, "1")
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")  # several processes may share a GPU
    load_keras()
    return load(path)


@functools.lru_cache(maxsize=4)
def _network(path: Path, sha256: str, layers: tuple[int, ...]) -> keras.Model:
    """The part of an encoder that gives these layers side by side; its graph is for clips of any length."""
    whole = _whole(path, sha256)  # which loads Keras as trials have it, before it is imported
    import keras
    import numpy as np

    chosen = [whole.outputs[layer] for layer in layers]
    network = keras.Model(whole.inputs, keras.ops.concatenate(chosen, axis=-1) if len(chosen) > 1 else chosen[0])
    network.jit_compile = False  # which would compile for each length anew
    for frames in (2, 4):  # a second length makes TensorFlow trace the graph of all lengths, by which every clip is to be computed
        network.predict_on_batch(np.zeros((1, frames, network.input_shape[-1]), np.float32))
    return network


def _of_encoder(name: str) -> bool:
    return name.startswith(("encoder/", "model.encoder.", "encoder."))


def _name(name: str) -> str:
    """The name of an encoder's array as OpenAI's safetensors have it, without what stands before it."""
    name = re.sub(r"^(model\.)?encoder[./]", "", name)
    for theirs, ours in CTRANSLATE2.items() if "/" in name else ():
        name = re.sub(theirs, ours, name)
    return name


def _read(path: Path) -> dict[str, np.ndarray]:
    """The arrays of the encoder in a file, by their names there or, of CTranslate2's, in OpenAI's safetensors."""
    import numpy as np

    arrays = {_name(name): array for name, array in weight_files.read(path, _of_encoder).items()}
    for name in [name for name in arrays if ".qkv." in name]:
        for part, array in zip("qkv", np.split(arrays.pop(name), 3), strict=True):
            arrays[name.replace("qkv", f"{part}_proj")] = array
    return arrays


def _of_layer(name: str, arrays: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """The weights of the Keras layer of this name, in its order and with its axes."""
    import numpy as np

    if name.endswith("self_attn"):
        parts = [array for part in "qkv" for array in _of_head(arrays, f"{name}.{part}_proj")]
        out = arrays[f"{name}.out_proj.weight"]
        return [*parts, out.T.reshape(-1, HEAD, len(out)), arrays[f"{name}.out_proj.bias"]]
    first = arrays[f"{name}.weight"]
    if name == "embed_positions":
        return [first]
    return [first if "norm" in name else np.transpose(first), arrays[f"{name}.bias"]]  # dense (in, out), convolutions (steps, in, out)


def _of_head(arrays: Mapping[str, np.ndarray], name: str) -> list[np.ndarray]:
    import numpy as np

    kernel = arrays[f"{name}.weight"].T  # (width, heads · channels)
    bias = arrays.get(f"{name}.bias", np.zeros(kernel.shape[1], np.float32))
    return [kernel.reshape(len(kernel), -1, HEAD), bias.reshape(-1, HEAD)]
