"""The files of one run: configuration, tables, report and pictures, as they lie in MLflow's artifacts."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from harness.training.figures import confusion_figure, curves_figure, save
from harness.training.result import Result
from harness.training.scores import Scores


def write(result: Result, folder: Path) -> None:
    """Write every file that the result has something for."""
    (folder / "configuration.json").write_text(json.dumps(result.trial.configuration, indent=2, sort_keys=True) + "\n")
    if result.history:
        save(curves_figure(result.history, result.best_epoch, result.trial.cell_label), folder / "learning_curves.png")
        write_csv(folder / "history.csv", [{"epoch": i + 1, **{k: v[i] for k, v in result.history.items()}}
                                           for i in range(len(result.history["train_loss"]))])
    for part, scores in (("validation", result.validation), ("test", result.test)):
        if scores and part in result.predictions:
            _write_part(folder / part, part, scores, result)


def _write_part(folder: Path, part: str, scores: Scores, result: Result) -> None:
    folder.mkdir()
    title = f"{part}: WA {scores.wa:.3f}, UAR {scores.uar:.3f}"
    save(confusion_figure(scores.confusion, scores.emotions, title), folder / "confusion_matrix.png")
    write_csv(folder / "confusion_matrix.csv", [{"true": emotion, **dict(zip(scores.emotions, row, strict=True))}
                                                for emotion, row in zip(scores.emotions, scores.confusion, strict=True)])
    (folder / "classification_report.txt").write_text(classification_report(scores))
    result.predictions[part].write(folder / "predictions.csv")


def classification_report(scores: Scores) -> str:
    """Precision, recall, F1 and support of each emotion as aligned text."""
    lines = [f"{'':>12} {'precision':>9} {'recall':>9} {'f1':>9} {'support':>9}"]
    for emotion, row in scores.per_class.items():
        lines.append(f"{emotion:>12} {row['precision']:>9.4f} {row['recall']:>9.4f} {row['f1']:>9.4f} {row['support']:>9.0f}")
    lines.append(f"\nWA {scores.wa:.4f}   UAR {scores.uar:.4f}   macro-F1 {scores.macro_f1:.4f}   loss {scores.loss:.4f}")
    return "\n".join(lines) + "\n"


def write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    """Rows of equal keys as a CSV file."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
