"""Names that people write in several ways: what two spellings of one name have in common, and which words stand for no name at all."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable

MISSING = frozenset(("nan", "na", "n/a", "#n/a", "#na", "<na>", "none", "null", "nil", "-", "--", "---", "?", "??", ".", "…", "unknown",
                     "unk", "unbekannt", "undefined", "missing", "tbd", "xxx"))
"""Words, in lower case, that stand for "not known" where programs and people write tables."""

APOSTROPHES = dict.fromkeys(map(ord, "’‘ʼ`´"), "'")


def plain(name: str) -> str:
    """What spellings of one name share: not case, Unicode form, width, white space, kind of separator, leading zeros, or `.0` at a number.

    >>> plain("S_01"), plain("s-1"), plain("Ａnger"), plain("7.0")
    ('s 1', 's 1', 'anger', '7')
    """
    text = unicodedata.normalize("NFKC", name.translate(APOSTROPHES)).casefold()
    text = unicodedata.normalize("NFKC", text.translate(APOSTROPHES))
    text = re.sub(r"^(\d+)\.0+$", r"\1", text.strip())  # as tables come out of programs that know no missing whole numbers
    text = "".join(" " if unicodedata.category(sign) in ("Pd", "Pc") or sign == "." else sign for sign in text)
    return re.sub(r"(?<!\d)0+(?=\d)", "", " ".join(text.split()) or name.strip())


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
    return not text.strip() or unicodedata.normalize("NFKC", text).strip().casefold() in MISSING
