"""Words of several languages mean the emotions of the common set."""

from __future__ import annotations

from collections import Counter

import pytest

from registry.core import get, names
from registry.emotions import CODES, WORDS, common
from registry.names import plain


@pytest.mark.parametrize("word, code", [
    ("angry", "ANG"), ("Anger", "ANG"), ("WUT", "ANG"), ("Ärger", "ANG"), ("Freude", "HAP"), ("joy", "HAP"), ("Trauer", "SAD"),
    ("Angst", "FEA"), ("Ekel", "DIS"), ("neutral", "NEU"), ("pleasant_surprise", "SUR"), ("Surprise", "SUR"), ("calm", "CAL"),
    ("Langeweile", "BOR"), ("tristesse", "SAD"), ("miedo", "FEA"), ("ANG", "ANG"), ("hap", "HAP"), ("愤怒", "ANG"), ("радость", "HAP"),
])
def test_a_word_means_its_emotion_in_any_case_and_form(word: str, code: str) -> None:
    assert common(word) == code


@pytest.mark.parametrize("word", ["A", "f", "excited", "contempt", "happier", ""])
def test_what_is_not_in_the_list_means_none(word: str) -> None:
    assert common(word) is None


def test_no_word_means_two_emotions() -> None:
    words = [plain(word) for words in WORDS.values() for word in words.replace(";", ",").split(",")]
    assert [word for word, times in Counter(words).items() if times > 1] == []


def test_the_set_holds_the_emotions_of_every_shipped_corpus() -> None:
    loaders = [get("corpora", name) for name in names("corpora")]
    shipped = {emotion for loader in loaders for emotion in getattr(loader, "emotions", None) or ()}
    assert {"ANG", "NEU"} <= shipped <= set(CODES)
