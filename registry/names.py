"""Names that people write in several ways: what two spellings of one name have in common, and which words stand for no name at all."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable

APOSTROPHES = dict.fromkeys(map(ord, "’‘ʼ`´"), "'")


def plain(name: str) -> str:
    """What spellings of one name share: not case, Unicode form, width, white space, kind of separator, leading zeros, or `.0` at a number.

    A separator between a letter and a digit makes no other name, one between two letters or two digits does.

    >>> plain("S_01"), plain("s1"), plain("Ａnger"), plain("7.0"), plain("very-sad"), plain("-1")
    ('s1', 's1', 'anger', '7', 'very sad', '−1')
    """
    text = unicodedata.normalize("NFKC", name.translate(APOSTROPHES)).casefold()
    text = unicodedata.normalize("NFKC", text.translate(APOSTROPHES))
    text = re.sub(r"^-(?=\d)", "−", text.strip())  # a minus sign is none of the dashes that separate
    text = re.sub(r"^(−?\d+)\.0+$", r"\1", text)  # as tables come out of programs that know no missing whole numbers
    text = "".join(" " if unicodedata.category(sign) in ("Pd", "Pc") or sign == "." else sign for sign in text)
    text = re.sub(r"(?<=[^\W\d]) (?=\d)|(?<=\d) (?=[^\W\d])", "", " ".join(text.split()))
    return re.sub(r"(?<!\d)0+(?=\d)", "", text or name.strip())


_WORDS = """
    nan -nan +nan 1.#qnan -1.#qnan 1.#ind -1.#ind nat na n.a. n/a #n/a #na #n/v <na> none null #null! nil - -- --- ? ?? ??? . .. ... …
    unknown not_known unk unspecified not_specified undefined missing not_available not_applicable no_data no_label no_agreement
    unlabelled unlabeled unannotated empty (empty) blank (blank) #ref! #value! #name? #div/0! tbd xxx unbekannt keine_angabe
    ohne_angabe inconnu desconocido sconosciuto desconhecido onbekend bilinmiyor неизвестно 未知 不明
"""
MISSING = frozenset(map(plain, _WORDS.split()))
"""Words that stand for "not known" where programs and people write tables, in plain form."""


def alike(names: Iterable[str]) -> list[list[str]]:
    """Groups of two or more different spellings of one name, sorted.

    >>> alike(["Angry", "sad", "angry"])
    [['Angry', 'angry']]
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for name in sorted(set(names)):
        groups[plain(name)].append(name)
    return sorted(group for group in groups.values() if len(group) > 1)


def stands_for_nothing(text: str) -> bool:
    """Whether a text is empty or one of the words for a missing value, in any case.

    >>> stands_for_nothing("NaN"), stands_for_nothing("Nancy")
    (True, False)
    """
    return not text.strip() or plain(text) in MISSING
