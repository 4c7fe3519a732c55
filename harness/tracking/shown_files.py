"""Tables and pictures of a run in the forms that MLflow's own pages set side by side: clip by clip, and in its grid of images."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from harness.training.predictions import Predictions
from harness.training.scores import Scores

CLIPS, EMOTIONS, CONFUSION = "clips.json", "emotions.json", "confusion"
IMAGES = "images"  # folder of what `MlflowClient.log_image(key=…)` logs
LOGGED_TABLES, LOGGED_IMAGES = "mlflow.loggedArtifacts", "mlflow.loggedImages"  # tags by which its pages know of them
SMALL = 256  # pixels of a side, of the copy that the grid shows


def write_clips(seeds: Sequence[Predictions], path: Path) -> None:
    """A row a clip: what it was taken for, and with what confidence; of several seeds, by their mean probabilities.

    Args: seeds: the predictions of each training, of the same clips in the same order.
    """
    first = seeds[0]
    names, probabilities = np.array(first.emotions), np.mean([each.probabilities for each in seeds], axis=0)
    right = np.sum([each.predicted == each.truth for each in seeds], axis=0)
    about = {"speaker": first.about["speaker"], "listeners": first.about.get("human")}
    # MLflow compares the second column of two runs unless it is told another.
    write_table({"clip": first.clips, "predicted": names[probabilities.argmax(axis=1)], "truth": names[first.truth],
                 "confidence": probabilities.max(axis=1).round(4), **({"seeds_right": right} if len(seeds) > 1 else {}),
                 **{name: texts for name, texts in about.items() if texts is not None}}, path)


def write_emotions(scores: Mapping[str, Scores], path: Path) -> None:
    """Precision, recall and F1 of each emotion. Args: scores: part -> its scores."""
    rows = [(part, emotion, of["support"], *(round(of[score], 4) for score in ("precision", "recall", "f1")))
            for part, found in scores.items() for emotion, of in found.per_class.items() if of["support"]]
    write_table(dict(zip(("part", "emotion", "clips", "precision", "recall", "f1"), zip(*rows, strict=True), strict=True)), path)


def write_table(columns: Mapping[str, Sequence[Any] | np.ndarray], path: Path) -> None:
    """Columns of equal length as `MlflowClient.log_table` writes them, which appends where it is called twice."""
    rows = zip(*(np.asarray(column).tolist() for column in columns.values()), strict=True)
    path.write_text(json.dumps({"columns": list(columns), "data": list(map(list, rows))}), encoding="utf-8")


def write_image(picture: Path, key: str, folder: Path, run: str, at_ms: int) -> None:
    """A PNG for the grid of images, as `MlflowClient.log_image` names it; the same run and key give the same names again.

    Args: folder: of the run's files. run: what tells the run apart from others. at_ms: when it was made, since 1970.
    """
    from PIL import Image

    name = f"{key}+step+0+timestamp+{at_ms}+{uuid.uuid5(uuid.NAMESPACE_OID, f'{run} {key}')}"
    (folder / IMAGES).mkdir(exist_ok=True)
    (folder / IMAGES / f"{name}.png").write_bytes(picture.read_bytes())
    with Image.open(picture) as image:
        share = SMALL / max(image.size)
        image.convert("RGB").resize((round(image.width * share), round(image.height * share))).save(
            folder / IMAGES / f"{name}+compressed.webp")


def shown_tags(folder: Path) -> dict[str, str]:
    """The tags that make MLflow's pages look for what lies in a folder of a run's files."""
    tables = [{"path": name, "type": "table"} for name in (CLIPS, EMOTIONS) if (folder / name).exists()]
    return {**({LOGGED_TABLES: json.dumps(tables)} if tables else {}), **({LOGGED_IMAGES: "True"} if (folder / IMAGES).exists() else {})}
