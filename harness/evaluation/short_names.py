"""What rows are called on a page of their own: what distinguishes them there, in as few words as possible."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from harness.evaluation.rows import KNOWING, Row


@dataclass(frozen=True)
class ShortNames:
    """The short names of the rows of a page, and what all of them have in common.

    Args: names: name of a row, as `full_name` gives it -> its short name. common: what is left out of all of them, may be empty.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    common: tuple[str, ...] = ()

    def of(self, row: Row) -> str:
        """What a row is called; its whole name, where it is none of the page."""
        return self.names.get(full_name(row), row.name)


def full_name(row: Row) -> str:
    """The name of a row without whether it knows the test speakers: it is the same network on other leaderboards."""
    return row.name.replace(KNOWING, "")


def short_names(rows: Collection[Row]) -> ShortNames:
    """The short names of the rows of a page.

    Left out are a feature space, an architecture and settings that all rows have, and of a component what no other row has otherwise:
    where every `mfcc` is `mfcc[n_mfcc=26] vector`, it is `mfcc`. A recipe keeps its name.
    """
    by_name = {full_name(row): row for row in rows}
    if not by_name:  # all runs of a study were deleted
        return ShortNames()
    each = list(by_name.values())
    spaces, networks = {_space(row) for row in each}, {row.architecture for row in each}
    shared = "" if len(spaces) > 1 or len(networks) == 1 else spaces.pop()
    details = _details([*(_space(row) for row in each), *(row.architecture for row in each)])
    apart = {row.apart for row in each}
    short = {name: _short(row, bool(shared), details, len(apart) > 1) for name, row in by_name.items()}
    counts = Counter(short.values())
    names = {name: text if counts[text] == 1 else name for name, text in short.items()}
    common = "" if any(row.recipe for row in each) else shared, apart.pop() if len(apart) == 1 else ""
    return ShortNames(names, tuple(text for text in common if text))


def _short(row: Row, without_space: bool, details: Mapping[str, Collection[str]], with_settings: bool) -> str:
    parts = ["" if without_space else _space(row), row.architecture]
    label = row.recipe or " × ".join(text for text in (*(_plain(part, details) for part in parts), row.augmentation) if text)
    return f"{label} {row.apart}".strip() if with_settings else label


def _space(row: Row) -> str:
    return row.feature_space.replace(KNOWING, "")


def _plain(label: str, details: Mapping[str, Collection[str]]) -> str:
    """A label without details that no other label with its components has otherwise: fields, and what stands behind them."""
    heads = components(label)
    same = details[heads]
    if len(same) == 1:
        return heads
    end = len(_first_word(label))
    return label[:end] if len({other[len(_first_word(other)):] for other in same}) == 1 else label


def _details(labels: Sequence[str]) -> dict[str, set[str]]:
    """Components of labels -> all labels that have them."""
    found: dict[str, set[str]] = defaultdict(set)
    for label in labels:
        found[components(label)].add(label)
    return found


def components(label: str) -> str:
    """The components of a label, without their fields and what stands behind them.

    >>> components("whisper[layers=(0, 1)]+mfcc vector mean+std"), components("known[protocol=unseen[seed=1]]")
    ('whisper+mfcc', 'known')
    """
    return without_fields(_first_word(label))


def without_fields(label: str) -> str:
    """A label without the fields of its components.

    >>> without_fields("copies of noise[lowest_snr_db=10.0]+speed, on the fly mixup[alpha=0.4]")
    'copies of noise+speed, on the fly mixup'
    """
    depth, kept = 0, ""
    for letter in label:
        depth += (letter == "[") - (letter == "]")
        kept += letter if depth == 0 and letter != "]" else ""
    return kept


def _first_word(label: str) -> str:
    """A label up to the first space outside brackets: its components with their fields."""
    depth = 0
    for place, letter in enumerate(label):
        depth += (letter == "[") - (letter == "]")
        if depth == 0 and letter == " ":
            return label[:place]
    return label


def short_labels(labels: Sequence[str]) -> dict[str, str]:
    """Label of a cell, `feature space × architecture`, -> what it is called beside the others, without what all of them have.

    >>> short_labels(["mfcc[n_mfcc=26] vector mean × mlp[units=8]", "mel image × mlp[units=8]", "mel image × crnn"])
    {'mfcc[n_mfcc=26] vector mean × mlp[units=8]': 'mfcc × mlp', 'mel image × mlp[units=8]': 'mel × mlp', 'mel image × crnn': 'mel × crnn'}
    >>> short_labels(["mfcc[n_mfcc=26] vector mean × mlp[units=8]", "mel image × mlp[units=8]"])
    {'mfcc[n_mfcc=26] vector mean × mlp[units=8]': 'mfcc', 'mel image × mlp[units=8]': 'mel'}
    """
    parts = {label: label.split(" × ") for label in labels}
    details = _details([part for of_label in parts.values() for part in of_label])
    of_all = set.intersection(*map(set, parts.values())) if len(parts) > 1 else set()
    short = {label: " × ".join(_plain(part, details) for part in of_label if part not in of_all) if len(parts) > 1 else label
             for label, of_label in parts.items()}
    counts = Counter(short.values())
    return {label: text if text and counts[text] == 1 else label for label, text in short.items()}
