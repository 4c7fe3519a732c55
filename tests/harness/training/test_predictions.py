"""Predictions carry what is known of each clip, come back from their file as they were, and count by any grouping."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from harness.training.predictions import Predictions, majority, read, speaker_counts
from registry.corpora.crema_d import CremaD
from registry.corpus import Clip
from registry.errors import BenchError

CLIPS = (
    Clip(id="a", emotion="SAD", speaker="1", sex="female", age=31, votes=(("ANG", 1), ("SAD", 4))),
    Clip(id="b", emotion="ANG", speaker="1", sex="female", age=31, votes=(("ANG", 3), ("SAD", 3))),
    Clip(id="c", emotion="ANG", speaker="2", sentence="x,y"))
SAID = Predictions.of(CLIPS, ("ANG", "SAD"), np.array([[0.25, 0.75], [0.1, 0.9], [2 / 3, 1 / 3]]))


def test_what_is_not_known_of_any_clip_is_no_column_and_ties_of_listeners_are_told() -> None:
    assert {key: texts.tolist() for key, texts in SAID.about.items()} == {
        "speaker": ["1", "1", "2"], "sentence": ["", "", "x,y"], "sex": ["female", "female", ""], "age": ["31", "31", ""],
        "human": ["SAD", "ANG/SAD", ""], "votes": ["ANG 1/SAD 4", "ANG 3/SAD 3", ""]}
    assert majority(()) == [] and majority((("ANG", 0),)) == []


def test_a_frame_has_a_row_a_clip_with_what_is_known_of_it_and_a_probability_for_each_emotion() -> None:
    frame = SAID.to_frame()
    assert list(frame) == ["clip", "speaker", "sentence", "sex", "age", "human", "votes", "truth", "predicted", "ANG", "SAD"]
    assert frame[["clip", "truth", "predicted"]].values.tolist() == [["a", "SAD", "SAD"], ["b", "ANG", "SAD"], ["c", "ANG", "ANG"]]
    assert frame[["ANG", "SAD"]].to_numpy() == pytest.approx(SAID.probabilities)


def test_votes_are_counted_for_the_emotions_of_the_outputs_alone() -> None:
    assert SAID.votes.tolist() == [[1, 4], [3, 3], [0, 0]]
    told = dataclasses.replace(SAID, about={**SAID.about, "votes": np.array(["SAD 2/not sure 7", "", "ANG 1"])})
    assert told.votes.tolist() == [[0, 2], [0, 0], [1, 0]]
    with pytest.raises(BenchError, match="'SAD many' in the predictions of a run are no votes such as"):
        _ = dataclasses.replace(SAID, about={"votes": np.array(["SAD many"])}).votes
def test_predictions_of_some_clips_keep_their_order_and_what_is_known_of_them() -> None:
    some = SAID.of_clips(np.array(["c", "a"]))
    assert some.clips.tolist() == ["a", "c"] and some.truth.tolist() == [1, 0] and some.speakers.tolist() == ["1", "2"]
    assert some.predicted.tolist() == [1, 0]


def test_a_file_gives_back_what_was_written(tmp_path: Path) -> None:
    SAID.write(tmp_path / "predictions.csv")
    again = read(tmp_path / "predictions.csv")
    assert again.emotions == SAID.emotions and again.clips.tolist() == SAID.clips.tolist()
    assert again.truth.tolist() == [1, 0, 0] and again.about.keys() == SAID.about.keys()
    assert all(np.array_equal(again.about[key], SAID.about[key]) for key in SAID.about)
    assert again.probabilities == pytest.approx(SAID.probabilities, abs=1e-9)
    assert again.scores.confusion == SAID.scores.confusion == [[1, 1], [0, 1]]


def test_a_corpus_fills_in_what_was_not_noted_and_nothing_of_clips_that_it_labels_otherwise() -> None:
    bare = Predictions(SAID.emotions, SAID.clips, SAID.truth, SAID.probabilities, {"speaker": np.array(["1", "1", "2"]),
                                                                                   "sex": np.array(["male", "", ""])})
    other = Clip(id="c", emotion="SAD", speaker="2", sentence="x")
    filled = bare.with_clips({clip.id: clip for clip in (*CLIPS[:2], other)})
    assert {key: texts.tolist() for key, texts in filled.about.items()} == {
        "speaker": ["1", "1", "2"], "sex": ["male", "female", ""], "age": ["31", "31", ""], "human": ["SAD", "ANG/SAD", ""],
        "votes": ["ANG 1/SAD 4", "ANG 3/SAD 3", ""]}
    assert bare.with_clips({}).about.keys() == bare.about.keys()


def test_counts_by_speaker_add_up_to_the_confusion_matrix() -> None:
    counts = SAID.counts_by(SAID.speakers)
    assert counts.tolist() == [[[0, 1], [0, 1]], [[1, 0], [0, 0]]]
    assert counts.sum(axis=0).tolist() == SAID.scores.confusion
    assert speaker_counts([SAID, SAID]).tolist() == [counts.tolist()] * 2


def test_the_majority_of_voice_votes_is_that_of_crema_ds_own_summary(real_corpora: Path) -> None:
    corpus = CremaD().load(real_corpora)
    names = {emotion[0]: emotion for emotion in corpus.emotions}
    lines = (real_corpora / "CREMA-D" / "processedResults" / "summaryTable.csv").read_text().splitlines()[1:]
    summary = {cells[1]: sorted(names[letter] for letter in cells[2].split(":")) for line in lines
               for cells in [[cell.strip('"') for cell in line.split(",")]]}
    told = {clip.id: sorted(majority(clip.votes)) for clip in corpus.clips if clip.votes}
    assert len(told) > 5_800 and all(summary[clip] == votes for clip, votes in told.items())
