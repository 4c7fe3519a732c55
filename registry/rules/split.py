"""What every split protocol obeys: disjoint, covering, sorted, no speaker shared in silence, repeatable."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.errors import require
from registry.split import folds_of

if TYPE_CHECKING:
    from registry.corpus import Corpus


def covers(protocol: Any, corpus: Corpus) -> None:
    """Train, validation, test and left_out hold every clip exactly once, sorted int64; none but left_out is empty."""
    import numpy as np

    split = protocol(corpus)
    for part, count in split.counts.items():
        indices = getattr(split, part)
        require(indices.dtype == np.int64, f"{part} has {indices.dtype} indices: give int64.")
        require(bool((np.diff(indices) > 0).all()), f"{part} is not sorted, or holds a clip twice: sort each part.")
        require(count > 0 or part == "left_out", f"{part} holds no clips: raise Declined with the reason instead.")
    times = np.bincount(np.concatenate([getattr(split, part) for part in split.counts]), minlength=len(corpus))
    require(len(times) == len(corpus), f"The corpus has {len(corpus)} clips, but index {len(times) - 1} was given.")
    require(bool((times <= 1).all()), f"{int((times > 1).sum())} clips are in several parts: make them disjoint.")
    require(bool((times == 1).all()), f"{int((times == 0).sum())} clips are in no part: put them into left_out.")


def keeps_speakers_apart(protocol: Any, corpus: Corpus) -> None:
    """No speaker is in two parts, unless the protocol has shares_speakers."""
    require(getattr(protocol, "shares_speakers", "") in (True, False, None),
            "Set shares_speakers: ClassVar[bool | None] to True or False, or None where the corpus's own parts decide.")
    split = protocol(corpus)
    speakers = {part: set(corpus.speakers[getattr(split, part)]) for part in ("train", "validation", "test")}
    shared = speakers["train"] & speakers["validation"] | speakers["train"] & speakers["test"] | speakers["validation"] & speakers["test"]
    require(protocol.shares_speakers is not False or not shared,
            f"{len(shared)} speakers are in several parts ({', '.join(sorted(shared)[:3])}, …): keep speakers whole.")


def repeats(protocol: Any, corpus: Corpus) -> None:
    """The same clips give the same fingerprint again, wherever their files lie."""
    first = protocol(corpus).fingerprint(corpus)
    require(first == protocol(corpus).fingerprint(corpus), "Two calls differ: draw from a Generator with the seed field.")
    clips = tuple(dataclasses.replace(clip, path=Path("elsewhere") / clip.id) for clip in corpus.clips)
    moved = dataclasses.replace(corpus, clips=clips)
    require(first == protocol(moved).fingerprint(moved), "Another folder gives another split: use ids, speakers and labels only.")


def folds_test_each_clip_once(protocol: Any, corpus: Corpus) -> None:
    """The test parts of all folds, where the protocol has folds, hold every clip once that is not left out."""
    import numpy as np

    require(hasattr(protocol, "fold") or not hasattr(protocol, "number_of_folds"), "Add the field fold: int = 1, counted from 1.")
    folds = folds_of(protocol, corpus)
    splits = [fold(corpus) for fold in folds]
    times = np.bincount(np.concatenate([split.test for split in splits]), minlength=len(corpus)) if splits else np.ones(1)
    left_out = splits[0].left_out if splits else []
    times[left_out] += 1
    require(bool((times <= 1).all()), f"{int((times > 1).sum())} clips are tested in several of {len(folds)} folds: make them disjoint.")
    require(bool((times == 1).all()), f"{int((times == 0).sum())} clips are tested in none of {len(folds)} folds: cover the corpus.")


RULES = (covers, keeps_speakers_apart, repeats, folds_test_each_clip_once)
