"""TESS: 2,800 clips of two women saying 200 words in seven emotions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

from registry.core import register
from registry.corpora._listing import missing, one_file_each, read_clip
from registry.corpora._tree import find_tree, left_out
from registry.corpus import Clip, Corpus, Problem
from registry.source import RemoteFile, Source

EMOTIONS = {"angry": "ANG", "disgust": "DIS", "fear": "FEA", "happy": "HAP", "neutral": "NEU", "ps": "SUR", "sad": "SAD"}
AGES = {"OAF": 64, "YAF": 26}
LAYOUTS = ("TESS", "tess")
MISSPELT = {"OA_bite_neutral": "OAF_bite_neutral"}

WORDS = """
    back bar base bath bean beg bite boat bone book bought burn cab calm came cause chain chair chalk chat check cheek
    chief choice cool dab date dead death deep dime dip ditch dodge dog doll door fail fall far fat fit five food gap gas
    gaze germ get gin goal good goose gun half hall hash hate have haze hire hit hole home hurl hush jail jar join judge
    jug juice keen keep keg kick kill king kite knock late laud lean learn lease lid life limb live loaf long lore lose
    lot love luck make match merge mess met mill mob mode mood moon mop mouse nag name near neat nice note numb pad page
    pain pass pearl peg perch phone pick pike pole pool puff rag raid rain raise rat reach read red ring ripe road room
    rose rot rough rush said sail search seize sell shack shall shawl sheep shirt should shout size soap soup sour south
    sub such sure take talk tape team tell thin third thought thumb time tip tire ton tool tough turn vine voice void vote
    wag walk wash week wheat when which whip white wife wire witch yearn yes young youth
"""

EXPECTED = frozenset(f"{speaker}_{word}_{emotion}" for speaker in AGES for word in WORDS.split() for emotion in EMOTIONS)
"""The ids of the whole corpus: every word of the Northwestern University Auditory Test No. 6, by both speakers, in every emotion."""

DATAVERSE = "https://borealisdata.ca/api"


def _listed(text: str) -> list[RemoteFile]:
    """The clips in a Dataverse's description of a data set."""
    files = [entry["dataFile"] for entry in json.loads(text)["data"]["latestVersion"]["files"]]
    return [_remote(file) for file in files if file["filename"].lower().endswith(".wav")]


def _remote(file: dict[str, Any]) -> RemoteFile:
    checksum = file.get("checksum") or {"type": "MD5", "value": file["md5"]}
    return RemoteFile(url=f"{DATAVERSE}/access/datafile/{int(file['id'])}", path=file["filename"], size=int(file["filesize"]),
                      checksum=f"{checksum['type'].replace('-', '')}:{checksum['value']}".lower())


@register("tess")
class Tess:
    """The Toronto Emotional Speech Set; a clip's sentence is the word after "Say the word".

    Found below the data folder in one folder or in one for each speaker and emotion (`OAF_angry`), also where copies
    nest the whole twice. The older speaker (OAF) is 64 years old, the younger (YAF) 26. `SUR` is pleasant surprise (`ps`).
    Two clips are AIFF inside a .wav name, one is at 96 kHz, and some copies misspell one name: all are read.
    Reference: Pichora-Fuller & Dupuis 2020, Borealis, doi 10.5683/SP2/E8H2MF.
    """

    version: ClassVar[int] = 1
    emotions: ClassVar[tuple[str, ...]] = ("ANG", "DIS", "FEA", "HAP", "NEU", "SAD", "SUR")
    sample_rate: ClassVar[int] = 24_414
    whole: ClassVar[int] = 2_800
    licence: ClassVar[str] = "CC BY-NC-ND 4.0"
    citation: ClassVar[str] = (
        "Pichora-Fuller, M. K., & Dupuis, K. (2020). Toronto emotional speech set (TESS). Borealis. "
        "https://doi.org/10.5683/SP2/E8H2MF"
    )

    source: ClassVar[Source | None] = Source(
        title="TESS", listing=f"{DATAVERSE}/datasets/:persistentId/?persistentId=doi:10.5683/SP2/E8H2MF", read_listing=_listed)

    def load(self, data: Path | None) -> Corpus:
        """The clips below `data`, sorted, with what is missing, misnamed or not audio.

        Raises: BenchError when there are no TESS clips.
        """
        tree = find_tree(data, "TESS", LAYOUTS, "OAF_back_angry.wav", _id_of)
        kept, faults = one_file_each(tree.named)
        strange = left_out(tree.others, "no clip of TESS has such a name", "left out; rename it if it is a clip")
        absent = missing(EXPECTED, (clip_id for clip_id, _ in tree.named), lambda clip_id: clip_id[:3])
        return Corpus(name="tess", emotions=self.emotions, clips=tuple(_clip(*pair) for pair in kept.items()),
                      sample_rate=self.sample_rate, whole=self.whole, read_clip=read_clip, licence=self.licence,
                      problems=(*tree.copies, *_misspelt(tree.named), *strange, *faults, *absent), citation=self.citation)


def _id_of(path: Path) -> str | None:
    clip_id = MISSPELT.get(path.stem, path.stem)
    return clip_id if clip_id in EXPECTED else None


def _misspelt(named: list[tuple[str, Path]]) -> list[Problem]:
    return [Problem(kind="misnamed", subject=path.name, detail=f"some copies misspell {clip_id}", action=f"read as {clip_id}")
            for clip_id, path in named if path.stem in MISSPELT]


def _clip(clip_id: str, path: Path) -> Clip:
    speaker, word, emotion = clip_id.split("_")
    return Clip(id=clip_id, emotion=EMOTIONS[emotion], speaker=speaker, sentence=word, sex="female", age=AGES[speaker], path=path)
