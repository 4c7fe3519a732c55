"""How the published systems are written, one loop in a notebook: for each trial every clip is loaded and its features computed again."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import keras
import librosa
import numpy as np
from sklearn.metrics import recall_score

from harness.study.files import parse_component
from registry.corpora.crema_d import CremaD
from registry.splits.unseen_speakers_80_20 import UnseenSpeakers8020

SAMPLE_RATE, SAMPLES, EMOTIONS = 16_000, 48_000, ["ANG", "DIS", "FEA", "HAP", "NEU", "SAD"]


def loop(trials: list[dict[str, Any]], data: Path) -> dict[str, Any]:
    """Run some trials one after the other.

    Args: trials: `network`, as `residual_2d[filters=8]`, `learning_rate`, `epochs` and `actors` of each.
    Returns: `features_s`, seconds spent on features; `best`, the highest validation UAR of any epoch of any trial; `truth` and
        `predicted`, of the validation clips in that epoch.
    """
    features_s = 0.0
    found: dict[str, Any] = {"best": -1.0}
    for trial in trials:
        began = time.perf_counter()
        x, y, split = load(data, trial["actors"])
        features_s += time.perf_counter() - began

        x = (x - x[split.train].mean(axis=(0, 1))) / x[split.train].std(axis=(0, 1))
        model = keras.Sequential([keras.layers.Reshape((*x.shape[1:], 1)),
                                  parse_component("architectures", trial["network"])((*x.shape[1:], 1), len(EMOTIONS))])
        model.compile(optimizer=keras.optimizers.Adam(trial["learning_rate"]), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        validated = Validated(x[split.validation], y[split.validation])
        model.fit(x[split.train], y[split.train], batch_size=64, epochs=trial["epochs"], callbacks=[validated], verbose=0)
        model.evaluate(x[split.test], y[split.test], verbose=0)
        found = max(found, validated.found, key=lambda each: each["best"])
    return {**found, "features_s": features_s}


def load(data: Path, actors: int) -> tuple[np.ndarray, np.ndarray, Any]:
    """Mel spectrograms of all clips in decibels, (clips, frames, bands), their labels, and which clips are in which part."""
    corpus = CremaD(speakers=actors).load(data)
    features, labels = [], []
    for clip in corpus.clips:
        waveform, _ = librosa.load(clip.path, sr=SAMPLE_RATE)
        waveform = librosa.util.fix_length(waveform, size=SAMPLES)
        mel = librosa.feature.melspectrogram(y=waveform, sr=SAMPLE_RATE, n_fft=1024, hop_length=512, n_mels=40)
        features.append(librosa.power_to_db(mel).T)
        labels.append(EMOTIONS.index(clip.emotion))
    return np.array(features), np.array(labels), UnseenSpeakers8020()(corpus)


class Validated(keras.callbacks.Callback):
    """Predicts the validation clips after each epoch and keeps the best."""

    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        super().__init__()
        self.x, self.y, self.found = x, y, {"best": -1.0}

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        predicted = self.model.predict(self.x, verbose=0).argmax(axis=1)
        uar = float(recall_score(self.y, predicted, average="macro"))
        if uar > self.found["best"]:
            self.found = {"best": uar, "truth": self.y.tolist(), "predicted": predicted.tolist()}
