"""When clips are the same audio and normalisers were fitted on the same clips: what the audit of leaks measures."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from registry.corpus import Corpus
from registry.errors import BenchError

Moments = tuple[np.ndarray, np.ndarray]
TOLERANCE = 1e-3  # of a deviation or a variance: a saved model's float32 is a thousand times finer, another choice of clips coarser
BLOCK = 256  # clips at a time: in float64 all of them would take twice their room


def twins(corpus: Corpus, features: np.ndarray | None = None) -> list[tuple[int, ...]]:
    """Groups of clips whose decoded audio is the same, sample for sample; silent ones aside, of which nothing can be learnt.

    Where features are given, only clips with the same ones are decoded; otherwise all are: lossy and tagged files differ although
    their audio does not.
    """
    candidates = list(range(len(corpus)))
    if features is not None:
        candidates = sorted(i for group in _equal(hashlib.sha256(np.ascontiguousarray(clip).tobytes()).digest() for clip in features)
                            for i in group)
    with ThreadPoolExecutor(max_workers=4) as pool:
        content = list(pool.map(lambda i: _content(corpus, i), candidates))
    return [tuple(candidates[i] for i in group) for group in _equal(content) if content[group[0]]]


def _equal(keys: Iterable[str | bytes]) -> list[list[int]]:
    groups: dict[str | bytes, list[int]] = defaultdict(list)
    for i, key in enumerate(keys):
        groups[key].append(i)
    return [group for group in groups.values() if len(group) > 1]


def _content(corpus: Corpus, i: int) -> str:
    """Hash of a clip's audio; empty for silence and for what can't be read."""
    try:
        waveform, sample_rate = corpus.read_clip(corpus.clips[i])
    except BenchError:
        return ""
    return hashlib.sha256(b"%d/" % sample_rate + np.ascontiguousarray(waveform).tobytes()).hexdigest() if np.any(waveform) else ""


def moments(kind: str, parts: Sequence[np.ndarray]) -> Moments:
    """Mean and variance of clips as a normaliser of a kind has them, computed in another way than training does.

    Args:
        kind: `per_band` or `per_value`. parts: arrays of shape (clips, frames, bands).
    Returns: two float64 arrays of shape (bands,) or (frames, bands).
    """
    axes = (0, 1) if kind == "per_band" else (0,)
    blocks = [part[at : at + BLOCK] for part in parts for at in range(0, len(part), BLOCK)]
    n = sum(block.size for block in blocks) / blocks[0].mean(axis=axes).size
    mean = sum(block.sum(axis=axes, dtype=np.float64) for block in blocks) / n
    variance = np.asarray(sum(np.square(block - mean).sum(axis=axes) for block in blocks) / n)
    if kind == "per_band":
        return np.asarray(mean), np.maximum(variance, 1e-10)
    constant = np.min([b.min(axis=0) for b in blocks], axis=0) == np.max([b.max(axis=0) for b in blocks], axis=0)
    return np.asarray(mean), np.where(constant, 1.0, variance)


def agree(one: Moments, other: Moments) -> bool:
    """Whether two normalisers are the same but for rounding."""
    (mean, variance), (other_mean, other_variance) = ([np.ravel(np.asarray(a, np.float64)) for a in pair] for pair in (one, other))
    if mean.shape != other_mean.shape:
        return False
    near = np.abs(mean - other_mean) <= TOLERANCE * np.sqrt(variance) + 1e-6 * np.maximum(np.abs(mean), 1)
    return bool(near.all() and (np.abs(variance - other_variance) <= TOLERANCE * variance + 1e-9).all())
