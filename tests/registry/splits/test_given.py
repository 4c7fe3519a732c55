"""The corpus's own parts are taken as its table has them, and declined where they say too little."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from calls import TINY, bench
from folder_clips import HEADER, loaded, tone

from registry.core import get
from registry.corpus import Clip, Corpus
from registry.errors import Declined, UsageError
from registry.split import shares_speakers
from registry.splits.given import Given


def of(parts: Sequence[str | None], speakers: Sequence[str] | None = None) -> Corpus:
    """Two emotions in turn, each clip of the part that is given; a speaker for each two clips."""
    clips = tuple(Clip(id=f"{i:03}", emotion="ab"[i % 2], speaker=speakers[i] if speakers else f"s{i // 2:02}", part=part)
                  for i, part in enumerate(parts))
    return Corpus(name="lab", emotions=("a", "b"), clips=clips, sample_rate=16_000, whole=len(clips), read_clip=lambda clip: pytest.fail())


@pytest.mark.parametrize("train, validation, test", [
    ("train", "validation", "test"), ("Training", "VALID", "Test"), ("trn", "val", "tst"), ("train", "dev", "eval"),
    ("train", "eval", "test"), ("TRAIN", "development", "testing"), ("train", "dev", "evaluation"),
])
def test_words_for_the_parts_are_understood(train: str, validation: str, test: str) -> None:
    split = Given()(of([train] * 6 + [validation] * 2 + [test] * 2 + [None] * 2))
    assert [split.train.tolist(), split.validation.tolist(), split.test.tolist()] == [[0, 1, 2, 3, 4, 5], [6, 7], [8, 9]]
    assert split.left_out.tolist() == [10, 11]


@pytest.mark.parametrize("parts, reason", [
    ([None] * 4, r"its clips are in no part; give your table a column 'split' with train, validation and test.*folder\[split=COLUMN\]"),
    (["1", "2", "3", "1"], r"it has 1 \(2 clips\), 2 \(1 clips\), 3 \(1 clips\): '1' is not among train, validation"),
    (["train", "train", "eval", "eval"], "'eval', which may be validation or test is not among"),
    (["train", "train", "val", "val"], r"it has no test clips, but train \(2 clips\), val \(2 clips\)"),
    (["val", "val", "test", "test"], "it has no train clips"),
    (["train", "train", "test", "test"], r"no clips are named for validation.*given\[validation_share=0\.1\]"),
])
def test_parts_that_say_too_little_are_declined_with_what_to_do(parts: list[str | None], reason: str) -> None:
    with pytest.raises(Declined, match=reason):
        Given()(of(parts))


def test_every_shipped_corpus_without_parts_is_declined() -> None:
    with pytest.raises(Declined, match=r"given does not fit synthetic .*: its clips are in no part"):
        Given()(get("corpora", "synthetic")().load(None))


def test_validation_is_drawn_of_whole_training_speakers_on_the_users_word() -> None:
    corpus = of(["train"] * 40 + ["test"] * 10)
    split = Given(validation_share=0.1)(corpus)
    assert (len(split.train), len(split.validation), split.test.tolist()) == (36, 4, list(range(40, 50)))
    assert not {*corpus.speakers[split.train]} & {*corpus.speakers[split.validation]}
    assert Given(validation_share=0.1, seed=1)(corpus).validation.tolist() != split.validation.tolist()


def test_where_speakers_are_not_known_validation_is_random_clips_of_all_emotions() -> None:
    corpus = of(["train"] * 40 + ["test"] * 10, [""] * 50)
    split = Given(validation_share=0.1)(corpus)
    assert {*corpus.labels[split.validation].tolist()} == {0, 1}
    assert (len(split.train), len(split.validation)) == (36, 4)


def test_a_share_that_leaves_too_little_is_refused() -> None:
    with pytest.raises(UsageError, match=r"given\.validation_share must be 0 to 0\.5, not 0\.9"):
        Given(validation_share=0.9)


@pytest.mark.parametrize("speakers, shared", [(["a", "a", "b", "b", "c", "c"], False), (["a", "a", "b", "b", "a", "c"], True),
                                              (["a", "a", "b", "b", "b", "c"], True), (["a", "b", "b", "b", "c", "c"], False)])
def test_speakers_are_shared_where_the_table_has_it_so(speakers: list[str], shared: bool) -> None:
    assert shares_speakers(Given(), of(["train", "train", "val", "val", "test", "test"], speakers)) is shared


def test_other_parts_are_another_corpus_and_none_leave_it_as_it_was(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        tone(tmp_path / f"{name}.wav", 200)

    def fingerprint(parts: str) -> str:
        rows = [f"{n}.wav,{e},{n},{p.strip()}\n" for n, e, p in zip("abc", ("sad", "joy", "joy"), parts, strict=True)]
        return loaded(tmp_path, HEADER.replace("\n", ",split\n") + "".join(rows)).fingerprint

    assert len({fingerprint("123"), fingerprint("132"), fingerprint("12 "), fingerprint("   ")}) == 4
    assert fingerprint("   ") == loaded(tmp_path, HEADER + "a.wav,sad,a\nb.wav,joy,b\nc.wav,joy,c\n").fingerprint


@pytest.mark.usefixtures("no_cost")
def test_a_study_runs_under_the_parts_of_its_table_and_marks_shared_speakers(tmp_path: Path) -> None:
    speakers = [f"s{i // 4}" for i in range(15)] + ["s0"]
    for i in range(16):
        tone(tmp_path / f"{i:02}.wav", 200 + 20 * i)
    rows = (f"{i:02}.wav,{'ab'[i % 2]},{speakers[i]},{('train', 'train', 'dev', 'test')[i // 4]}\n" for i in range(16))
    (tmp_path / "clips.csv").write_text("path,emotion,speaker,Fold\n" + "".join(rows))
    run = bench("run", "--study", TINY, "--corpus", "folder[split=Fold]", "--data", tmp_path, "--home", tmp_path, "--trials", 1,
                "--seeds", 0, "--split", "given")
    assert run.code == 0, run.err
    report = (tmp_path / "reports" / "tiny_study.md").read_text()
    assert "## given on folder, 16 of 16 clips: whole" in report
    assert "Clips: train 8, validation 4, test 4, left_out 0." in report
    assert "; shared speakers; " in report and "1 of 2 test speakers are also in training, as given says" in report
