"""Folders of clips as users have them, and what is wrong with the corpora in them."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import soundfile

from registry.corpora import emodb
from registry.corpus import Corpus, Problem


def tones(folder: Path, *names: str, ending: str = ".wav") -> Path:
    """Short clips of these names, all of the same tone."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        soundfile.write(folder / f"{name}{ending}", 0.1 * np.sin(np.arange(400)), 16_000)
    return folder


def copied(source: Path, folder: Path) -> Path:
    """As-published files, in a folder that may be written to."""
    return Path(shutil.copytree(source, folder, dirs_exist_ok=True, copy_function=shutil.copyfile))


def gaps_aside(corpus: Corpus) -> list[Problem]:
    """The problems, without those that only say which clips a small tree lacks."""
    return [problem for problem in corpus.problems if problem.kind != "missing"]


def emodb_tree(data: Path) -> Path:
    """Each of EmoDB's ten speakers saying two sentences in each emotion, in the folder that the archive unpacks into."""
    names = [f"{speaker}{text}{letter}a" for speaker in emodb.CLIPS for text in ("a01", "b10") for letter in emodb.EMOTIONS]
    tones(data / "EmoDB" / "wav", *names)
    return data


def iemocap_tree(data: Path, sessions: str = "12345") -> Path:
    """Two dialogs a session in IEMOCAP's form, four turns of each actor in each; the annotators' own lines and macOS's files are there."""
    for session in sessions:
        folder = data / "IEMOCAP_full_release" / f"Session{session}"
        for dialog, emotions in (("impro01", ("neu", "sad", "fru", "exc")), ("script01_1", ("ang", "hap", "neu", "xxx"))):
            name = f"Ses0{session}F_{dialog}"
            turns = [(f"{name}_{letter}{number:03d}", emotion) for letter in "FM" for number, emotion in enumerate(emotions)]
            tones(folder / "sentences" / "wav" / name, *(turn for turn, _ in turns))
            (folder / "sentences" / "wav" / name / f"._{name}_F000.wav").write_bytes(b"Mac OS X")
            labels = "".join(f"\n[{i}.2901 - {i + 1}.2357]\t{turn}\t{emotion}\t[2.5000, 3.0000, 4.0000]\nC-E2:\tNeutral;\t()\n"
                             for i, (turn, emotion) in enumerate(turns))
            place = folder / "dialog" / "EmoEvaluation" / f"{name}.txt"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(f"% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n{labels}", encoding="utf-8")
            place.with_name(f"._{name}.txt").write_bytes(b"\x00\x05\x16\x07[Mac OS X")
    return data
