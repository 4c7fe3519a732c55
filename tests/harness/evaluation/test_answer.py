"""Where a row is taken: on new speakers, of whom nothing is known, and among most rows."""

from __future__ import annotations

from made_records import boards_of, final, row

from harness.evaluation.answer import answers, row_on
from harness.tracking.run_record import RunRecord

RANDOM, UNSEEN = {"split": "random_80_20", "shares_speakers": "True"}, {"split": "unseen_speakers_80_20"}
SENTENCES = {"split": "unseen_sentences", "shares_speakers": "True"}


def test_a_row_is_taken_on_new_speakers_and_its_twin_stands_beside_it() -> None:
    answer, = answers(boards_of(row("a", "net", RANDOM), row("b", "net", UNSEEN), row("c", "other", RANDOM), row("d", "net", SENTENCES)))
    assert answer.main and answer.main.rows[0].split == "unseen_speakers_80_20" and answer.taken and answer.taken.cell == "b"
    assert [(pair.new is answer.main, pair.heard.rows[0].split) for pair in answer.pairs] == [(True, "random_80_20")]
    assert [board.rows[0].split for board in answer.others] == ["unseen_sentences"]
    assert [each.architecture for each in answer.networks] == ["net", "other"]
    assert row_on(answer.main, answer.networks[1]) is None and not answer.by_protocol


def test_each_corpus_has_an_answer_of_its_own() -> None:
    both = boards_of(row("a", "net", RANDOM), row("b", "net", RANDOM, corpus="tess", corpus_fingerprint="f" * 16))
    assert [answer.boards[0].rows[0].corpus for answer in answers(both)] == ["crema_d", "tess"]


def test_without_finals_nothing_is_taken_and_random_clips_do_where_there_are_no_others() -> None:
    answer, = answers(boards_of(final("a", (), 0.1)))
    assert answer.main is None and answer.taken is None and answer.networks == []
    answer, = answers(boards_of(row("a", "net", RANDOM)))
    assert answer.main and answer.main.rows[0].shares_speakers


def test_one_network_under_several_kinds_of_known_clips_is_compared_by_protocol() -> None:
    def pair(number: int) -> list[list[RunRecord]]:
        split = {"split": f"known_speakers[enrolment={number}]"}
        return [row(f"n{number}", "net", split), row(f"k{number}", "net", split | {"feature_space": "mel image normalise=per_speaker"})]

    answer, = answers(boards_of(*pair(1), *pair(2)))
    assert answer.by_protocol and answer.main and not answer.main.rows[0].knows_speakers
    assert not answers(boards_of(*pair(1)))[0].by_protocol
