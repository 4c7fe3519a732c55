"""A small network with a mel spectrogram, saved in a folder as a study's model is: nothing was trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from registry.feature_space import FeatureSpace
from registry.feature_spaces.mel import Mel

EMOTIONS = ("ANG", "HAP", "SAD")
RATE = 8_000
MEL = Mel(n_mels=12, n_fft=256, hop_length=128)


def saved(folder: Path, feature: Any = MEL, join: str = "image", duration_s: float = 1.0, **fields: Any) -> Path:
    """Write the network into a folder. Args: fields: of its feature space."""
    import keras

    from harness.training.saved_model import write_network

    space = FeatureSpace(features=(feature,), join=join, sample_rate=RATE, duration_s=duration_s, **fields)  # type: ignore[arg-type]
    samples = space.samples(0)
    frames, bands = space.extract(np.zeros(samples, np.float32), RATE, samples).shape
    keras.utils.set_random_seed(0)
    inputs = keras.Input((frames, bands), name="features")
    mean, variance = np.linspace(-60, -30, bands, dtype=np.float32), np.linspace(50, 400, bands, dtype=np.float32)
    x = keras.layers.Normalization(axis=-1, mean=mean, variance=variance, dtype="float32")(inputs)
    x = keras.layers.Flatten()(x)
    outputs = keras.layers.Dense(len(EMOTIONS), activation="softmax")(x)
    write_network(keras.Model(inputs, outputs, name="small"), space, samples, EMOTIONS, RATE, folder)
    return folder


def sound(seconds: float = 1.0, rate: int = RATE, seed: int = 0) -> np.ndarray:
    """Noise that swells and fades, with pauses at its edges: (samples,), float32."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, 0.1, round(seconds * rate)) * np.sin(np.linspace(0, np.pi, round(seconds * rate))) ** 2
    return noise.astype(np.float32)
