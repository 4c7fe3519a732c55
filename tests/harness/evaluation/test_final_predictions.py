"""The predictions of every seed are read, or what the store has lost of them is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from made_finals import record, said
from made_records import record as plain_record

from harness.evaluation.final_predictions import FinalPredictions, MissingFiles, clips_of, read_final_predictions, seed_predictions
from harness.evaluation.rows import rows
from harness.tracking.store import Store
from registry.errors import BenchError


def test_a_corpus_tells_what_earlier_runs_did_not_note_of_their_clips(real_corpora: Path, tmp_path: Path) -> None:
    row, = rows([plain_record("trial", "c", corpus_label="crema_d")])
    clips = clips_of(row, real_corpora)
    assert len(clips) == 7_442 and clips_of(row, None) == clips_of(row, tmp_path) == {}
    one = next(iter(clips.values()))
    assert one.votes and one.sex


def test_what_the_store_has_lost_of_a_row_is_named_and_a_damaged_file_is_an_error(tmp_path: Path) -> None:
    tracker = Store(tmp_path).experiment("small")
    _, runs = record(tracker, "good", 0.1, [said(0.7, seed) for seed in range(3)])
    row, = rows(tracker.records())
    whole = read_final_predictions(row, tracker)
    assert isinstance(whole, FinalPredictions) and whole.counts.shape == (3, 12, 3, 3) and whole.history["train_loss"] == [1.0]
    assert sum(map(sum, whole.confusion)) == 3 * 240
    uar, low, high = whole.test_uar
    assert low < uar < high and uar == pytest.approx(np.mean([each.scores.uar for each in whole.test]))
    cut = next(tmp_path.rglob(f"{runs[0]}/artifacts/test/predictions.csv"))
    text = cut.read_text()
    cut.write_text("".join(text.splitlines(keepends=True)[:-3]))
    with pytest.raises(BenchError, match=rf"run {runs[0]}, test: its predictions.csv has 237 of the 240 clips that were scored: get the"):
        read_final_predictions(row, tracker)
    cut.write_text(text)
    for run in runs[1:]:
        next(tmp_path.rglob(f"{run}/artifacts/test/predictions.csv")).unlink()
    assert seed_predictions(tracker, runs, ("0", "1", "2")) == MissingFiles("test predictions of seeds 1, 2")
    history = next(tmp_path.rglob(f"{runs[0]}/artifacts/history.csv"))
    history.write_text("epoch,train_loss\n1,high\n")
    with pytest.raises(BenchError, match=r"its history.csv is damaged"):
        read_final_predictions(row, tracker)
    history.unlink()
    assert read_final_predictions(row, tracker) == MissingFiles("test predictions of seeds 1, 2 and the learning curve of seed 0")
