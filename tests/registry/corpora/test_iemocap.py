"""IEMOCAP is read from the tree that its owners give: labels of the dialogs, audio of the turns."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from corpus_trees import gaps_aside, iemocap_tree

from registry.corpora.iemocap import Iemocap
from registry.errors import BenchError
from registry.splits.leave_one_session_out import LeaveOneSessionOut

RELEASE = "IEMOCAP_full_release"


def labels(data: Path, session: int = 1, dialog: str = "impro01") -> Path:
    return data / RELEASE / f"Session{session}" / "dialog" / "EmoEvaluation" / f"Ses0{session}F_{dialog}.txt"


def test_four_emotions_are_taken_excited_as_happy_and_the_rest_is_counted(tmp_path: Path) -> None:
    corpus = Iemocap().load(iemocap_tree(tmp_path))
    assert Counter(clip.emotion for clip in corpus.clips) == {"ANG": 10, "HAP": 20, "NEU": 20, "SAD": 10}
    others, = corpus.problems
    assert (others.subject, others.breaks) == ("20 turns", False) and others.detail.endswith("fru 10, xxx 10")
    assert corpus.coverage == "60 of 5,531 clips: partial"


def test_the_speaker_is_the_session_and_the_letter_before_the_number(tmp_path: Path) -> None:
    """The letter at the head of the name is the one with the markers on her face, in all turns of the dialog."""
    corpus = Iemocap().load(iemocap_tree(tmp_path, "2"))
    clips = {clip.id: clip for clip in corpus.clips}
    woman, man = clips["Ses02F_impro01_F003"], clips["Ses02F_script01_1_M001"]
    assert (woman.speaker, woman.sex, woman.emotion, man.speaker, man.sex, man.emotion) == (
        "Ses02F", "female", "HAP", "Ses02M", "male", "HAP")
    assert woman.sentence is None and dict(man.other) == {
        "session": "2", "dialog": "script01_1", "valence": "2.5000", "activation": "3.0000", "dominance": "4.0000"}


@pytest.mark.parametrize("below", ["", "IEMOCAP", "corpora/IEMOCAP"])
def test_it_is_found_in_its_release_and_in_folders_above_it(tmp_path: Path, below: str) -> None:
    iemocap_tree(tmp_path / below, "1")
    assert len(Iemocap().load(tmp_path if below.count("/") < 1 else tmp_path / "corpora")) == 12
    assert len(Iemocap().load(tmp_path / below / RELEASE)) == 12


def test_sessions_that_lack_make_it_partial_and_turns_that_lack_are_a_broken_copy(tmp_path: Path) -> None:
    iemocap_tree(tmp_path, "134")
    (tmp_path / RELEASE / "Session1" / "sentences" / "wav" / "Ses01F_impro01" / "Ses01F_impro01_M001.wav").unlink()
    turn, sessions = (problem for problem in Iemocap().load(tmp_path).problems if problem.kind == "missing")
    assert turn.breaks and turn.detail.endswith("for Ses01F_impro01_M001")
    assert not sessions.breaks and sessions.detail == "no Session2, Session5"


def test_damaged_lines_two_labels_and_audio_without_a_label_are_listed(tmp_path: Path) -> None:
    iemocap_tree(tmp_path, "1")
    text = labels(tmp_path).read_text(encoding="utf-8")
    labels(tmp_path).write_text(text.replace("M003\texc", "M003\t") + "[1.0 - 2.0]\tSes01F_impro01_F000\tang\t[1.0, 2.0, 3.0]\n",
                                encoding="utf-8")
    by_kind = {problem.kind: problem for problem in gaps_aside(Iemocap().load(tmp_path)) if "emotions, or" not in problem.detail}
    assert by_kind["unreadable"].detail == "no turn with its emotion stands in this line: Ses01F_impro01.txt:24"
    assert by_kind["conflict"].detail.endswith("Ses01F_impro01_F000") and by_kind["conflict"].breaks
    assert by_kind["extra"].subject == "1 file" and "Ses01F_impro01_M003.wav" in by_kind["extra"].detail


def test_a_folder_without_sessions_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"IEMOCAP was not found in .*: looked for Session1/dialog/EmoEvaluation in"):
        Iemocap().load(tmp_path)


def test_each_session_is_test_once_and_no_actor_is_in_two_parts(tmp_path: Path) -> None:
    corpus = Iemocap().load(iemocap_tree(tmp_path))
    splits = [LeaveOneSessionOut(fold=fold)(corpus) for fold in range(1, 6)]
    assert sorted(np.concatenate([split.test for split in splits]).tolist()) == list(range(60))
    assert [sorted(set(corpus.speakers[split.test])) for split in splits[:2]] == [["Ses01F", "Ses01M"], ["Ses02F", "Ses02M"]]
    assert all(len(split.train) == 36 and len(split.validation) == 12 for split in splits)
