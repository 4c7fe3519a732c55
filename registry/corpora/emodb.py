"""EmoDB: 535 clips of five men and five women speaking ten German sentences in seven emotions."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import ClassVar

from registry.core import register
from registry.corpora._listing import one_file_each, read_clip
from registry.corpora._tree import find_tree, left_out
from registry.corpus import Clip, Corpus, Problem
from registry.source import Source

EMOTIONS = {"W": "ANG", "L": "BOR", "E": "DIS", "A": "FEA", "F": "HAP", "N": "NEU", "T": "SAD"}  # of Wut, Langeweile, Ekel, …
SEXES = {speaker: "male" if speaker in ("03", "10", "11", "12", "15") else "female"
         for speaker in ("03", "08", "09", "10", "11", "12", "13", "14", "15", "16")}
AGES = {"03": 31, "08": 34, "09": 21, "10": 32, "11": 26, "12": 30, "13": 32, "14": 35, "15": 25, "16": 31}
CLIPS = {"03": 49, "08": 58, "09": 43, "10": 38, "11": 55, "12": 35, "13": 61, "14": 69, "15": 56, "16": 71}
"""Clips of each speaker in the whole corpus: which sentences and versions they are follows no rule."""

LAYOUTS = ("EmoDB", "emodb", "EMO-DB", "Emo-DB")


@register("emodb")
class Emodb:
    """The Berlin Database of Emotional Speech; a clip's sentence is the code in its name, its emotion a German word's first letter.

    `03a01Fa` is speaker 03, sentence a01, F for Freude (happiness), version a; ids are written so, however a copy writes its files.
    The sentences are a01 a02 a04 a05 a07 b01 b02 b03 b09 b10. A clip's version is in its field `other`. FEA is anxiety too, BOR boredom.
    Found below the data folder in `EmoDB`, or in another folder. Which clips lack of a partial copy is
    not known, since not all versions were published, only how many of each speaker.
    Reference: Burkhardt et al. 2005, Interspeech.
    """

    version: ClassVar[int] = 1
    emotions: ClassVar[tuple[str, ...]] = ("ANG", "BOR", "DIS", "FEA", "HAP", "NEU", "SAD")
    sample_rate: ClassVar[int] = 16_000
    whole: ClassVar[int] = 535
    licence: ClassVar[str] = "free to download; its page states the terms"
    citation: ClassVar[str] = (
        "Burkhardt, F., Paeschke, A., Rolfes, M., Sendlmeier, W. F., & Weiss, B. (2005). A database of German emotional speech. "
        "Interspeech 2005, 1517-1520."
    )

    source: ClassVar[Source | None] = Source(title="EmoDB", on_request=(
        "EmoDB is published at http://emodb.bilderbar.info/download/ without encryption and without a checksum, so that `bench` does not "
        "fetch it: download download.zip there, unpack it so that the clips lie in {folder}/wav, and look with `bench data status`"))

    def load(self, data: Path | None) -> Corpus:
        """The clips below `data`, sorted, with what is missing, misnamed or not audio.

        Raises: BenchError when there are no EmoDB clips.
        """
        tree = find_tree(data, "EmoDB", LAYOUTS, "wav/03a01Fa.wav", _id_of)
        kept, faults = one_file_each(tree.named)
        strange = left_out(tree.others, "no clip of EmoDB has such a name", "left out; rename it if it is a clip")
        there = Counter(clip_id[:2] for clip_id in {clip_id for clip_id, _ in tree.named})
        return Corpus(name="emodb", emotions=self.emotions, clips=tuple(_clip(*pair) for pair in kept.items()),
                      sample_rate=self.sample_rate, whole=self.whole, read_clip=read_clip, licence=self.licence,
                      problems=(*tree.copies, *strange, *faults, *_other_numbers(there, self.whole)), citation=self.citation)


def _id_of(path: Path) -> str | None:
    match = re.fullmatch(r"(\d\d)([ab]\d\d)([welaftn])([a-z])", path.stem.lower())
    return f"{match[1]}{match[2]}{match[3].upper()}{match[4]}" if match and match[1] in SEXES else None


def _clip(clip_id: str, path: Path) -> Clip:
    speaker = clip_id[:2]
    return Clip(id=clip_id, emotion=EMOTIONS[clip_id[5]], speaker=speaker, sentence=clip_id[2:5], sex=SEXES[speaker], age=AGES[speaker],
                path=path, other=(("version", clip_id[6]),))


def _other_numbers(there: Counter[str], whole: int) -> list[Problem]:
    """What another number of clips than the corpus has means: fewer are a part of it, more another edition."""
    differ = ", ".join(f"{speaker}: {there[speaker]} instead of {clips}" for speaker, clips in CLIPS.items() if there[speaker] != clips)
    detail = f"{there.total():,} clips instead of {whole:,}; of speaker {differ}"
    if there.total() < whole:
        return [Problem(kind="missing", subject="clips", detail=detail, action="the corpus is partial: reports say so")]
    other = "give the folder of the 535 clips: other editions hold clips that listeners did not recognise"
    return [Problem(kind="extra", subject="clips", detail=detail, action=other, breaks=True)] if there.total() > whole else []
