"""Names in a table: spellings of one name are refused or joined, words for missing values refused, emotion words mapped."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import pytest
from folder_clips import HEADER, tone

from registry.core import canonical, specification
from registry.corpora.folder import Folder
from registry.corpus import Corpus
from registry.errors import BenchError, UsageError

NFD = unicodedata.normalize("NFD", "wütend")


def of(folder: Path, pairs: list[tuple[str, str]], header: str = HEADER, **fields: Any) -> Corpus:
    """The corpus of one clip for each row: what stands after its path."""
    lines = []
    for i, cells in enumerate(pairs):
        tone(folder / f"{i:02d}.wav", 200 + 10 * i)
        lines.append(",".join((f"{i:02d}.wav", *cells)))
    (folder / "clips.csv").write_text(header + "\n".join(lines) + "\n", encoding="utf-8")
    return Folder(**fields).load(folder)


def facts(corpus: Corpus) -> list[tuple[str, str, str, str]]:
    """The problems of a corpus."""
    return [(p.kind, p.subject, p.detail, p.action) for p in corpus.problems]


@pytest.mark.parametrize("one, other", [("angry", "Angry"), ("wütend", NFD), ("very sad", "very  sad"), ("ａngry", "angry"),
                                        ("no_1", "no-01")])
def test_spellings_of_one_emotion_are_refused_with_their_lines(tmp_path: Path, one: str, other: str) -> None:
    with pytest.raises(BenchError) as error:
        of(tmp_path, [(one, "ann"), (other, "bob"), ("calm", "bob"), (one, "cid")])
    text = str(error.value)
    assert "clips.csv writes the same name in several ways: emotion " in text
    shown = ascii if other == NFD else repr  # which look the same
    assert f"{shown(one)} (lines 2, 5)" in text and f"{shown(other)} (line 3)" in text
    assert "'folder[merge_names=True]'" in text and "'folder[merge_names=False]'" in text


@pytest.mark.parametrize("one, other", [("s0", "S0"), ("01", "1"), ("s 1", "s_1"), ("s_1", "s1"), ("3", "3.0"), ("ANN", "ann"),
                                        ("Jürgen", unicodedata.normalize("NFD", "Jürgen"))])
def test_spellings_of_one_speaker_are_refused(tmp_path: Path, one: str, other: str) -> None:
    with pytest.raises(BenchError, match="the same name in several ways: speaker"):
        of(tmp_path, [("angry", one), ("sad", other)])


def test_all_names_of_a_table_that_are_written_in_several_ways_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"writes 3 names in several ways: emotion 'Sad' .*; speaker 'S1' .*; sentence 'HI' .* and 'hi'"):
        of(tmp_path, [("sad", "s1", "hi"), ("Sad", "S1", "HI"), ("angry", "s2", "ho")], HEADER.replace("\n", ",sentence\n"))


def test_on_the_users_word_they_are_joined_under_the_most_frequent_spelling(tmp_path: Path) -> None:
    rows = [("Angry", "s1"), ("angry", "S1"), ("angry", "s1"), ("sad", "s2")]
    corpus = of(tmp_path, rows, merge_names=True)
    assert corpus.emotions == ("angry", "sad")
    assert [clip.speaker for clip in corpus.clips] == ["s1", "s1", "s1", "s2"]
    assert facts(corpus) == [
        ("names", "emotion angry", "written 'Angry' (1 clip), 'angry' (2 clips)", "joined as 'angry', as folder.merge_names says"),
        ("names", "speaker s1", "written 'S1' (1 clip), 's1' (2 clips)", "joined as 's1', as folder.merge_names says")]
    assert not any(problem.breaks for problem in corpus.problems)


def test_on_the_users_word_they_are_kept_apart_and_that_is_told(tmp_path: Path) -> None:
    corpus = of(tmp_path, [("x-1", "1"), ("x_1", "01")], merge_names=False)
    assert (corpus.emotions, [clip.speaker for clip in corpus.clips]) == (("x-1", "x_1"), ["1", "01"])
    assert {action for _, _, _, action in facts(corpus)} == {"kept apart, as folder.merge_names says"}


@pytest.mark.parametrize("word", ["nan", "None", "NA", "n/a", "NULL", "-", "?", "unknown", "NaN"])
def test_words_for_a_missing_emotion_are_refused_with_their_lines(tmp_path: Path, word: str) -> None:
    with pytest.raises(BenchError) as error:
        of(tmp_path, [("angry", "ann"), (word, "bob"), ("sad", "bob")])
    assert f"line 3: {word!r} stands for a missing emotion: fill the cells, or remove the rows; " in str(error.value)
    assert f"'folder[emotions={word}:-]' leaves these clips out" in str(error.value)
    assert of(tmp_path, [("angry", "ann"), (word, "bob"), ("sad", "bob")], emotions=f"{word}:-").coverage == "2 of 2 clips: whole"
    assert "neutral" in of(tmp_path, [("angry", "ann"), (word, "bob"), ("sad", "bob")], emotions=f"{word}:neutral").emotions


def test_an_emotion_called_none_is_kept_where_that_is_meant(tmp_path: Path) -> None:
    assert of(tmp_path, [("angry", "ann"), ("none", "bob")], emotions="none:none").emotions == ("angry", "none")


@pytest.mark.parametrize("word", ["nan", "None", "N/A", "-", "unknown"])
def test_words_for_a_missing_speaker_are_refused_with_their_lines(tmp_path: Path, word: str) -> None:
    with pytest.raises(BenchError, match=r"line 3: .* stands for a missing speaker: .* 'folder\[speaker=None\]'"):
        of(tmp_path, [("angry", "ann"), ("sad", word), ("sad", "bob")])


def test_words_for_missing_values_in_other_columns_are_not_known(tmp_path: Path) -> None:
    clip = of(tmp_path, [("angry", "ann", "nan", "None", "n/a", "-"), ("sad", "bob", "hi", "m", "30", "lo")],
              "path,emotion,speaker,sentence,sex,age,level\n").clips[0]
    assert (clip.sentence, clip.sex, clip.age, clip.level) == (None, None, None, None)


@pytest.mark.parametrize("text, sex", [("M", "male"), ("Female", "female"), ("weiblich", "female"), ("w", "female"), ("man", "male"),
                                       ("Frau", "female"), ("masc", "male"), ("Femme", "female"), ("hombre", "male")])
def test_words_for_the_sexes_mean_the_same(tmp_path: Path, text: str, sex: str) -> None:
    assert of(tmp_path, [("angry", "ann", text), ("sad", "bob", "")], "path,emotion,speaker,sex\n").clips[0].sex == sex


def test_a_speaker_of_two_sexes_is_told(tmp_path: Path) -> None:
    corpus = of(tmp_path, [("angry", "ann", "f"), ("sad", "ann", "m"), ("sad", "ann", "F")], "path,emotion,speaker,sex\n")
    assert [(kind, where, what) for kind, where, what, _ in facts(corpus)] == [
        ("sex", "speaker ann", "'female' (2 clips), 'male' (1 clip)")]


def test_emotion_words_count_as_those_of_the_common_set(tmp_path: Path) -> None:
    rows = [("Wut", "a"), ("angry", "b"), ("Freude", "c"), ("SAD", "d"), ("neutral", "e")]
    corpus = of(tmp_path, rows, emotions="common")
    assert [clip.emotion for clip in corpus.clips] == ["ANG", "ANG", "HAP", "SAD", "NEU"]
    assert facts(corpus) == [("emotions", "4 words", "Freude → HAP (1), Wut → ANG (1), angry → ANG (1), neutral → NEU (1)",
                              "counted so, as folder.emotions says")]


def test_a_word_that_is_not_in_the_list_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as error:
        of(tmp_path, [("angry", "a"), ("excited", "b"), ("smug", "c"), ("smug", "c")], emotions="common")
    assert "the list of words for ANG, DIS, FEA, HAP, NEU, SAD, SUR, CAL, BOR: 'excited' (1 clip), 'smug' (2 clips)." in str(error.value)
    assert "'folder[emotions=common+excited:-+smug:-]'" in str(error.value)


def test_words_are_mapped_and_left_out_as_the_user_says(tmp_path: Path) -> None:
    rows = [("angry", "a"), ("Excited", "b"), ("smug", "c"), ("happy/excited", "d")]
    corpus = of(tmp_path, rows, emotions="common+excited:HAP+smug:-+happy/excited:HAP")
    assert ([clip.emotion for clip in corpus.clips], corpus.coverage) == (["ANG", "HAP", "HAP"], "3 of 3 clips: whole")
    assert ("emotions", "1 word", "'smug' (1 clip)", "left out, as folder.emotions says") in facts(corpus)
    alone = of(tmp_path, rows, emotions="excited:joy+happy/excited:joy")
    assert alone.emotions == ("angry", "joy", "smug")


@pytest.mark.parametrize("emotions", ["happy", "", "happy:", ":HAP", "common+", "happy:HAP,sad:SAD+x"])
def test_a_mapping_of_another_form_is_refused(emotions: str) -> None:
    with pytest.raises(UsageError, match=r"folder\.emotions must be 'common', or words with what .*, such as 'happy:HAP\+bored:-'"):
        Folder(emotions=emotions)


def test_a_word_that_counts_as_two_emotions_is_refused() -> None:
    with pytest.raises(UsageError, match=r"folder\.emotions says that 'HAPPY' counts as HAP and SAD: say one"):
        Folder(emotions="happy:HAP+HAPPY:SAD")


def test_a_mapped_word_that_the_table_lacks_is_told_with_the_near_ones(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no emotion of .* is called 'hapy'\. Did you mean 'happy'"):
        of(tmp_path, [("happy", "a"), ("sad", "b")], emotions="hapy:HAP")


def test_words_that_seem_to_be_one_emotion_are_told(tmp_path: Path) -> None:
    corpus = of(tmp_path, [("anger", "a"), ("angry", "b"), ("angry", "b"), ("sad", "c")])
    assert facts(corpus) == [("emotions", "angry", "'anger' (1 clip), 'angry' (2 clips) seem to be one emotion",
                              "kept apart; 'folder[emotions=anger:angry]' counts them as one")]


def test_a_name_of_its_own_is_that_of_the_corpus(tmp_path: Path) -> None:
    rows = [("angry", "a"), ("sad", "b")]
    plain, lab = of(tmp_path, rows), of(tmp_path, rows, name="lab 2")
    assert (plain.name, lab.name) == ("folder", "lab 2")
    assert plain.fingerprint != lab.fingerprint
    assert of(tmp_path, rows, name="crema_d").name == "crema_d (folder)"
    with pytest.raises(UsageError, match=r"folder\.name may hold letters, digits, spaces"):
        Folder(name="a/b")


def test_what_ran_before_the_new_fields_keeps_its_signature() -> None:
    assert canonical(specification(Folder())) == '{"anywhere":false,"component":"folder","csv":null,"version":1}'
    assert specification(Folder(emotion="label"))["emotion"] == "label"
