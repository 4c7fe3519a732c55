"""The names of Optuna's studies: words first, for people who look at them in Optuna's dashboard, and what identifies a search last."""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Sequence

import optuna
import sqlalchemy as sql

from harness.study.cells import Cell
from harness.study.objectives import SECOND, UAR
from registry.core import canonical, short_label

LONGEST = 400  # characters of the words in a name; Optuna's column holds 512
METRIC = "validation UAR"


def identity(study_name: str, cells: list[Cell], sampler: str, *key: str, objectives: Sequence[str] = (UAR,)) -> str:
    """What identifies the search of these cells; other ranges, another sampler or a second objective make it another search."""
    ranges = {setting: repr(d) for cell in cells for setting, d in cell.search.items()} | ({} if sampler == "tpe" else {"sampler": sampler})
    ranges |= {"second objective": objectives[1]} if len(objectives) > 1 else {}
    scope = hashlib.sha256(canonical(ranges).encode()).hexdigest()[:6]
    return " ".join([study_name, short_label(cells[0].base.split), cells[0].base.corpus_fingerprint[:8], *key, scope])


def readable(study_name: str, protocol: str, label: str, identity: str) -> str:
    """The name of a search that `identity` identifies: its last two words, which are the cell's key and its ranges', come last.

    >>> readable("cnn2d", "random_70_30", "mel × dilated_2d", "cnn2d random_70_30 0a1b2c3d 1234abcd 56789a")
    'cnn2d · random_70_30 · mel × dilated_2d · 1234abcd 56789a'
    """
    return f"{study_name} · {protocol} · {label}"[:LONGEST] + f" · {' '.join(identity.split()[-2:])}"


def name_of(storage: optuna.storages.RDBStorage, study_name: str, cell: Cell, identity: str) -> str:
    """The name that a search has in the store, whatever words it begins with; a new one for a search that is not there."""
    new = readable(study_name, short_label(cell.base.split), cell.label, identity)
    end = new[new.rindex(" · "):]
    same = (name for name in optuna.get_all_study_names(storage) if name.startswith(f"{study_name} · ") and name.endswith(end))
    return next(same, new)


def rename_earlier(storage: optuna.storages.RDBStorage, study_name: str) -> None:
    """Give the searches of a study that earlier versions named by hashes their readable names; nothing else of them changes."""
    old = re.compile(rf"{re.escape(study_name)} (\S+|\S+\[.*\]) [0-9a-f]{{8}} [0-9a-f]{{8}} [0-9a-f]{{6}}")
    for summary in optuna.get_all_study_summaries(storage, include_best_trial=False):
        if (match := old.fullmatch(summary.study_name)) and (label := summary.user_attrs.get("cell")):
            with storage.engine.begin() as connection:  # Optuna can only copy a study: another start may be writing into it
                connection.execute(sql.text("UPDATE studies SET study_name = :new WHERE study_name = :old"),
                                   {"new": readable(study_name, match[1], label, summary.study_name), "old": summary.study_name})


def describe(study: optuna.Study, cell: Cell, objectives: Sequence[str] = (UAR,)) -> None:
    """Tell those who look at a study from outside which row it is of, and what its values are."""
    facts = {"cell": cell.label, "protocol": short_label(cell.base.split), "corpus": short_label(cell.base.corpus)}
    facts |= {"validation folds": str(cell.base.validation_folds)} if cell.base.validation_folds > 1 else {}
    for name, value in facts.items():
        if study.user_attrs.get(name) != value:
            study.set_user_attr(name, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        if study.metric_names != (names := [METRIC, *(SECOND[objective] for objective in objectives[1:])]):
            study.set_metric_names(names)
