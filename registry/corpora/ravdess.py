"""RAVDESS, its speech: 1,440 clips of 24 actors saying two statements in eight emotions at two intensities."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from registry.core import register
from registry.corpora._listing import ENDINGS, missing, one_file_each, read_clip
from registry.corpora._tree import find_tree, left_out
from registry.corpus import Clip, Corpus, Problem
from registry.source import RemoteFile, Source

EMOTIONS = {"01": "NEU", "02": "CAL", "03": "HAP", "04": "SAD", "05": "ANG", "06": "FEA", "07": "DIS", "08": "SUR"}
LEVELS = {"01": "NORMAL", "02": "STRONG"}
STATEMENTS = {"01": "KIDS", "02": "DOGS"}
ACTORS = [f"{actor:02d}" for actor in range(1, 25)]
LAYOUTS = ("RAVDESS", "ravdess")

EXPECTED = frozenset(
    f"03-01-{emotion}-{level}-{statement}-{take}-{actor}"
    for emotion in EMOTIONS for level in LEVELS if (emotion, level) != ("01", "02")  # neutral has no strong intensity
    for statement in STATEMENTS for take in ("01", "02") for actor in ACTORS)
"""The ids of the whole corpus: modality 03 (audio only), channel 01 (speech), emotion, intensity, statement, repetition, actor."""

ARCHIVE = RemoteFile(url="https://zenodo.org/api/records/1188976/files/Audio_Speech_Actors_01-24.zip/content",
                     path="Audio_Speech_Actors_01-24.zip", checksum="md5:bc696df654c87fed845eb13823edef8a", size=208_468_073)
"""The speech as version 1.0.0 of its Zenodo record has it."""


@register("ravdess")
class Ravdess:
    """The Ryerson Audio-Visual Database of Emotional Speech and Song, its speech without pictures.

    Found below the data folder in folders `Actor_01` to `Actor_24`, as the archive unpacks or as in copies that hold
    them twice, or in one folder. Song, video and the sound of video in the same folders are left out and counted.
    A clip's sentence is `KIDS` ("Kids are talking by the door") or `DOGS` ("Dogs are sitting by the door"), its level
    `NORMAL` or `STRONG`; only the id has the repetition. Odd actors are male.
    Reference: Livingstone & Russo 2018, PLoS ONE 13(5).
    """

    version: ClassVar[int] = 1
    emotions: ClassVar[tuple[str, ...]] = ("ANG", "DIS", "FEA", "HAP", "NEU", "SAD", "SUR", "CAL")
    sample_rate: ClassVar[int] = 48_000
    whole: ClassVar[int] = 1_440
    licence: ClassVar[str] = "CC BY-NC-SA 4.0"
    citation: ClassVar[str] = (
        "Livingstone, S. R., & Russo, F. A. (2018). The Ryerson Audio-Visual Database of Emotional Speech and Song (RAVDESS): "
        "A dynamic, multimodal set of facial and vocal expressions in North American English. PLoS ONE, 13(5), e0196391."
    )

    source: ClassVar[Source | None] = Source(title="RAVDESS", files=(ARCHIVE,))

    def load(self, data: Path | None) -> Corpus:
        """The clips below `data`, sorted, with what is missing, another modality or not audio.

        Raises: BenchError when there are no RAVDESS speech clips.
        """
        tree = find_tree(data, "RAVDESS", LAYOUTS, "Actor_01/03-01-05-01-01-01-01.wav", _id_of, (*ENDINGS, ".mp4"))
        kept, faults = one_file_each(tree.named)
        absent = missing(EXPECTED, (clip_id for clip_id, _ in tree.named), lambda clip_id: clip_id[-2:])
        return Corpus(name="ravdess", emotions=self.emotions, clips=tuple(_clip(*pair) for pair in kept.items()),
                      sample_rate=self.sample_rate, whole=self.whole, read_clip=read_clip, licence=self.licence,
                      problems=(*tree.copies, *_others(tree.others), *faults, *absent), citation=self.citation)


def _id_of(path: Path) -> str | None:
    return path.stem if path.stem in EXPECTED and path.suffix.lower() in ENDINGS else None


def _clip(clip_id: str, path: Path) -> Clip:
    _, _, emotion, level, statement, _, actor = clip_id.split("-")
    return Clip(id=clip_id, emotion=EMOTIONS[emotion], speaker=actor, sentence=STATEMENTS[statement], level=LEVELS[level],
                sex="male" if int(actor) % 2 else "female", path=path)


def _others(paths: list[Path]) -> list[Problem]:
    """Why files beside the clips are left out: the first two numbers of a name are modality and channel."""
    video = [path for path in paths if path.suffix.lower() == ".mp4" or path.stem[:3] in ("01-", "02-")]
    song = [path for path in paths if path not in video and path.stem.startswith("03-02-")]
    strange = set(paths) - set(video) - set(song)
    return [*left_out(video, "video, or its sound", "left out: the corpus is the recordings of sound alone"),
            *left_out(song, "song", "left out: the corpus is the speech"),
            *left_out(strange, "no speech clip of RAVDESS has such a name", "left out; rename it if it is a clip")]
