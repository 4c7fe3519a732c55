"""Two spellings of one name are told from two names."""

from __future__ import annotations

import unicodedata

import pytest

from registry.names import alike, plain, stands_for_nothing


@pytest.mark.parametrize("one, other", [
    ("s0", "S0"), ("Straße", "STRASSE"), ("wütend", unicodedata.normalize("NFD", "wütend")), ("ｓ１", "s1"), ("01", "1"),
    ("spk007", "spk7"), ("s_1", "s-1"), ("s 1", "s.1"), ("very  sad", "very sad"),
    ("3.0", "3"), ("O'Hara", "O’Hara"), ("a–b", "a-b"), ("ﬁne", "fine"),
    ("very\u00a0sad", "very sad"), ("ΣΟΦΟΣ", "σοφος"), 
    ("s_1", "s1"), ("A-01", "a1"), ("speaker 1", "Speaker1"), ("1_a", "1a"), ("-1", "−1.0"),
])
def test_spellings_of_one_name_are_alike(one: str, other: str) -> None:
    assert alike([one, other]) == [sorted([one, other])]


@pytest.mark.parametrize("one, other", [
    ("s1", "s2"), ("1", "10"), ("100", "1"), ("0", "1"), ("s1_1", "s11"), ("Muller", "Müller"), ("a", "ab"), ("1.5", "1"), ("-", "_"),
    ("-1", "1"), ("un-happy", "unhappy"), ("1-1", "11"),
])
def test_two_names_are_not(one: str, other: str) -> None:
    assert alike([one, other]) == []


def test_zero_stays_a_name() -> None:
    assert [plain(name) for name in ("0", "00", "s0", "s00")] == ["0", "0", "s0", "s0"]


@pytest.mark.parametrize("text", ["", " ", "nan", "NaN", "None", "NA", "n/a", "NULL", "-", "?", "unknown", "#N/A", "<NA>", "ＮＡ",
                                  "NaT", "-nan", "1.#QNAN", "n.a.", "No label", "not_available", "unlabelled", "(blank)",
                                  "#REF!", "keine Angabe", "未知"])
def test_words_for_a_missing_value_stand_for_nothing(text: str) -> None:
    assert stands_for_nothing(text)


@pytest.mark.parametrize("text", ["neutral", "Nancy", "0", "nana", "no", "no emotion", "-1", "n", "K. A."])
def test_other_words_stand_for_themselves(text: str) -> None:
    assert not stands_for_nothing(text)
