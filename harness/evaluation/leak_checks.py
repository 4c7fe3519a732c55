"""Looks for leaks between the parts of one trial: speakers, identical audio, altered copies, the normaliser, predictions."""

from __future__ import annotations

import hashlib
import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from harness.data.copies_before_split import AugmentedBeforeSplit, original_id
from harness.study.trial import Trial
from harness.training.predictions import Predictions
from registry.audit import audio_hash
from registry.corpus import Corpus
from registry.errors import BenchError, Declined
from registry.segments import overlapping
from registry.split import Split, shares_speakers

PARTS = ("train", "validation", "test")
PAIRS = tuple(itertools.combinations(PARTS, 2))
NAMED = 5  # clips or speakers that a finding names before it only counts
OF_CLIPS = ("clip lists", "speakers", "identical audio", "siblings", "normaliser", "predictions")
State = Literal["ok", "note", "unknown", "fail"]
Moments = tuple[np.ndarray, np.ndarray]  # mean and variance
TOLERANCE = 1e-3  # of a deviation or a variance: a saved model's float32 is a thousand times finer, another choice of clips coarser
BLOCK = 256  # clips at a time: in float64 all of them would take twice their room


@dataclass(frozen=True)
class Finding:
    """The result of one check.

    Args:
        state: `fail` is a leak or a false record; `note` must be known to a reader; `unknown` can no longer be checked.
    """

    check: str
    state: State
    text: str


@dataclass(frozen=True, kw_only=True)
class LeftByRun:
    """What a run left behind beside its configuration; None, or nothing, where it was not kept.

    Args:
        split_fingerprint: of the clip lists that were used. predictions: of each part.
        recorded_copies: number of altered copies in training, as recorded.
        features: of the whole corpus, shape (clips, frames, bands). features_of_copies: of the copies of exactly the training clips.
        normaliser: mean and variance in the saved model. identical_clips: groups of clips with identical audio, by their place.
    """

    split_fingerprint: str = ""
    predictions: Mapping[str, Predictions] = field(default_factory=dict)
    recorded_copies: int | None = None
    features: np.ndarray | None = None
    features_of_copies: Sequence[np.ndarray] | None = None
    normaliser: Moments | None = None
    identical_clips: Sequence[tuple[int, ...]] = ()


def audit_trial(trial: Trial, corpus: Corpus, left: LeftByRun) -> list[Finding]:
    """Every check of one trial; where the clips are other ones now, the checks of clips are unknown, neither for nor against the run."""
    if corpus.fingerprint != trial.corpus_fingerprint:
        return [Finding("corpus", "unknown", f"the {len(corpus):,} clips are not those that the run was planned on (fingerprint "
                        f"{trial.corpus_fingerprint[:16]}, now {corpus.fingerprint[:16]}): audio, labels or clips changed"),
                *_without_clips(trial, left)]
    clips = Finding("corpus", "ok", f"the {len(corpus):,} clips that the run was planned on")
    try:
        split = trial.split(corpus)
    except Declined as reason:
        return [clips, Finding("clip lists", "fail", f"the protocol no longer fits the clips: {reason}")]
    return [clips, _clip_lists(split, corpus, left), _speakers(trial, split, corpus), _identical(split, corpus, left),
            _siblings(trial, split, corpus, left), _normaliser(trial, split, left), _predictions(trial, split, corpus, left)]


def _without_clips(trial: Trial, left: LeftByRun) -> list[Finding]:
    """The other checks where the corpus differs now: those that need only the trial and its record are still made."""
    before = isinstance(trial.split, AugmentedBeforeSplit)
    findings = [_normaliser_without_clips(trial), _too_early(trial, left),
                Finding("siblings", "fail", "clips were altered and copied before the split") if before else None]
    known = {finding.check: finding for finding in findings if finding}
    return [known.get(check, Finding(check, "unknown", "the corpus differs now")) for check in OF_CLIPS]


def _clip_lists(split: Split, corpus: Corpus, left: LeftByRun) -> Finding:
    now = split.fingerprint(corpus)
    if not left.split_fingerprint:
        return Finding("clip lists", "unknown", "the run recorded no split fingerprint")
    if left.split_fingerprint == now:
        return Finding("clip lists", "ok", f"drawn again, the parts have the recorded fingerprint {now[:16]}")
    return Finding("clip lists", "fail", f"drawn again, the parts have the fingerprint {now[:16]}, not the recorded "
                                         f"{left.split_fingerprint[:16]}")


def _speakers(trial: Trial, split: Split, corpus: Corpus) -> Finding:
    if not corpus.knows_speakers:
        return Finding("speakers", "unknown", "the corpus does not say who speaks: the test speakers may all be in training")
    speakers = {part: set(corpus.speakers[getattr(split, part)].tolist()) for part in PARTS}
    common = {pair: sorted(speakers[pair[0]] & speakers[pair[1]]) for pair in PAIRS}
    shared = common["train", "test"]
    if shares_speakers(trial.split, corpus):
        return Finding("speakers", "note", f"{len(shared)} of {len(speakers['test'])} test speakers are also in training, "
                                           f"as {trial.split.name} says")
    overlaps = [f"{_named(names)} in {one} and {other}" for (one, other), names in common.items() if names]
    if overlaps and trial.split.shares_speakers is None:
        return Finding("speakers", "note", f"{'; '.join(overlaps)}, as {trial.split.name} has them")
    if overlaps:
        return Finding("speakers", "fail", f"{trial.split.name} says that it shares no speaker, but: {'; '.join(overlaps)}")
    return Finding("speakers", "ok", f"no speaker in two parts ({', '.join(f'{part} {len(speakers[part])}' for part in PARTS)})")


def _identical(split: Split, corpus: Corpus, left: LeftByRun) -> Finding:
    part_of = {int(i): part for part in PARTS for i in getattr(split, part)}
    pairs = [pair for group in left.identical_clips for pair in itertools.combinations(group, 2)
             if pair[0] in part_of and pair[1] in part_of and part_of[pair[0]] != part_of[pair[1]]]
    shared = [_pair(corpus, part_of, (i, j)) for i, j in overlapping(corpus.clips) if part_of.get(i, "") != part_of.get(j, "")
              if i in part_of and j in part_of]
    if shared:
        return Finding("identical audio", "fail", f"clips of two parts share a stretch of one recording: {_named(shared)}")
    same = [_pair(corpus, part_of, pair) for pair in pairs if corpus.labels[pair[0]] == corpus.labels[pair[1]]]
    other = [_pair(corpus, part_of, pair) for pair in pairs if corpus.labels[pair[0]] != corpus.labels[pair[1]]]
    if same:
        return Finding("identical audio", "fail", f"the same audio under the same label in two parts: {_named(same)}")
    if other:
        return Finding("identical audio", "note", "the same audio in two parts, under other labels, so that training holds a wrong answer "
                                                  f"for it: {_named(other)}")
    return Finding("identical audio", "ok", "none in two parts")


def _pair(corpus: Corpus, part_of: dict[int, str], pair: tuple[int, int]) -> str:
    return " = ".join(f"{corpus.clips[i].id} ({part_of[i]})" for i in pair)


def _siblings(trial: Trial, split: Split, corpus: Corpus, left: LeftByRun) -> Finding:
    sources = {part: {original_id(corpus.clips[i]) for i in getattr(split, part)} for part in PARTS}
    across = {part: sorted(sources["train"] & sources[part]) for part in ("validation", "test")}
    if any(across.values()):
        return Finding("siblings", "fail", "clips were altered and copied before the split: training holds altered copies of "
                       + " and ".join(f"{len(names)} of {len(sources[part])} {part} clips" for part, names in across.items()))
    per_clip = len(trial.augmentation.copies)
    if not per_clip and not left.recorded_copies:
        return Finding("siblings", "ok", "no clip was altered and copied")
    expected = per_clip * len(split.train)
    if left.recorded_copies is not None and left.recorded_copies != expected:
        return Finding("siblings", "fail", f"{left.recorded_copies:,} copies were trained on, where {per_clip} of each of the "
                                           f"{len(split.train):,} training clips are {expected:,}: others were copied, too")
    if left.features_of_copies is None and left.recorded_copies is None:
        return Finding("siblings", "unknown", "neither the copies nor their number were kept")
    number = f"{expected:,} copies, as many as {per_clip} of each of the {len(split.train):,} training clips"
    if left.features_of_copies is None:
        return Finding("siblings", "ok", f"{number}; by their number alone: which clips they were made of is no longer cached")
    recorded = number if left.recorded_copies is not None else f"{per_clip} of each of the {len(split.train):,} training clips"
    return Finding("siblings", "ok", f"{recorded}; the copies in the cache were made under the ids of exactly these clips")


def _normaliser_without_clips(trial: Trial) -> Finding | None:
    """That a trial's normaliser is fitted on no clips; None where it is fitted on some."""
    text = {"none": "none", "per_clip": "each clip by itself: nothing is fitted on others",
            "per_speaker": "each speaker by clips that are known without labels"}.get(trial.feature_space.normalise)
    return Finding("normaliser", "ok", text) if text else None


def _normaliser(trial: Trial, split: Split, left: LeftByRun) -> Finding:
    if finding := _normaliser_without_clips(trial):
        return finding
    kind, copies_missing = trial.feature_space.normalise, bool(trial.augmentation.copies) and left.features_of_copies is None
    if left.normaliser is None or left.features is None or copies_missing:
        missing = {"model not kept": left.normaliser is None, "features no longer cached": left.features is None,
                   "copies no longer cached": copies_missing}
        return Finding("normaliser", "unknown", ", ".join(words for words, holds in missing.items() if holds))
    parts = [left.features[split.train], *(left.features_of_copies or ())]
    if same_statistics(normaliser_statistics(kind, parts), left.normaliser):
        return Finding("normaliser", "ok", "mean and variance in the saved model are those of the training part")
    fitted = "of all clips" if same_statistics(normaliser_statistics(kind, [left.features]), left.normaliser) else "of other clips"
    return Finding("normaliser", "fail", f"mean and variance in the saved model are those {fitted}, not of the training part")


def _too_early(trial: Trial, left: LeftByRun) -> Finding | None:
    """That a trial of the search was scored on test clips; None where it was not."""
    early = "test" in left.predictions and not trial.opens_test
    return Finding("predictions", "fail", "a trial of the search was scored on test clips") if early else None


def _predictions(trial: Trial, split: Split, corpus: Corpus, left: LeftByRun) -> Finding:
    if early := _too_early(trial, left):
        return early
    expected = ["validation", "test"] if trial.opens_test else ["validation"]
    for part in (part for part in expected if part in left.predictions):
        clips = [corpus.clips[i] for i in getattr(split, part)]
        predictions = left.predictions[part]
        strange = sorted(set(predictions.clips.tolist()) ^ {clip.id for clip in clips})
        if strange or len(predictions.clips) != len(clips):
            return Finding("predictions", "fail", f"{part} predictions are of {len(predictions.clips):,} clips, not of exactly the "
                                                  f"{len(clips):,} of the part: {_named(strange) or 'some are there twice'}")
        truth = dict(zip(predictions.clips.tolist(), (predictions.emotions[i] for i in predictions.truth), strict=True))
        wrong = [clip.id for clip in clips if truth[clip.id] != clip.emotion]
        if wrong:
            return Finding("predictions", "fail", f"{part} predictions have other labels than the corpus for {_named(wrong)}")
    missing = [part for part in expected if part not in left.predictions]
    if missing:
        return Finding("predictions", "unknown", f"no predictions of the {' and '.join(missing)} part were kept")
    return Finding("predictions", "ok", "of exactly the clips of " + " and ".join(f"{part} ({len(left.predictions[part].clips):,})"
                                                                                   for part in expected))


def _named(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")


def summary(findings: Sequence[Finding]) -> str:
    """Plain text for a report: what failed, a line each; then, in one line, what must be known in words, and the rest counted."""
    by_state = {state: [f for f in findings if f.state == state] for state in ("fail", "note", "unknown", "ok")}
    failed, notes = ([" ".join(f"{f.check}: {f.text}".split()) for f in by_state[state]] for state in ("fail", "note"))
    unknown = ", ".join(f"{f.check} ({f.text})" for f in by_state["unknown"])
    rest = [*notes, *([f"can't be checked: {' '.join(unknown.split())}"] if unknown else []),
            f"{len(by_state['ok'])} of {len(findings)} checks ok"]
    return "\n".join([*failed, "; ".join(rest)])


def identical_clips(corpus: Corpus, features: np.ndarray | None = None) -> list[tuple[int, ...]]:
    """Groups of clips whose decoded audio is the same, sample for sample; silent ones aside, of which nothing can be learnt.

    Where features are given, only clips with the same ones are decoded; otherwise all are: lossy and tagged files differ although
    their audio does not.
    """
    candidates = list(range(len(corpus)))
    if features is not None:
        hashes = (hashlib.sha256(np.ascontiguousarray(clip).tobytes()).hexdigest() for clip in features)
        candidates = sorted(i for group in _groups(hashes) for i in group)
    with ThreadPoolExecutor(max_workers=4) as pool:
        audio = list(pool.map(lambda i: _audio_hash(corpus, i), candidates))
    return [tuple(candidates[i] for i in group) for group in _groups(audio) if audio[group[0]]]


def _groups(keys: Iterable[str]) -> list[list[int]]:
    """Places of equal keys, those that are there once left out."""
    groups: dict[str, list[int]] = defaultdict(list)
    for i, key in enumerate(keys):
        groups[key].append(i)
    return [group for group in groups.values() if len(group) > 1]


def _audio_hash(corpus: Corpus, i: int) -> str:
    """Hash of a clip's audio; empty for silence and for what can't be read."""
    try:
        waveform, sample_rate = corpus.read_clip(corpus.clips[i])
    except BenchError:
        return ""
    return audio_hash(waveform, sample_rate) if np.any(waveform) else ""


def normaliser_statistics(kind: str, parts: Sequence[np.ndarray]) -> Moments:
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


def same_statistics(a: Moments, b: Moments) -> bool:
    """Whether two normalisers are the same but for rounding."""
    (mean, variance), (other_mean, other_variance) = ([np.ravel(np.asarray(part, np.float64)) for part in pair] for pair in (a, b))
    if mean.shape != other_mean.shape:
        return False
    near = np.abs(mean - other_mean) <= TOLERANCE * np.sqrt(variance) + 1e-6 * np.maximum(np.abs(mean), 1)
    return bool(near.all() and (np.abs(variance - other_variance) <= TOLERANCE * variance + 1e-9).all())
