"""`bench predict` as a user calls it: tables, JSON, CSV, curves, and files that can't be read."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
import soundfile
from calls import Ran, bench
from exportable import saved, sound

from registry.corpora.synthetic import Synthetic


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Recordings of the synthetic corpus, one of them long, and what is none."""
    folder, corpus = tmp_path_factory.mktemp("recordings"), Synthetic()
    waveform, rate = corpus.read_clip(corpus.load().clips[0])
    for name in ("a.wav", "b.flac", "c.mp3"):
        soundfile.write(folder / name, waveform[:rate], rate)
    soundfile.write(folder / "long.ogg", sound(9.0, rate), rate)
    (folder / "broken.wav").write_text("nothing")
    (folder / "notes.txt").write_text("nothing")
    return folder


def test_a_table_says_file_emotion_confidence_and_runner_up_and_which_model_it_was(ran: Ran, folder: Path) -> None:
    outcome = bench("predict", "tiny_study", folder / "a.wav", folder / "c.mp3", "--home", ran.home)
    assert outcome.code == 0 and all(word in outcome.out for word in ("a.wav", "c.mp3", "confidence", "runner-up"))
    assert "model: tiny_study:zcr+energy" in outcome.err and "@unseen_speakers_80_20, seed" in outcome.err
    assert "others of the study: 'tiny_study:zcr+energy" in outcome.err and "ms a clip" in outcome.err


def test_a_damaged_file_is_named_the_others_are_predicted_and_the_exit_code_is_1(ran: Ran, folder: Path) -> None:
    outcome = bench("predict", "tiny_study", folder, folder / "gone.wav", "--home", ran.home, "--json")
    data = json.loads(outcome.out)
    assert outcome.code == 1 and [Path(each["file"]).name for each in data["predictions"]] == ["a.wav", "b.flac", "c.mp3", "long.ogg"]
    assert [Path(each["file"]).name for each in data["errors"]] == ["broken.wav", "gone.wav"]
    assert "broken.wav can't be read as audio: it is neither" in outcome.err and "gone.wav" in outcome.err
    assert "4 predicted, 2 not" in outcome.err and "passed over: 1 file of folders" in outcome.err
    first, long = data["predictions"][0], data["predictions"][3]
    assert sum(first["probabilities"].values()) == pytest.approx(1, abs=1e-4) and first["emotion"] in data["emotions"]
    assert first["probabilities"][first["emotion"]] == first["confidence"] and "windows" not in first
    assert len(long["windows"]) == 17 and data["schema"] == 1


def test_csv_has_a_row_a_file_and_curves_are_written_where_they_are_wanted(ran: Ran, folder: Path, tmp_path: Path) -> None:
    outcome = bench("predict", "tiny_study", folder / "b.flac", folder / "long.ogg", "--home", ran.home, "--csv",
                    "--window", "2", "--hop", "1", "--curves", tmp_path / "curves")
    rows = list(csv.DictReader(io.StringIO(outcome.out)))
    assert outcome.code == 0 and [row["windows"] for row in rows] == ["1", "8"]
    assert sorted(path.name for path in (tmp_path / "curves").iterdir()) == ["long.csv", "long.png"]
    assert float(rows[0]["ANG"]) <= float(rows[0]["confidence"]) and "over time: " in outcome.err


def test_a_folder_without_audio_and_a_model_that_is_not_there_say_what_to_do(ran: Ran, folder: Path, tmp_path: Path) -> None:
    outcome = bench("predict", saved(tmp_path / "model"), tmp_path / "model")
    assert outcome.code == 1 and "there is no audio in" in outcome.err and outcome.out == ""
    assert bench("predict", "tiny", folder / "a.wav", "--home", ran.home).code == 2
    assert bench("predict", "tiny_study", folder / "a.wav", "--home", ran.home, "--hop", "-1").code == 2
    assert "there are no runs in" in bench("predict", "tiny_study", folder / "a.wav", "--home", tmp_path).err


def test_a_model_that_knows_its_speaker_says_that_all_recordings_count_as_one_speakers(folder: Path, tmp_path: Path) -> None:
    outcome = bench("predict", saved(tmp_path, normalise="per_speaker"), folder / "a.wav", folder / "b.flac")
    assert outcome.code == 0 and "all 2 recordings count as one speaker's" in outcome.err
    assert "2 clips are few to standardise a speaker by: give 5 or more" in outcome.err
