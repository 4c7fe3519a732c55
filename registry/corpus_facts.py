"""What there is in a corpus, for people: emotions, speakers, sexes, sample rates, channels and durations, with counts."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence

from registry.audit import Reading
from registry.corpus import Corpus
from registry.feature_space import FeatureSpace, cut_in_words

MOST_NAMED = 12  # values of a row; of more, those with the most clips
CHANNELS = {1: "mono", 2: "stereo"}
DEFAULT_S = FeatureSpace.duration_s or math.inf


def corpus_facts(corpus: Corpus, readings: Sequence[Reading]) -> list[tuple[str, str]]:
    """(What, in words) pairs. Of clips that a run refuses the labels are counted; nothing else is known of them."""
    readable = [reading for reading in readings if reading.refused is None]
    facts = [("emotions", _emotions(corpus)), ("speakers", _speakers(corpus)), ("sexes", _sexes(corpus))]
    if readable:
        seconds = [reading.seconds for reading in readable]
        facts += [("sample rates", _counts(Counter(f"{reading.sample_rate:,} Hz" for reading in readable))),
                  ("channels", _counts(Counter(CHANNELS.get(reading.channels, str(reading.channels)) for reading in readable))),
                  ("durations", _durations(seconds)), *_cut(seconds)]
    return facts


def _emotions(corpus: Corpus) -> str:
    clips = Counter(clip.emotion for clip in corpus.clips)
    return _counts({emotion: clips[emotion] for emotion in corpus.emotions})


def _speakers(corpus: Corpus) -> str:
    clips = Counter(clip.speaker for clip in corpus.clips)
    if not corpus.knows_speakers:
        return "not known" if clips else "none"
    least, most = min(clips.values()), max(clips.values())
    return f"{len(clips):,}, with " + (f"{least:,} to {most:,} clips each" if least < most else f"{least:,} clip{'s'[: least > 1]} each")


def _sexes(corpus: Corpus) -> str:
    clips = Counter(clip.sex or "not known" for clip in corpus.clips)
    speakers = Counter(sex for _, sex in {(clip.speaker, clip.sex or "not known") for clip in corpus.clips})
    if not corpus.knows_speakers:
        return _counts(clips)
    return ", ".join(f"{sex} {count:,} ({speakers[sex]:,} speaker{'s'[: speakers[sex] > 1]})" for sex, count in sorted(clips.items()))


def _durations(seconds: list[float]) -> str:
    return (f"least {min(seconds):.2f} s, median {statistics.median(seconds):.2f} s, longest {max(seconds):.2f} s, together "
            f"{sum(seconds) / 60:,.1f} min")


def _cut(seconds: list[float]) -> list[tuple[str, str]]:
    longer = sum(one > DEFAULT_S for one in seconds)
    words = f"{cut_in_words(longer, len(seconds), DEFAULT_S)}, unless a feature space has another duration_s (None: that of the longest)"
    return [("cut", words)] if longer else []


def _counts(counts: Mapping[str, int]) -> str:
    """`ANG 12, HAP 12`; in the order of the mapping, but for long ones by their counts."""
    shown = list(counts.items())
    if len(shown) > MOST_NAMED:
        shown = sorted(shown, key=lambda pair: -pair[1])[:MOST_NAMED]
    rest = len(counts) - len(shown)
    return ", ".join(f"{name} {count:,}" for name, count in shown) + (f" and {rest} more" if rest else "")
