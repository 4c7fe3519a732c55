"""Small Whisper encoders with random weights, and writers of the two kinds of files that hold such weights."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np

TYPES = {"F32": ("<f4", 0), "F16": ("<f2", 4), "BF16": ("<u2", 5), "I8": ("<i1", 1)}  # numpy's type, CTranslate2's number
Arrays = dict[str, np.ndarray]


def random_encoder(seed: int = 0, blocks: int = 2, width: int = 64, n_mels: int = 80, positions: int = 1500) -> Arrays:
    """The arrays of an encoder by their names in OpenAI's safetensors; an MLP is four times as wide, as in every Whisper."""
    rng = np.random.default_rng(seed)
    shapes = {"conv1.weight": (width, n_mels, 3), "conv1.bias": (width,), "conv2.weight": (width, width, 3), "conv2.bias": (width,),
              "embed_positions.weight": (positions, width), "layer_norm.weight": (width,), "layer_norm.bias": (width,)}
    for i in range(blocks):
        for part, inner in (("self_attn_layer_norm", None), ("self_attn.q_proj", width), ("self_attn.k_proj", width),
                            ("self_attn.v_proj", width), ("self_attn.out_proj", width), ("final_layer_norm", None)):
            shapes |= {f"layers.{i}.{part}.weight": (inner, width) if inner else (width,), f"layers.{i}.{part}.bias": (width,)}
        shapes |= {f"layers.{i}.fc1.weight": (4 * width, width), f"layers.{i}.fc1.bias": (4 * width,),
                   f"layers.{i}.fc2.weight": (width, 4 * width), f"layers.{i}.fc2.bias": (width,)}
        del shapes[f"layers.{i}.self_attn.k_proj.bias"]
    arrays = {name: rng.normal(1.0 if "norm.weight" in name else 0.0, 0.2, shape) for name, shape in shapes.items()}
    return {name: array.astype(np.float16).astype(np.float32) for name, array in arrays.items()}  # the same in either type


def write_safetensors(path: Path, arrays: Arrays, kind: str = "F32", before: str = "model.encoder.") -> Path:
    """Write arrays as `openai/whisper-*` has them, and one of a decoder."""
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    data = b""
    for name, array in {"model.decoder.x": np.ones(7), **{f"{before}{name}": array for name, array in arrays.items()}}.items():
        values = _in(kind, array)
        header[name] = {"dtype": kind, "shape": array.shape, "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


def write_model_bin(path: Path, arrays: Arrays, kind: str = "F16", version: int = 6) -> Path:
    """Write arrays as CTranslate2 converts them: other names, query, key and value in one array, settings, a decoder, aliases."""
    variables = {"decoder/x/weight": np.ones((3, 2)), **{f"encoder/{name}": array for name, array in fused(arrays).items()}}
    data = struct.pack("<I", version) + _text("WhisperSpec") + struct.pack("<II", 3, len(variables) + 1)
    data += _text("encoder/num_heads") + struct.pack("<BBI", 0, 2, 2) + struct.pack("<h", 1)
    for name, array in variables.items():
        values = _in(kind, array)
        data += _text(name) + struct.pack(f"<B{array.ndim}I", array.ndim, *array.shape)
        data += struct.pack("<BI", TYPES[kind][1], len(values)) + values
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data + struct.pack("<I", 1) + _text("decoder/y/weight") + _text("decoder/x/weight"))
    return path


def fused(arrays: Arrays) -> Arrays:
    """An encoder's arrays by CTranslate2's names."""
    parts = {"self_attn_layer_norm": "self_attention/layer_norm", "self_attn.out_proj": "self_attention/linear_1",
             "final_layer_norm": "ffn/layer_norm", "fc1": "ffn/linear_0", "fc2": "ffn/linear_1"}
    renamed = {"position_encodings/encodings": arrays["embed_positions.weight"]}
    for name, array in arrays.items():
        owner, _, kind = name.rpartition(".")
        _, block, part = owner.split(".", 2) if owner.startswith("layers.") else ("", "", owner)
        ending = kind if "norm" not in owner else {"weight": "gamma", "bias": "beta"}[kind]
        if owner != "embed_positions" and part[-6:] not in ("q_proj", "k_proj", "v_proj"):
            renamed[f"layer_{block}/{parts[part]}/{ending}" if block else f"{part}/{ending}"] = array
    for block in sorted({name.split(".")[1] for name in arrays if name.startswith("layers.")}):
        for kind in ("weight", "bias"):
            three = [arrays.get(f"layers.{block}.self_attn.{part}_proj.{kind}") for part in "qkv"]
            renamed[f"layer_{block}/self_attention/linear_0/{kind}"] = np.concatenate(
                [np.zeros_like(three[0]) if array is None else array for array in three])  # type: ignore[arg-type]
    return renamed


def _in(kind: str, array: np.ndarray) -> bytes:
    if kind == "BF16":
        return (array.astype("<f4").view("<u4") >> 16).astype("<u2").tobytes()
    return array.astype(TYPES[kind][0]).tobytes()


def _text(text: str) -> bytes:
    return struct.pack("<H", len(text) + 1) + text.encode() + b"\0"
