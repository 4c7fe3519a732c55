"""SAVEE: 480 clips of four men saying sentences of a phonetically balanced set in seven emotions."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from registry.core import register
from registry.corpora._listing import missing, one_file_each, read_clip
from registry.corpora._tree import find_tree, left_out
from registry.corpus import Clip, Corpus
from registry.source import Source

EMOTIONS = {"a": "ANG", "d": "DIS", "f": "FEA", "h": "HAP", "n": "NEU", "sa": "SAD", "su": "SUR"}
SPEAKERS = ("DC", "JE", "JK", "KL")
LAYOUTS = ("SAVEE", "savee")

EXPECTED = frozenset(f"{speaker}_{emotion}{number:02d}" for speaker in SPEAKERS for emotion in EMOTIONS
                     for number in range(1, 31 if emotion == "n" else 16))
"""The ids of the whole corpus: 15 clips of each speaker and emotion, 30 of neutral."""


@register("savee")
class Savee:
    """The Surrey Audio-Visual Expressed Emotion database, its audio.

    Lies below the data folder as `AudioData/DC/a01.wav`, where only the folder has the speaker, or as copies named
    `DC_a01.wav` in one folder; either way the id is `DC_a01`.
    A clip's sentence is the number in its name: 01 to 03 are common to all emotions and speakers (`C01` to `C03`), 06 to 15
    of an emotion are its own (`A06`). Sentences 04 and 05 of the emotions were spoken in neutral too, under numbers that
    the name does not give: of those and of the other neutral clips the sentence is None.
    Reference: Haq & Jackson 2010, in Machine Audition: Principles, Algorithms and Systems, chapter 17.
    """

    version: ClassVar[int] = 1
    emotions: ClassVar[tuple[str, ...]] = ("ANG", "DIS", "FEA", "HAP", "NEU", "SAD", "SUR")
    sample_rate: ClassVar[int] = 44_100
    whole: ClassVar[int] = 480
    licence: ClassVar[str] = "for research, on request from its authors"
    citation: ClassVar[str] = (
        "Haq, S., & Jackson, P. J. B. (2010). Multimodal emotion recognition. In W. Wang (Ed.), Machine Audition: Principles, "
        "Algorithms and Systems (pp. 398-423). IGI Global."
    )

    source: ClassVar[Source | None] = Source(title="SAVEE", on_request=(
        "SAVEE is given by its authors on request (University of Surrey), so it can't be fetched from here: register at "
        "http://kahlan.eps.surrey.ac.uk/savee/, unpack what you are sent so that the clips lie in {folder}/AudioData/DC, JE, JK and KL, "
        "and look with `bench data status`"))

    def load(self, data: Path | None) -> Corpus:
        """The clips below `data`, sorted, with what is missing, without a speaker or not audio.

        Raises: BenchError when there are no SAVEE clips.
        """
        tree = find_tree(data, "SAVEE", LAYOUTS, "AudioData/DC/a01.wav or DC_a01.wav", _id_of)
        kept, faults = one_file_each(tree.named)
        strange = left_out(tree.others, "neither the name nor the folder gives one of the speakers DC, JE, JK and KL and a sentence",
                           "left out; put it into its speaker's folder if it is a clip")
        absent = missing(EXPECTED, (clip_id for clip_id, _ in tree.named), lambda clip_id: clip_id[:2])
        return Corpus(name="savee", emotions=self.emotions, clips=tuple(_clip(*pair) for pair in kept.items()),
                      sample_rate=self.sample_rate, whole=self.whole, read_clip=read_clip, licence=self.licence,
                      problems=(*tree.copies, *strange, *faults, *absent), citation=self.citation)


def _id_of(path: Path) -> str | None:
    """The id from a name, or from the name and its folder."""
    for clip_id in (path.stem, f"{path.parent.name}_{path.stem}"):
        speaker, _, rest = clip_id.partition("_")
        if f"{speaker.upper()}_{rest.lower()}" in EXPECTED:
            return f"{speaker.upper()}_{rest.lower()}"
    return None


def _clip(clip_id: str, path: Path) -> Clip:
    speaker, _, rest = clip_id.partition("_")
    code = rest.rstrip("0123456789")
    return Clip(id=clip_id, emotion=EMOTIONS[code], speaker=speaker, sentence=_sentence(code, int(rest.removeprefix(code))),
                sex="male", path=path)


def _sentence(code: str, number: int) -> str | None:
    if number <= 3:
        return f"C{number:02d}"
    return f"{code.upper()}{number:02d}" if number >= 6 and code != "n" else None
