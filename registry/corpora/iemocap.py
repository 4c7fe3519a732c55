"""IEMOCAP: 5,531 turns of ten actors in five sessions of two, in the four emotions that most papers use."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from registry.core import register
from registry.corpora._listing import ENDINGS, given_folder, nearby, one_file_each, read_clip, remedy, some
from registry.corpora._tree import left_out, visible_files
from registry.corpus import Clip, Corpus, Problem
from registry.errors import BenchError
from registry.source import Source

EMOTIONS = {"ang": "ANG", "hap": "HAP", "exc": "HAP", "neu": "NEU", "sad": "SAD"}
SESSIONS = ("1", "2", "3", "4", "5")
LABELS, AUDIO = Path("dialog", "EmoEvaluation"), Path("sentences", "wav")
LINE = re.compile(r"\[[\d.]+ - [\d.]+\]\s+(?P<id>Ses0(?P<session>[1-5])[FM]_(?P<dialog>\w+)_(?P<letter>[FM])\w+)\s+(?P<emotion>\w+)\s+"
                  r"\[(?P<valence>[\d.]+), (?P<activation>[\d.]+), (?P<dominance>[\d.]+)\]\s*")
"""A turn in the labels: `[6.2901 - 8.2357]	Ses01F_impro01_F000	neu	[2.5000, 2.5000, 2.5000]`."""


@register("iemocap")
class Iemocap:
    """The Interactive Emotional Dyadic Motion Capture database: its turns that most annotators called angry, happy, neutral or sad.

    Found below the data folder as it is published, `IEMOCAP_full_release/Session1` to `Session5`: labels in `dialog/EmoEvaluation`,
    audio in `sentences/wav`. Excited turns count as happy (HAP); turns of other emotions, or without a majority, are left out and
    counted. A turn's speaker is its session and the letter before its number (`Ses01F`): the letter at the head of its name says who
    wore the markers. What was spoken is no fixed sentence, so that the sentence is None. The field `other` has session, dialog,
    valence, activation and dominance; `leave_one_session_out` is the protocol that papers use.
    Reference: Busso et al. 2008, Language Resources and Evaluation 42(4).
    """

    version: ClassVar[int] = 1
    emotions: ClassVar[tuple[str, ...]] = ("ANG", "HAP", "NEU", "SAD")
    sample_rate: ClassVar[int] = 16_000
    whole: ClassVar[int] = 5_531
    licence: ClassVar[str] = "for research, under the licence that the University of Southern California gives on request"
    citation: ClassVar[str] = (
        "Busso, C., Bulut, M., Lee, C.-C., Kazemzadeh, A., Mower, E., Kim, S., Chang, J. N., Lee, S., & Narayanan, S. S. (2008). IEMOCAP: "
        "Interactive emotional dyadic motion capture database. Language Resources and Evaluation, 42(4), 335-359."
    )

    source: ClassVar[Source | None] = Source(title="IEMOCAP", on_request=(
        "IEMOCAP is given by the University of Southern California on request, so it can't be fetched from here: ask for it at "
        "https://sail.usc.edu/iemocap/, unpack what you are sent so that {folder}/IEMOCAP_full_release holds Session1 to Session5, "
        "and look with `bench data status`"))

    def load(self, data: Path | None) -> Corpus:
        """The turns of the four emotions below `data`, sorted, with what is missing or not audio.

        Raises: BenchError when there is no such tree, or it names no turn.
        """
        sessions = _sessions(given_folder(data, "IEMOCAP"))
        labelled, problems = _labelled(sessions)
        turns = {name: turn for name, turn in labelled.items() if turn["emotion"].lower() in EMOTIONS}
        files = [path for folder in sessions.values() for path in visible_files(folder / AUDIO, ENDINGS)]
        kept, faults = one_file_each((path.stem, path) for path in files if path.stem in turns)
        if not turns:
            raise BenchError(f"{', '.join(str(folder / LABELS) for folder in sessions.values())} name no turn that is "
                             f"{' or '.join(EMOTIONS)}: unpack the corpus again")
        strange = left_out((path for path in files if path.stem not in labelled), f"no line in {LABELS} names them", "left out")
        absent = sorted(turns.keys() - {path.stem for path in files})
        return Corpus(name="iemocap", emotions=self.emotions, clips=tuple(_clip(turns[name], path) for name, path in kept.items()),
                      sample_rate=self.sample_rate, whole=self.whole, read_clip=read_clip, licence=self.licence, citation=self.citation,
                      problems=(*problems, *_others(labelled), *strange, *faults, *_missing(absent, sessions)))


def _sessions(data: Path) -> dict[str, Path]:
    """The folders of the sessions that are there, from the folder at or below `data` that has most of them."""
    found = [{number: folder / f"Session{number}" for number in SESSIONS if (folder / f"Session{number}" / LABELS).is_dir()}
             for folder in nearby(data)]
    best = max(found, key=len)
    if not best:
        raise BenchError(f"IEMOCAP was not found in {data}: looked for Session1/{LABELS} in {data} itself and in every folder one or two "
                         f"levels below it. {remedy('IEMOCAP')}")
    return best


def _labelled(sessions: dict[str, Path]) -> tuple[dict[str, re.Match[str]], list[Problem]]:
    """The line of each turn; lines that can't be read, and turns with two emotions, are problems."""
    turns: dict[str, re.Match[str]] = {}
    damaged, twice = [], []
    for place, line in _lines(sessions):
        match = LINE.fullmatch(line)
        if match is None:
            damaged.append(place)
        elif turns.setdefault(match["id"], match)["emotion"] != match["emotion"]:
            twice.append(match["id"])
    what = [("unreadable", damaged, "no turn with its emotion stands in this line", "left out; get the file again"),
            ("conflict", twice, "labelled with two emotions", "the first of them is used")]
    return turns, [Problem(kind=kind, subject=f"{len(names)} {'lines' if kind == 'unreadable' else 'turns'}", action=action, breaks=True,
                           detail=f"{detail}: {some(names)}") for kind, names, detail, action in what if names]


def _lines(sessions: dict[str, Path]) -> Iterator[tuple[str, str]]:
    """Every line that should name a turn, those that begin with a time: (file and number, text)."""
    for folder in sessions.values():
        for path in sorted(path for path in (folder / LABELS).glob("*.txt") if not path.name.startswith(".")):
            for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
                if line.startswith("["):
                    yield f"{path.name}:{number}", line


def _clip(turn: re.Match[str], path: Path) -> Clip:
    return Clip(id=turn["id"], emotion=EMOTIONS[turn["emotion"].lower()], speaker=f"Ses0{turn['session']}{turn['letter']}",
                sex="female" if turn["letter"] == "F" else "male", path=path,
                other=tuple((key, turn[key]) for key in ("session", "dialog", "valence", "activation", "dominance")))


def _others(labelled: dict[str, re.Match[str]]) -> list[Problem]:
    counts = Counter(turn["emotion"].lower() for turn in labelled.values() if turn["emotion"].lower() not in EMOTIONS)
    listed = ", ".join(f"{emotion} {count:,}" for emotion, count in sorted(counts.items()))
    return [Problem(kind="extra", subject=f"{counts.total():,} turns", detail=f"of other emotions, or without a majority: {listed}",
                    action="left out: the corpus is the four emotions")] if counts else []


def _missing(absent: list[str], sessions: dict[str, Path]) -> list[Problem]:
    """Turns without a file; sessions that are not there make the corpus partial, which may be meant."""
    problems = [Problem(kind="missing", subject=f"{len(absent)} turns", detail=f"no file in {AUDIO} for {some(absent)}", breaks=True,
                        action="unpack these clips again, or pass `--allow-missing` to go on without them")] if absent else []
    lacking = [number for number in SESSIONS if number not in sessions]
    return problems + ([Problem(kind="missing", subject=f"{len(lacking)} sessions", detail=f"no Session{', Session'.join(lacking)}",
                                action="the corpus is partial: reports say so")] if lacking else [])
