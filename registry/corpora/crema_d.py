"""CREMA-D: 7,442 clips of 91 actors speaking 12 sentences in six emotions, with listeners' votes."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from registry.core import register
from registry.corpora._listing import audio_files, find_folder, missing, one_file_each, read_clip, table
from registry.corpus import Clip, Corpus, Problem
from registry.errors import BenchError, require
from registry.source import RemoteFile, Source

EMOTIONS = ("ANG", "DIS", "FEA", "HAP", "NEU", "SAD")
SENTENCES = ("DFA", "IEO", "IOM", "ITH", "ITS", "IWL", "IWW", "MTI", "TAI", "TIE", "TSI", "WSI")
ACTORS = range(1001, 1092)
LAYOUTS = ("CREMA-D/AudioWAV", "crema_d/AudioWAV", "AudioWAV", "cremad/AudioWAV", "crema-d/AudioWAV", "Crema")
MISSPELT = {"1040_ITH_SAD_X": "1040_ITH_SAD_XX"}

NEVER_PUBLISHED = frozenset(
    ["1002_TIE_NEU_XX", "1076_ITS_NEU_XX"]
    + [f"{take}_{emotion}_XX" for take in ("1008_WSI", "1009_MTI", "1019_ITH") for emotion in EMOTIONS]
)
"""The 20 clips that the rule of the file names would give and the corpus never had."""

REPOSITORY = "CheyneyComputerScience/CREMA-D/master"
TEXTS = f"https://raw.githubusercontent.com/{REPOSITORY}"
AUDIO = f"https://media.githubusercontent.com/media/{REPOSITORY}"
TABLES = ("SentenceFilenames.csv", "VideoDemographics.csv", "processedResults/tabulatedVotes.csv", "processedResults/summaryTable.csv",
          "LICENSE.txt")


def _listed(text: str) -> list[RemoteFile]:
    """The clips that the corpus's own list names; the checksum of each is in its Git LFS pointer."""
    names = sorted(row["Filename"] for row in csv.DictReader(text.splitlines()))
    return [RemoteFile(path=f"AudioWAV/{name}.wav", url=f"{AUDIO}/AudioWAV/{name}.wav", pointer=f"{TEXTS}/AudioWAV/{name}.wav")
            for name in names if _is_id(name)]


@register("crema_d")
class CremaD:
    """The Crowd-sourced Emotional Multimodal Actors Dataset, its audio.

    Found below the data folder as a clone of its repository, as a Kaggle copy, or as the bare folder of clips. The
    tables `VideoDemographics.csv`, `SentenceFilenames.csv` and `processedResults/tabulatedVotes.csv` are used where
    they lie beside the folder of clips or in it.

    Args:
        speakers: only the first so many of those that are there, a partial corpus for quick tries; None: all.
    Reference: Cao et al. 2014, IEEE Transactions on Affective Computing 5(4).
    """

    version: ClassVar[int] = 1
    emotions: ClassVar[tuple[str, ...]] = EMOTIONS
    sample_rate: ClassVar[int] = 16_000
    whole: ClassVar[int] = 7_442
    licence: ClassVar[str] = "Open Database Licence 1.0; contents: Database Contents Licence 1.0"
    speakers: int | None = None
    citation: ClassVar[str] = (
        "Cao, H., Cooper, D. G., Keutmann, M. K., Gur, R. C., Nenkova, A., & Verma, R. (2014). CREMA-D: Crowd-sourced "
        "emotional multimodal actors dataset. IEEE Transactions on Affective Computing, 5(4), 377-390."
    )

    source: ClassVar[Source | None] = Source(
        title="CREMA-D", files=tuple(RemoteFile(url=f"{TEXTS}/{table}", path=table) for table in TABLES),
        listing=f"{TEXTS}/{TABLES[0]}", read_listing=_listed)

    def __post_init__(self) -> None:
        require(self.speakers is None or self.speakers >= 1, f"crema_d.speakers must be 1 or more, or None for all, not {self.speakers}")

    def load(self, data: Path | None) -> Corpus:
        """The clips below `data`, sorted, with what is missing, misnamed or not audio.

        Raises: BenchError when there is no folder of CREMA-D clips, or one of its tables is damaged.
        """
        folder = find_folder(data, "CREMA-D", LAYOUTS, "1001_IEO_ANG_HI.wav", is_clip_name)
        expected = expected_ids(folder)
        named, misnamed = _by_id(audio_files(folder), expected)
        kept, faults = one_file_each(named)
        absent = missing(expected, (clip_id for clip_id, _ in named), lambda clip_id: clip_id[:4])
        people, votes = _people(folder), _votes(folder)
        chosen = sorted({clip_id[:4] for clip_id in kept})[: self.speakers]
        clips = tuple(_clip(clip_id, path, people, votes) for clip_id, path in kept.items() if clip_id[:4] in chosen)
        return Corpus(name="crema_d", emotions=self.emotions, clips=clips, sample_rate=self.sample_rate, whole=self.whole,
                      read_clip=read_clip, problems=(*misnamed, *faults, *absent), licence=self.licence, citation=self.citation)


def is_clip_name(stem: str) -> bool:
    """Whether a file name without its ending has the form of a CREMA-D clip's.

    >>> is_clip_name("1001_IEO_ANG_HI"), is_clip_name("03-01-05-01-01-01-01")
    (True, False)
    """
    return re.fullmatch(r"1[0-9]{3}_[A-Z]{3}_[A-Z]{3}_[A-Z]{1,2}", stem) is not None


def _is_id(name: str) -> bool:
    return is_clip_name(name) and name.split("_")[2] in EMOTIONS


def _clip(clip_id: str, path: Path, people: dict[str, dict], votes: dict[str, tuple[tuple[str, int], ...]]) -> Clip:
    speaker, sentence, emotion, level = clip_id.split("_")
    return Clip(id=clip_id, emotion=emotion, speaker=speaker, sentence=sentence, level=level, path=path,
                votes=votes.get(clip_id), **people.get(speaker, {}))


def expected_ids(folder: Path) -> frozenset[str]:
    """The ids of the whole corpus: as its own list gives them, or by the rule of the names."""
    path = _beside(folder, "SentenceFilenames.csv")
    if path is not None:
        return frozenset(name for name, _ in table(path, ("Filename", "Stimulus_Number"))
                         if _is_id(name))
    return frozenset(f"{actor}_{take}" for actor in ACTORS for take in _takes()) - NEVER_PUBLISHED


def _takes() -> list[str]:
    """The 82 clips of an actor: only the sentence IEO was spoken at three levels, and neutral has none."""
    return [f"{sentence}_{emotion}_{level}" for sentence in SENTENCES for emotion in EMOTIONS
            for level in (("LO", "MD", "HI") if sentence == "IEO" and emotion != "NEU" else ("XX",))]


def _beside(folder: Path, name: str) -> Path | None:
    """A table of the corpus: its root is the parent of the folder of clips, or in bare copies that folder itself."""
    return next((root / name for root in (folder.parent, folder) if (root / name).is_file()), None)


def _by_id(files: Iterable[Path], expected: frozenset[str]) -> tuple[list[tuple[str, Path]], list[Problem]]:
    named, problems = [], []
    for path in files:
        clip_id = MISSPELT.get(path.stem, path.stem)
        known = clip_id in expected
        if known:
            named.append((clip_id, path))
        if clip_id != path.stem or not known:
            problems.append(Problem(kind="misnamed", subject=path.name,
                                    detail=f"older copies misspell {clip_id}" if known else "no clip of CREMA-D has this name",
                                    action=f"read as {clip_id}" if known else "left out; rename it if it is a clip"))
    return named, problems


def _people(folder: Path) -> dict[str, dict]:
    """What is known of each speaker, as fields of a clip."""
    path = _beside(folder, "VideoDemographics.csv")
    if path is None:
        return {}
    rows = table(path, ("ActorID", "Age", "Sex", "Race", "Ethnicity"))
    try:
        return {actor: {"age": int(age), "sex": sex.lower() or None, "race": race or None, "ethnicity": ethnicity or None}
                for actor, age, sex, race, ethnicity in rows}
    except ValueError as error:
        raise _not_whole(path, error) from error


def _votes(folder: Path) -> dict[str, tuple[tuple[str, int], ...]]:
    """Listeners' votes on the voice alone.

    The first digit of a row's number is what was presented: 1 voice, 2 face, 3 both. Every row's most frequent
    votes agree with that column of the corpus's own summaryTable.csv, and with no other.
    """
    path = _beside(folder, "processedResults/tabulatedVotes.csv")
    if path is None:
        return {}
    rows = table(path, ("fileName", *(emotion[0] for emotion in EMOTIONS)), leading="1")
    try:
        return {name: tuple(zip(EMOTIONS, map(int, counts), strict=True)) for name, *counts in rows}
    except ValueError as error:
        raise _not_whole(path, error) from error


def _not_whole(path: Path, error: ValueError) -> BenchError:
    return BenchError(f"{path} has something else where a whole number belongs ({error}); "
                      "get it again from where CREMA-D came from, or remove it to do without")
