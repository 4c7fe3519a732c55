"""From a study to its cells: every feature space × architecture × augmentation × protocol, with the settings that are searched in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from harness.study.definition import Study, specification_text
from harness.study.settings import has_setting, settings_of, with_settings
from harness.study.trial import Trial, keras_backend
from registry.core import short_label
from registry.errors import require, unknown

TARGET, VOTES = "training.target", "votes"


@dataclass(frozen=True)
class Cell:
    """One feature space × architecture × augmentation × protocol of a study with the settings that are searched in it."""

    base: Trial
    search: dict[str, Any]
    recipe: str = ""

    @property
    def label(self) -> str:
        """The recipe's name, or the labels of its components."""
        return self.recipe or self.base.cell_label

    @property
    def key(self) -> str:
        """Identifies a cell by all settings but its searched ranges: 8 hexadecimal digits."""
        return self.base.signature[:8]

    @property
    def may_take_votes(self) -> bool:
        """Whether its networks are trained on listeners' votes, or may be by its search."""
        return VOTES in (self.base.training.target, *getattr(self.search.get(TARGET), "choices", ()))


def plan(study: Study, corpus_fingerprint: str, settings: dict[str, Any] | None = None, votes_fingerprint: str = "") -> list[Cell]:
    """Every cell of the study in order, with settings from the command line applied.

    Args: corpus_fingerprint, votes_fingerprint: of the clips, and of what listeners heard in them.
    Raises: BenchError with the near names for a setting or search key that no cell has.
    """
    rows_of = [(row, set(map(specification_text, row.splits))) for row in study.rows]
    rows = [(row, split) for split in study.protocols for row, own in rows_of if specification_text(split) in own]
    bases = [Trial(corpus=study.corpus, corpus_fingerprint=corpus_fingerprint, feature_space=row.feature_space,
                   architecture=row.architecture, augmentation=row.augmentation, split=split, training=row.training,
                   backend=keras_backend(), validation_folds=study.validation_folds if study.trials else 1) for row, split in rows]
    fixed = settings or {}
    for setting in (*fixed, *study.search):
        if not any(has_setting(base, setting) for base in bases):
            raise unknown("setting of this study", setting, {s for base in bases for s in settings_of(base)})
    bases = [with_settings(base, fixed) for base in bases]
    threads = sorted({base.training.threads for base in bases})
    require(len(threads) == 1, f"training.threads must be the same in a whole study, since a process can't change them, not {threads}")
    for setting, distribution in study.search.items():
        for value in values_to_check(setting, distribution):
            require((setting, value) != ("training.precision", "auto"),
                    "search['training.precision']: auto is chosen before the search; list float32 and mixed_bfloat16, or say "
                    "training.precision=auto")
            changed = [with_settings(base, {setting: value}) for base in bases]
            require(all(new.split == old.split for new, old in zip(changed, bases, strict=True)),
                    f"search[{setting!r}]: a split is not searched, since figures of different splits can't be compared; list it in splits")
            require(all(new.training.threads == threads[0] for new in changed),
                    "search['training.threads']: threads are not searched, since a process can't change them; say training.threads=N")
    cells = [Cell(base, {s: d for s, d in study.search.items() if s not in fixed and has_setting(base, s)}, row.name)
             for base, (row, _) in zip(bases, rows, strict=True)]
    return [replace(cell, base=replace(cell.base, votes_fingerprint=votes_fingerprint)) if cell.may_take_votes else cell for cell in cells]


def values_to_check(setting: str, distribution: Any) -> tuple[Any, ...]:
    """The choices or the ends of an Optuna distribution, which a field must allow. Raises: BenchError for anything else."""
    if hasattr(distribution, "choices"):
        wrong = [choice for choice in distribution.choices if not isinstance(choice, (bool, int, float, str, type(None)))]
        require(not wrong, f"search[{setting!r}]: a choice must be a number, a text, True, False or None, not {wrong[:1]}: "
                           "Optuna can't store it; list components with these values in the study instead")
        return tuple(distribution.choices)
    require(hasattr(distribution, "low"),
            f"search[{setting!r}] must be an Optuna distribution such as FloatDistribution(1e-4, 1e-2, log=True), not {distribution!r}")
    return distribution.low, distribution.high


def chosen_cells(cells: list[Cell], label: str | None) -> list[Cell]:
    """The cells with this label or recipe's name, each once; all of them for None.

    Raises: UsageError when the study has none, or when settings made two the same and none was chosen.
    """
    chosen: dict[str, Cell] = {}
    for cell in cells:
        if label in (None, cell.label, cell.base.cell_label):
            same = chosen.setdefault(cell.key, cell)
            require(same is cell or label is not None,
                    f"{same.label} and {cell.label} on {short_label(cell.base.split)} are the same cell with these settings; choose one "
                    "with --cell")
    require(len(chosen) > 0, f"the study has no cell {label!r}; its cells: {'; '.join(sorted({c.label for c in cells}))}")
    return list(chosen.values())
