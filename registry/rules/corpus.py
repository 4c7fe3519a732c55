"""What every corpus obeys: sorted unique clips that read as promised."""

from __future__ import annotations

import dataclasses
import pickle
from typing import TYPE_CHECKING, Any

from registry.errors import require
from registry.names import alike

if TYPE_CHECKING:
    from registry.corpus import Corpus


LOUDEST = 1.4  # lossy formats and resampling overshoot full scale, by a quarter in real clips; whole numbers read unscaled go far beyond


def is_sorted(loader: Any, corpus: Corpus) -> None:
    """Its clips are sorted by unique ids, and each carries one of the corpus's emotions, and a speaker unless no clip does."""
    ids = [clip.id for clip in corpus.clips]
    require(len(ids) > 0, "It has no clips: raise BenchError from load, with the files that it expects.")
    twice = sorted({a for a, b in zip(sorted(ids), sorted(ids)[1:], strict=False) if a == b})
    require(not twice, f"{len(twice)} ids occur twice ({', '.join(twice[:3])}): ids must be unique.")
    require(ids == sorted(ids), "The clips are not sorted by id: sort them, as the order decides the splits.")
    strange = sorted({clip.emotion for clip in corpus.clips} - set(corpus.emotions))
    require(not strange, f"Emotions that are not among {', '.join(corpus.emotions)}: {', '.join(strange)}.")
    require(all(clip.speaker for clip in corpus.clips) or not corpus.knows_speakers,
            "Clips without a speaker: give each one, or leave the clip out; where no speaker is known, give none.")
    require(len(corpus) <= corpus.whole, f"It has {len(corpus)} clips, but claims that the whole corpus has {corpus.whole}.")


def names_differ(loader: Any, corpus: Corpus) -> None:
    """No two of its emotions or speakers differ in case, white space, Unicode form, separators or leading zeros alone."""
    kept_apart = getattr(loader, "merge_names", None) is False  # as the corpus `folder` is
    for what, names in (("emotions", [*corpus.emotions]), ("speakers", sorted({clip.speaker for clip in corpus.clips}))):
        same = [] if kept_apart else alike(names)
        require(not same, f"The {what} {' and '.join(map(repr, (same or [[]])[0]))} seem to be one: write each name in one way.")


def reads(loader: Any, corpus: Corpus) -> None:
    """Clips read as float32 mono of shape (samples,), full scale being 1, at a positive sample rate, the same each time."""
    import numpy as np

    for clip in corpus.clips[:: max(1, len(corpus) // 4)]:
        waveform, sample_rate = corpus.read_clip(clip)
        clip_text = f"Clip {clip.id} reads as {waveform.dtype} of shape {waveform.shape} at {sample_rate} Hz"
        require(waveform.dtype == np.float32 and waveform.ndim == 1 and len(waveform) > 0 and sample_rate > 0,
                f"{clip_text}: give non-empty mono float32.")
        peak = float(np.abs(waveform).max())
        require(peak <= LOUDEST, f"{clip_text} with the peak {peak:.3g}: it must be finite, full scale being 1 (at most {LOUDEST}).")
        require(np.array_equal(waveform, corpus.read_clip(clip)[0]), f"{clip_text}, but differs the second time.")


def repeats(loader: Any, corpus: Corpus) -> None:
    """Its fingerprint is the same when computed again and after pickling."""
    again = dataclasses.replace(corpus)
    require(again.fingerprint == corpus.fingerprint, "Two fingerprints of the same clips differ: they may depend on audio only.")
    back = pickle.loads(pickle.dumps(corpus))
    require(back.clips == corpus.clips and back.fingerprint == corpus.fingerprint, "It differs after pickling.")


RULES = (is_sorted, names_differ, reads, repeats)
