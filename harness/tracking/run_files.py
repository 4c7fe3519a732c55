"""The files of one run: configuration, tables, report and pictures, as they lie in MLflow's artifacts."""

from __future__ import annotations

import csv
import json
import time
from pathlib import Path
from typing import Any

from harness.tracking.shown_files import CLIPS, CONFUSION, EMOTIONS, write_clips, write_emotions, write_image
from harness.training.figures import confusion_figure, curves_figure, save
from harness.training.predictions import Predictions
from harness.training.result import Result


def write(result: Result, folder: Path) -> None:
    """Write every file for which the result has data."""
    (folder / "configuration.json").write_text(json.dumps(result.trial.configuration, indent=2, sort_keys=True) + "\n",
                                                 encoding="utf-8")
    if result.history:
        save(curves_figure(result.history, result.best_epoch, result.trial.cell_label), folder / "learning_curves.png")
        write_csv(folder / "history.csv", [{"epoch": i + 1, **{k: v[i] for k, v in result.history.items()}}
                                           for i in range(len(result.history["train_loss"]))])
    for part, predictions in result.predictions.items():
        (folder / part).mkdir()
        scores = predictions.scores
        title = f"{part}: WA {scores.wa:.3f}, UAR {scores.uar:.3f}"
        save(confusion_figure(scores.confusion, scores.emotions, title), folder / part / "confusion_matrix.png")
        write_csv(folder / part / "confusion_matrix.csv", [{"true": emotion, **dict(zip(scores.emotions, row, strict=True))}
                                                           for emotion, row in zip(scores.emotions, scores.confusion, strict=True)])
        (folder / part / "classification_report.txt").write_text(classification_report(predictions), encoding="utf-8")
        predictions.write(folder / part / "predictions.csv")
    if result.predictions:
        write_emotions({part: predictions.scores for part, predictions in result.predictions.items()}, folder / EMOTIONS)
    if "test" in result.predictions:
        write_clips([result.predictions["test"]], folder / CLIPS)
        write_image(folder / "test" / "confusion_matrix.png", CONFUSION, folder, result.trial.signature, int(time.time() * 1000))


def classification_report(predictions: Predictions) -> str:
    """Precision, recall, F1 and support of each emotion as scikit-learn prints them, and the scores in the field's words."""
    from sklearn import metrics

    scores = predictions.scores
    present = [i for i, emotion in enumerate(scores.emotions) if scores.per_class[emotion]["support"]]
    table = metrics.classification_report(predictions.truth, predictions.predicted, labels=present,
                                          target_names=[scores.emotions[i] for i in present], digits=4, zero_division=0.0)
    absent = [f"no clips of {emotion}\n" for i, emotion in enumerate(scores.emotions) if i not in present]
    return (f"{table}\n{''.join(absent)}"
            f"WA {scores.wa:.4f}   UAR {scores.uar:.4f}   macro-F1 {scores.macro_f1:.4f}   loss {scores.loss:.4f}\n")


def write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    """Rows of equal keys as a CSV file."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
