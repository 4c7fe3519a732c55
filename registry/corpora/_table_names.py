"""The names in a user's table: words for missing values are refused, emotion words mapped, spellings of one name joined or refused."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from registry.corpora._listing import some
from registry.corpora._table import Call, Row, Table, lines_in_words
from registry.corpus import Problem
from registry.emotions import CODES, common
from registry.errors import BenchError, UsageError, require, unknown
from registry.names import alike, plain, stands_for_nothing

LEFT_OUT = "-"
COMMON = "common"
_MALE = "m man masc masculine mann männlich homme hombre masculino uomo maschio"
_FEMALE = "f w woman fem feminine frau weiblich femme mujer femenino feminino donna femmina"
SEXES = {**dict.fromkeys(_MALE.split(), "male"), **dict.fromkeys(_FEMALE.split(), "female")}
JOINED = ("emotion", "speaker", "sentence", "sex")
MAY_BE_MISSING = ("sentence", "level", "sex", "age", "race", "ethnicity", "split", "start", "end")


@dataclass(frozen=True)
class EmotionWords:
    """What emotion words count as, from `common`, `happy:HAP+bored:-`, or both joined by `+`.

    Args:
        to_common: whether words that are not named are looked up in the shipped list; else they stay as they are.
        named: the words that are named, as their plain form -> what they count as; `-` leaves their clips out.
    """

    text: str = ""
    to_common: bool = False
    named: dict[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str | None) -> EmotionWords:
        """Raises: UsageError for what is not of the form."""
        if text is None:
            return cls()
        parts = [part.strip() for part in re.split("[+,]", text)]
        pairs = [part.rpartition(":") for part in parts if part != COMMON]
        require(all(word.strip() and target.strip() for word, _, target in pairs),
                f"folder.emotions must be {COMMON!r}, or words with what they count as, such as 'happy:HAP+bored:-' ('-' leaves their "
                f"clips out), or both, '{COMMON}+bored:-'; not {text!r}")
        targets: dict[str, str] = {}
        for word, _, target in pairs:
            first = targets.setdefault(plain(word), target.strip())
            require(first == target.strip(), f"folder.emotions says that {word.strip()!r} counts as {first} and {target.strip()}: say one")
        return cls(text, COMMON in parts, targets)

    def of(self, word: str) -> str | None:
        """What a word counts as; None for one that is not in the list where all must be."""
        return self.named.get(plain(word)) or (common(word) if self.to_common else word)

    def extended(self, words: list[str], target: str) -> str:
        """The text with more words."""
        return "+".join([*([self.text] if self.text else []), *(f"{word}:{target}" for word in words)])


def settle_names(table: Table, words: EmotionWords, merge: bool | None, call: Call) -> tuple[Table, list[Problem]]:
    """The table with names that can be relied on, and what was done to them.

    Args: merge: whether spellings of one name are joined; None refuses them. call: as of `read_table`.
    Raises: BenchError for cells that stand for no emotion or speaker, for words that are not in the list, and for spellings of one name.
    """
    _refuse_missing(table, words, call)
    table = _changed(table, lambda row: {role: "" for role in MAY_BE_MISSING if stands_for_nothing(row[role])})
    table = _changed(table, lambda row: {"sex": SEXES.get(plain(row["sex"]), row["sex"].lower())})
    table, mapped = _with_emotions(table, words, call)
    table, joined = _joined(table, merge, call)
    return table, [*mapped, *joined, *_synonyms(table, words, call), *_two_sexes(table)]


def _changed(table: Table, change: Callable[[Row], dict[str, str]]) -> Table:
    """The table with cells changed, of columns that it has."""
    rows = (replace(row, cells=row.cells | {role: text for role, text in change(row).items() if role in row.cells}) for row in table.rows)
    return replace(table, rows=tuple(rows))


def _refuse_missing(table: Table, words: EmotionWords, call: Call) -> None:
    nobody = f"where no speaker is known, give the corpus as {call(speaker=None)!r}"
    for role, instead in (("emotion", ""), ("speaker", f"; {nobody}")):
        if role in table.has:
            table.refuse([row.line for row in table.rows if not row[role]], f"no {role}: fill the cell, or remove the row{instead}")
    if strange := _missing(table, "emotion", {*words.named}):
        without, counted = (call(emotions=words.extended(strange, target)) for target in (LEFT_OUT, "NAME"))
        table.refuse([row.line for row in table.rows if row["emotion"] in strange],
                     f"{_stand(strange)} for a missing emotion: fill the cells, or remove the rows; {without!r} leaves these clips "
                     f"out, and {counted!r} counts them as the emotion NAME")
    strange = _missing(table, "speaker", set())
    table.refuse([row.line for row in table.rows if row["speaker"] in strange],
                 f"{_stand(strange)} for a missing speaker: fill the cells, or remove the rows; {nobody}. A person of this name "
                 "needs another one")


def _missing(table: Table, role: str, meant: set[str]) -> list[str]:
    """The words for missing values in a column that are not meant to be there."""
    found = {row[role] for row in table.rows} if role in table.has else set()
    return sorted(word for word in found if stands_for_nothing(word) and plain(word) not in meant)


def _with_emotions(table: Table, words: EmotionWords, call: Call) -> tuple[Table, list[Problem]]:
    """The table with its emotion words mapped, rows that are left out removed."""
    clips = Counter(row["emotion"] for row in table.rows)
    absent = {*words.named} - {*map(plain, clips)}
    if absent:
        raise unknown(f"emotion of {table.path}", min(absent), clips)
    meaning = {word: words.of(word) for word in sorted(clips)}
    strange = [word for word, target in meaning.items() if target is None]
    if strange:
        raise UsageError(f"{table.path} has emotions that are not in the list of words for {', '.join(CODES)}: {_counted(strange, clips)}. "
                         f"Say what each counts as, or leave its clips out with '-': {call(emotions=words.extended(strange, LEFT_OUT))!r}")
    without = [word for word, target in meaning.items() if target == LEFT_OUT]
    changed = [f"{word} → {target} ({clips[word]:,})" for word, target in meaning.items() if target not in (word, LEFT_OUT)]
    problems = [Problem(kind="emotions", subject=f"{len(changed)} word{'s'[: len(changed) != 1]}", detail=", ".join(changed),
                        action="counted so, as folder.emotions says", in_reports=True)] if changed else []
    if without:
        problems.append(Problem(kind="emotions", subject=f"{len(without)} word{'s'[: len(without) != 1]}", detail=_counted(without, clips),
                                action="left out, as folder.emotions says", in_reports=True))
    kept = replace(table, rows=tuple(row for row in table.rows if row["emotion"] not in without))
    return _changed(kept, lambda row: {"emotion": str(meaning[row["emotion"]])}), problems


def _joined(table: Table, merge: bool | None, call: Call) -> tuple[Table, list[Problem]]:
    """The table with one spelling for each name, the most frequent. Raises BenchError where that is not said to be right."""
    spelt: dict[str, dict[str, str]] = {role: {} for role in JOINED}
    spellings, problems = [], []
    for role in JOINED:
        lines: dict[str, list[int]] = defaultdict(list)
        for row in table.rows:
            lines[row[role]].append(row.line)
        for group in alike(name for name in lines if name):
            kept = max(group, key=lambda name: len(lines[name]))  # the first of equals, as the group is sorted
            spellings.append(f"{role} " + " and ".join(f"{_shown(name, group)} ({lines_in_words(lines[name], 3)})" for name in group))
            spelt[role] |= dict.fromkeys(group, kept if merge else "")
            done = f"joined as {kept!r}" if merge else "kept apart"
            problems.append(Problem(kind="names", subject=f"{role} {kept}", action=f"{done}, as folder.merge_names says", in_reports=True,
                                    detail=f"written {_counted(group, {name: len(lines[name]) for name in group})}"))
    if spellings and merge is None:
        raise BenchError(f"{table.path} writes {'the same name' if len(spellings) == 1 else f'{len(spellings)} names'} in several ways: "
                         f"{some(spellings, '; ')}. Correct the table; or join them with {call(merge_names=True)!r}; or, where they are "
                         f"different names, keep them apart with {call(merge_names=False)!r}")
    return (_changed(table, lambda row: {role: spelt[role].get(row[role], row[role]) for role in JOINED}) if merge else table), problems


def _synonyms(table: Table, words: EmotionWords, call: Call) -> list[Problem]:
    """Words for one emotion that stand in the table as several: listed only, since they may be meant."""
    clips = Counter(row["emotion"] for row in table.rows)
    groups: dict[str, list[str]] = defaultdict(list)
    for word in sorted(clips):
        if code := common(word):
            groups[code].append(word)
    problems = []
    for group in (group for group in groups.values() if len({*map(plain, group)}) > 1):
        most = max(group, key=lambda word: clips[word])
        meant = words.extended([word for word in group if word != most], most)
        problems.append(Problem(kind="emotions", subject=most, detail=f"{_counted(group, clips)} seem to be one emotion",
                                action=f"kept apart; {call(emotions=meant)!r} counts them as one"))
    return problems


def _two_sexes(table: Table) -> list[Problem]:
    sexes: dict[str, Counter[str]] = defaultdict(Counter)
    for row in table.rows:
        if row["speaker"] and row["sex"]:
            sexes[row["speaker"]][row["sex"]] += 1
    return [Problem(kind="sex", subject=f"speaker {speaker}", detail=_counted(sorted(clips), clips),
                    action="kept as it is; correct the table: groups, and splits by speaker, go by it")
            for speaker, clips in sorted(sexes.items()) if len(clips) > 1]


def _stand(names: list[str]) -> str:
    return some([repr(name) for name in names]) + (" stand" if len(names) > 1 else " stands")


def _shown(name: str, spellings: list[str]) -> str:
    """A name in quotes, by the numbers of its signs where another spelling looks the same."""
    look = Counter(unicodedata.normalize("NFC", " ".join(spelling.split())) for spelling in spellings)
    return repr(name) if max(look.values()) == 1 else ascii(name)


def _counted(names: list[str], clips: dict[str, int]) -> str:
    return ", ".join(f"{name!r} ({clips[name]:,} clip{'s'[: clips[name] != 1]})" for name in names)
