"""Known speakers: the parts are those of the protocol without the known clips, which are the same each time."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from registry.contracts import check_split, sample_corpus
from registry.core import short_label
from registry.errors import BenchError, Declined
from registry.splits.known_speakers import KnownSpeakers
from registry.splits.random_70_30 import Random7030
from registry.splits.unseen_speakers_70_30 import UnseenSpeakers7030

CORPUS = sample_corpus()
INNER = UnseenSpeakers7030()(CORPUS)


@pytest.mark.parametrize("protocol", [KnownSpeakers(enrolment=5), KnownSpeakers(protocol=Random7030(), enrolment=2)], ids=short_label)
def test_it_keeps_the_contract_of_protocols_with_known_clips_too(protocol: KnownSpeakers) -> None:
    check_split(protocol, CORPUS)


def test_with_all_clips_known_the_parts_are_those_of_the_protocol() -> None:
    split = KnownSpeakers()(CORPUS)
    assert split.fingerprint(CORPUS) == INNER.fingerprint(CORPUS)
    assert len(KnownSpeakers().enrolled(CORPUS)) == len(CORPUS)


def test_known_clips_are_as_many_of_each_speaker_and_none_of_them_is_scored() -> None:
    protocol = KnownSpeakers(enrolment=5)
    known, split = protocol.enrolled(CORPUS), protocol(CORPUS)
    assert {*np.unique(CORPUS.speakers[known], return_counts=True)[1].tolist()} == {5}
    assert not {*known} & {*split.test, *split.validation} and np.array_equal(split.train, INNER.train)
    assert len(split.test) == len(INNER.test) - 5 * len({*CORPUS.speakers[INNER.test]})
    assert not np.array_equal(known, dataclasses.replace(protocol, seed=1).enrolled(CORPUS))


def test_of_more_known_clips_fewer_are_part() -> None:
    few, more = (KnownSpeakers(enrolment=n).enrolled(CORPUS) for n in (2, 10))
    assert {*few} < {*more}


def test_known_clips_may_be_of_some_emotions_alone() -> None:
    known = KnownSpeakers(enrolment=3, emotions=("NEU",)).enrolled(CORPUS)
    assert {CORPUS.clips[i].emotion for i in known} == {"NEU"}
    assert len(KnownSpeakers(emotions=("NEU",)).enrolled(CORPUS)) == sum(clip.emotion == "NEU" for clip in CORPUS.clips)


@pytest.mark.parametrize(("protocol", "reason"), [
    (KnownSpeakers(enrolment=73), "needs 73 clips of each speaker, and speaker 1001 of crema_d has 72"),
    (KnownSpeakers(enrolment=13, emotions=("NEU",)), "speaker 1001 of crema_d has 12 of NEU"),
    (KnownSpeakers(emotions=("calm",)), "needs clips of calm, which crema_d has not"),
    (KnownSpeakers(enrolment=72), "leaves no clips to score in the validation part of crema_d: use fewer than 72 known clips")])
def test_what_does_not_fit_is_declined_with_the_reason(protocol: KnownSpeakers, reason: str) -> None:
    with pytest.raises(Declined, match=reason):
        protocol(CORPUS)


def test_who_speaks_must_be_known() -> None:
    nobody = dataclasses.replace(CORPUS, clips=tuple(dataclasses.replace(clip, speaker="") for clip in CORPUS.clips[:60]))
    with pytest.raises(Declined, match="needs to know who speaks, which crema_d does not tell of every clip"):
        KnownSpeakers().enrolled(nobody)


def test_a_protocol_in_it_is_named_in_its_label() -> None:
    assert short_label(KnownSpeakers(protocol=Random7030(seed=1), enrolment=5)) == (
        "known_speakers[protocol=random_70_30[seed=1], enrolment=5]")
    assert short_label(KnownSpeakers()) == "known_speakers"


@pytest.mark.parametrize("fields", [{"enrolment": 0}, {"protocol": KnownSpeakers()}, {"protocol": "random_70_30"}])
def test_values_that_mean_nothing_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(BenchError, match=r"known_speakers\.(enrolment|protocol) must be"):
        KnownSpeakers(**fields)  # type: ignore[arg-type]
