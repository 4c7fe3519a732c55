"""Rows of a page that would have the same name: the settings in which they differ, as `--set` takes them or, where it can't, in words."""

from __future__ import annotations

import dataclasses
import itertools
import shlex
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from harness.evaluation.bundled_runs import StoredRuns
from harness.evaluation.rows import Row, rows
from harness.study.trial import OF_ESTIMATORS, Training
from harness.tracking.run_record import RunRecord
from registry.core import BESIDE_FIELDS
from registry.errors import BenchError

SEARCHED = "searched"  # stands for the value of a setting that the search chose
NOT_SETTINGS = {"component", "version", "seed", "opens_test", "corpus_fingerprint", "votes_fingerprint"}  # of a whole trial
OF_THE_BOARD = ("corpus.", "split.")  # settings that differ between boards and stand in their headings
OWNERS = ("training", "architecture", "feature_space", "split")

Settings = dict[str, str]


def read_rows(tracker: StoredRuns, records: Sequence[RunRecord] | None = None) -> list[Row]:
    """The rows of a study, each with a name of its own: in `settings` and `otherwise` stands what distinguishes each from the others.

    Args: records: of the study, where they were read already.
    """
    records = tracker.records() if records is None else records
    found = rows(list(records), tracker.openings(records))
    runs: dict[str, list[RunRecord]] = {}
    for record in records:
        if record.kind in ("trial", "seed"):
            runs.setdefault(record.about.cell, []).append(record)
    fixed = {row.cell: fixed_settings(row, members, _configuration(row, members, tracker))
             for row in found for members in [runs.get(row.cell, [])]}
    calls = [cells for record in records if (cells := set(record.about.planned.get("cells", ())))]
    before_calls_noted_their_cells = {row.cell for row in found}.difference(*calls)
    return distinct(found, fixed, {cell: members[0].params for cell, members in runs.items()}, [*calls, before_calls_noted_their_cells])


def _configuration(row: Row, runs: Sequence[RunRecord], tracker: StoredRuns) -> Mapping[str, Any]:
    """The configuration of one of a row's runs; where none can be read, what their tags say: a name is no reason to end a listing."""
    for run_id in dict.fromkeys([*row.seed_runs, *(run.run_id for run in runs if run.ended_by_itself)]):
        with suppress(BenchError):
            if configuration := tracker.configuration(run_id):
                return configuration
    return {"training": {"epochs": row.epochs}, "backend": row.backend}


def fixed_settings(row: Row, runs: Iterable[RunRecord], configuration: Mapping[str, Any]) -> Settings:
    """The settings of a row by dotted names, as `configuration` has them; `SEARCHED` as the value of those that its search chose."""
    training, folds = _whole_training(configuration.get("training", {})), row.validation_folds or 1  # of the search: finals train once
    configuration = {**configuration, "training": training, "validation_folds": folds}
    settings, by_call = flat(configuration), settings_of_call(row)
    searched = {name for run in runs for name in run.params if "." in name and name not in by_call}
    return {name: SEARCHED if names_of(name, settings) & searched else value
            for name, value in settings.items() if name not in NOT_SETTINGS}


def _whole_training(training: Mapping[str, Any]) -> Mapping[str, Any]:
    """The settings of a training with those that a configuration leaves out at their default, so that rows can differ in them."""
    names = Training.later_fields if "epochs" in training else set(Training.later_fields) & set(OF_ESTIMATORS)
    return {**{name: getattr(Training(), name) for name in names}, **training} if "component" in training else training


def distinct(found: Sequence[Row], fixed: Mapping[str, Settings], starts: Mapping[str, Mapping[str, str]],
               calls: Sequence[Collection[str]] = ()) -> list[Row]:
    """The rows with what distinguishes each from those that it could be taken for.

    Rows of one label are compared by all their settings, other rows by how they were trained, which a study fixes for all cells that are
    no recipes. Rows of the same components that no call ran together may come from two versions of a study: their commands fix all in
    which they differ, also what their labels show.
    Args:
        fixed: cell -> its settings. starts: cell -> parameters of its first trial, from which the search went on.
        calls: the cells that each call ran.
    """
    differing: dict[str, set[str]] = {row.cell: set() for row in found}

    def compare(key: Callable[[Row], Any], relevant: Callable[[str], bool]) -> None:
        for group in _groups(found, key):
            names = {name for row in group for name in fixed[row.cell] if relevant(name)}
            apart = {name for name in names if _differs(name, [fixed[row.cell] for row in group])}
            for row in group:
                differing[row.cell] |= apart

    compare(lambda row: row.label, lambda name: not name.startswith(OF_THE_BOARD))
    compare(lambda row: (*row.board, row.label), lambda name: True)
    compare(lambda row: "" if not row.recipe else row.cell, lambda name: name.startswith("training."))
    other_versions = _of_other_versions(found, fixed, calls)
    apart = [_with(row, fixed[row.cell], differing[row.cell], other_versions[row.cell]) for row in found]
    for group in _groups(apart, lambda row: (*row.board, row.name)):
        if len(group) > 1:
            last = {row.cell: _last_resort(row, [starts.get(other.cell, {}) for other in group], starts) for row in group}
            apart = [dataclasses.replace(row, otherwise=(*row.otherwise, last[row.cell])) if row.cell in last else row for row in apart]
    return apart


def _of_other_versions(found: Iterable[Row], fixed: Mapping[str, Settings], calls: Sequence[Collection[str]]) -> dict[str, set[str]]:
    """Cell -> the settings of which rows have other values that are of the same components, and that no call ran together with it."""
    names: dict[str, set[str]] = {row.cell: set() for row in found}
    for group in _groups(found, lambda row: _components(fixed[row.cell])):
        for row, other in itertools.permutations((row.cell for row in group), 2):
            if not any(row in call and other in call for call in calls):
                names[row] |= {name for name, value in fixed[row].items()
                               if not name.startswith(OF_THE_BOARD) and fixed[other].get(name) != value}
    return names


def _components(settings: Settings) -> frozenset[tuple[str, str]]:
    return frozenset(pair for pair in settings.items() if pair[0].endswith(".component") and not pair[0].startswith(OF_THE_BOARD))


def _differs(name: str, rows_settings: Sequence[Settings]) -> bool:
    """Whether a setting has two values; a component that only some rows have is a difference, its fields are none of their own."""
    whole = [settings for settings in rows_settings if "architecture.component" in settings or name in settings]
    return len({settings.get(name) for settings in whole if name in settings or name.endswith((".component", "numbers_version"))}) > 1


def _groups(found: Iterable[Row], key: Callable[[Row], Any]) -> list[list[Row]]:
    groups: dict[Any, list[Row]] = {}
    for row in found:
        groups.setdefault(key(row), []).append(row)
    return list(groups.values())


def _with(row: Row, fixed: Settings, differing: set[str], of_other_versions: set[str]) -> Row:
    """The row with the settings that differ, beside those of its call; of another component its fields are left out."""
    replaced = {name.removesuffix("component") for name in differing if name.endswith(".component")}
    given = settings_of_call(row)
    options, words = [row.settings] if row.settings else [], []
    for name in sorted(differing & fixed.keys()):
        if names_of(name, fixed) & given.keys() or any(name.startswith(of) and name != f"{of}component" for of in replaced):
            continue
        option, value = option_of(name, fixed), fixed[name]
        if option and value != SEARCHED:
            options.append(_set(option, value))
        else:
            words.append(f"{option or name.removesuffix('.component')}{' ' if value == SEARCHED else '='}{value}")
    of_label = [_set(option, fixed[name]) for name in sorted(of_other_versions - differing) if fixed[name] != SEARCHED
                and (option := option_of(name, fixed)) and not names_of(name, fixed) & given.keys()]
    return dataclasses.replace(row, settings=" ".join(options), settings_of_label=" ".join(of_label), otherwise=(*row.otherwise, *words))


def _set(option: str, value: str) -> str:
    return f"--set {shlex.quote(f'{option}={value}')}"


def _last_resort(row: Row, of_all: Sequence[Mapping[str, str]], starts: Mapping[str, Mapping[str, str]]) -> str:
    """Where the search of a row began, if that differs from the other rows of its name; else its key."""
    own = starts.get(row.cell, {})
    apart = [f"{name}={value}" for name, value in own.items() if "." in name and any(other.get(name) != value for other in of_all)]
    return f"search from {', '.join(apart)}" if apart else f"cell {row.cell}"


def settings_of_call(row: Row) -> Settings:
    """Setting -> value, of those that the command line fixed."""
    words = shlex.split(row.settings)
    return dict(text.split("=", 1) for option, text in itertools.pairwise(words) if option == "--set" and "=" in text)


def names_of(name: str, settings: Settings) -> set[str]:
    """The names under which `--set` and a study's `search` know a setting: `architecture.dropout` is `plain_1d.dropout`, too."""
    owner, _, field = name.rpartition(".")
    return {name, f"{settings.get(f'{owner}.component', owner)}.{field}"}


def option_of(name: str, settings: Settings) -> str:
    """What `--set` calls a setting; empty for what it can't change, or not alone.

    >>> option_of("feature_space.features.0.n_mels", {"feature_space.features.0.component": "mel", "feature_space.features.0.n_mels": "40"})
    'mel.n_mels'
    """
    owner, _, field = name.rpartition(".")
    if field in BESIDE_FIELDS:
        return ""
    if owner in OWNERS:
        return name
    component = settings.get(f"{owner}.component", "")
    if not owner.startswith(("feature_space.features.", "augmentation.copies.", "augmentation.on_the_fly.")) or not component:
        return ""
    same = (key.removesuffix("component") for key, text in settings.items() if key.endswith(".component") and text == component)
    return f"{component}.{field}" if len({settings[f"{of}{field}"] for of in same if f"{of}{field}" in settings}) == 1 else ""


def flat(settings: Any, name: str = "") -> Settings:
    """Nested settings as dotted names; lists of plain values stay whole.

    >>> flat({"split": {"seed": 1}, "features": [{"n_mels": 40}], "filters": [4, 8]})
    {'split.seed': '1', 'features.0.n_mels': '40', 'filters': '[4, 8]'}
    """
    if isinstance(settings, list) and any(isinstance(value, (dict, list)) for value in settings):
        settings = dict(enumerate(settings))
    if not isinstance(settings, dict):
        return {name: str(settings)}
    return {key: text for part, value in settings.items() for key, text in flat(value, f"{name}.{part}" if name else str(part)).items()}
