"""Tables and pictures are in the forms in which MLflow's own client logs them, so that its pages find and compare them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_finals import EMOTIONS, SPEAKER, TRUTH, said
from PIL import Image

from harness.tracking.run_record import RunTags
from harness.tracking.shown_files import CLIPS, shown_tags, write_clips, write_emotions, write_image, write_table
from harness.tracking.store import Store


def test_a_table_is_read_by_mlflow_as_one_that_it_logged(tmp_path: Path) -> None:
    store = Store(tmp_path)
    tracker = store.experiment("mine")
    run, folder = tracker.start("seed", "a", None, RunTags()), tmp_path / "files"
    folder.mkdir()
    columns = {"clip": ["c1", "c2"], "confidence": np.array([0.5, 0.75])}
    write_table(columns, folder / CLIPS)
    tracker.add_files(run, folder)
    tracker.set_tags(run, shown_tags(folder))
    found = store.client.load_table(tracker.experiment_id, CLIPS)
    pd.testing.assert_frame_equal(found, pd.DataFrame(columns))


def test_each_clip_has_what_it_was_taken_for_and_how_many_seeds_were_right(tmp_path: Path) -> None:
    seeds = [said(0.6), said(0.6, seed=1), said(0.6, seed=2)]
    write_clips(seeds, tmp_path / CLIPS)
    table = pd.read_json(tmp_path / CLIPS, orient="split")
    assert list(table) == ["clip", "predicted", "truth", "confidence", "seeds_right", "speaker"]
    assert table.truth.tolist() == [EMOTIONS[i] for i in TRUTH] and table.speaker[0] == f"S{SPEAKER[0]}"
    majority = (table.seeds_right >= 2).tolist()  # of three that give one emotion each all their probability
    assert (table.predicted == table.truth).tolist() == majority and 0.3 < np.mean(majority) < 0.9
    assert set(table.confidence.round(4)) <= {0.6667, 1.0}


def test_of_one_seed_nothing_is_counted_and_listeners_stand_beside_it_where_they_are_known(tmp_path: Path) -> None:
    one = said(0.6)
    one.about["human"] = np.array(["ANG/SAD"] * len(one.clips))
    write_clips([one], tmp_path / CLIPS)
    table = pd.read_json(tmp_path / CLIPS, orient="split")
    assert list(table) == ["clip", "predicted", "truth", "confidence", "speaker", "listeners"] and set(table.listeners) == {"ANG/SAD"}


def test_figures_of_each_emotion_are_a_table_by_part(tmp_path: Path) -> None:
    scores = said(0.6).scores
    write_emotions({"validation": scores, "test": scores}, tmp_path / "emotions.json")
    table = pd.read_json(tmp_path / "emotions.json", orient="split")
    assert table[["part", "emotion"]].values.tolist() == [[part, emotion] for part in ("validation", "test") for emotion in EMOTIONS]
    assert table.recall[:3].mean() == pytest.approx(scores.uar, abs=1e-3) and table.clips[:3].sum() == len(TRUTH)


def test_a_picture_is_named_as_mlflow_names_it_and_twice_is_once(tmp_path: Path) -> None:
    picture = tmp_path / "matrix.png"
    Image.new("RGB", (400, 300), "white").save(picture)
    for _ in range(2):
        write_image(picture, "confusion", tmp_path, "run", 1234)
    small, whole = sorted((tmp_path / "images").iterdir())
    assert whole.name.startswith("confusion+step+0+timestamp+1234+") and small.name == f"{whole.stem}+compressed.webp"
    assert Image.open(small).size == (256, 192) and whole.read_bytes() == picture.read_bytes()
    assert shown_tags(tmp_path) == {"mlflow.loggedImages": "True"}
