"""The question of an experiment as data: Study and its recipes, its cells, and Trial, the one value that a worker needs."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from dataclasses import dataclass
from typing import Any, Literal

from registry.augmentation import Augmentation
from registry.core import canonical, checked, field_types, label_of, short_label, specification
from registry.errors import UsageError, require, unknown
from registry.feature_space import FeatureSpace

LISTED = ("feature_spaces", "architectures", "splits")
NUMBERS_VERSION = 2  # raised when training, scoring or normalising gives other numbers than before


@checked
class Training:
    """How a network is trained.

    Args:
        optimizer: `sgd` has a momentum of 0.9.
        learning_rate: at the start.
        weight_decay: decoupled from the gradient (Loshchilov & Hutter 2019), with any optimiser.
        batch_size: clips a step.
        epochs: at most.
        schedule: `cosine` falls to zero over all epochs; `plateau` multiplies by `drop_factor` after `drop_epochs` epochs without
            a better validation UAR, `step` after every `drop_epochs` epochs.
        keep: the epoch whose weights are kept: the `best` by validation UAR, or the `last` as systems do that select nothing.
        early_stopping: epochs without a better validation UAR after which training stops; None trains them all.
        class_weights: weigh each clip by the inverse frequency of its emotion among the training clips.
        label_smoothing: in [0, 1).
        precision: of the arithmetic, Keras's dtype policy; the mixed ones are faster on hardware that has them, weights stay float32.
    """

    optimizer: Literal["adam", "adamw", "rmsprop", "sgd"] = "adam"
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    batch_size: int = 64
    epochs: int = 30
    schedule: Literal["constant", "cosine", "plateau", "step"] = "cosine"
    drop_epochs: int = 4
    drop_factor: float = 0.5
    keep: Literal["best", "last"] = "best"
    early_stopping: int | None = 10
    class_weights: bool = False
    label_smoothing: float = 0.0
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"] = "float32"

    def __post_init__(self) -> None:
        require(self.learning_rate > 0, f"training.learning_rate must be positive, not {self.learning_rate}")
        require(self.batch_size > 0, f"training.batch_size must be positive, not {self.batch_size}")
        require(self.epochs > 0, f"training.epochs must be positive, not {self.epochs}")
        require(self.early_stopping is None or self.early_stopping > 0,
                f"training.early_stopping must be positive or None, not {self.early_stopping}")
        require(self.drop_epochs > 0, f"training.drop_epochs must be positive, not {self.drop_epochs}")
        require(0 < self.drop_factor < 1, f"training.drop_factor must be in (0, 1), not {self.drop_factor}")
        require(0 <= self.label_smoothing < 1, f"training.label_smoothing must be in [0, 1), not {self.label_smoothing}")
        require(self.weight_decay >= 0, f"training.weight_decay must not be negative, not {self.weight_decay}")


@checked
class Trial:
    """One point of a study: everything that changes its numbers, and nothing else; picklable.

    Args:
        corpus: a registered corpus (the component, not its clips).
        corpus_fingerprint: of the clips it was planned on; a worker that finds others refuses.
        seed: chooses initial weights and the order of clips, together with everything else here.
        opens_test: False for a trial of the search; True for a final, which is scored on the test part once.
        backend: of Keras; other backends give other numbers.
    """

    corpus: Any
    corpus_fingerprint: str
    feature_space: FeatureSpace
    architecture: Any
    split: Any
    training: Training
    augmentation: Augmentation = Augmentation()
    seed: int = 0
    opens_test: bool = False
    backend: str = "tensorflow"

    @property
    def configuration(self) -> dict[str, Any]:
        """The whole trial as plain JSON data."""
        return {**specification(self), "numbers_version": NUMBERS_VERSION}

    @property
    def signature(self) -> str:
        """Hash of everything that changes this trial's numbers: 16 hexadecimal digits."""
        return hashlib.sha256(canonical(self.configuration).encode()).hexdigest()[:16]

    @property
    def cell_label(self) -> str:
        """The leaderboard row it belongs to, for people: `mel image × residual_2d`."""
        augmented = [self.augmentation.label] if self.augmentation else []
        return " × ".join([self.feature_space.label, short_label(self.architecture), *augmented])


@checked
class Recipe:
    """Components and a training that belong together, as published systems have them: one cell in each of its splits.

    Args:
        name: what reports call it; without one, it is called by its components.
        splits: protocols under which it is trained.
    """

    feature_space: FeatureSpace
    architecture: Any
    splits: tuple[Any, ...]
    training: Training = Training()
    augmentation: Augmentation = Augmentation()
    name: str = ""


@checked
class Study:
    """A question: which components, which search space, which protocols, which seeds.

    Args:
        corpus: a registered corpus.
        feature_spaces, architectures, augmentations, splits: every combination is a cell, unless it is declined with a reason.
        training: what the search starts from.
        recipes: cells that are listed one by one instead, each with its own training and splits.
        search: setting -> Optuna distribution, e.g. `{"training.learning_rate": FloatDistribution(1e-4, 1e-2, log=True)}`.
            A setting is `training.FIELD`, `feature_space.FIELD`, `architecture.FIELD` or `COMPONENT.FIELD`; one that no
            cell has is an error, one that only some have is searched in those. Splits are listed, never searched.
        trials: of each cell; the first uses the settings as written here. 0 searches nothing: the finals use them.
        seeds: of the finals.
        sampler: of the search: `tpe` learns from a cell's trials, so its proposals depend on which ended first when several run at once;
            `random` does not.
        prune: stop a trial whose validation UAR lies below the median of the cell's earlier trials at the same epoch.
        best_models: how many models of each protocol are kept, chosen by validation UAR.
        measure_cost: measure latency, memory and size of each cell's first final, which takes some seconds a cell.
    """

    corpus: Any
    feature_spaces: tuple[FeatureSpace, ...] = ()
    architectures: tuple[Any, ...] = ()
    splits: tuple[Any, ...] = ()
    training: Training = Training()
    augmentations: tuple[Augmentation, ...] = (Augmentation(),)
    recipes: tuple[Recipe, ...] = ()
    search: dict[str, Any] = dataclasses.field(default_factory=dict)
    trials: int = 10
    seeds: tuple[int, ...] = (0, 1, 2)
    sampler: Literal["tpe", "random"] = "tpe"
    prune: bool = True
    best_models: int = 3
    measure_cost: bool = True

    def __post_init__(self) -> None:
        require(self.trials >= 0, f"trials must be 0 or more, not {self.trials}")
        require(len(self.seeds) > 0, "a study needs at least one seed for its finals")
        require(len(set(self.seeds)) == len(self.seeds), f"seeds must differ from each other, not {self.seeds}")
        require(isinstance(self.search, dict), f"search must be a dictionary of settings and distributions, not {self.search!r}")
        if self.recipes:
            both = [kind for kind in LISTED if getattr(self, kind)]
            require(not both, f"a study lists recipes or {' and '.join(LISTED)}, not recipes and {', '.join(both)}")
            _check_parts("recipes", self.recipes)
        for recipe in self.recipes:
            _check_parts("splits", recipe.splits)
        for kind in () if self.recipes else (*LISTED, "augmentations"):
            _check_parts(kind, getattr(self, kind))

    @property
    def rows(self) -> tuple[Recipe, ...]:
        """The recipes, or every combination of the components as recipes without a name."""
        return self.recipes or tuple(
            Recipe(feature_space=space, architecture=architecture, augmentation=augmentation, training=self.training, splits=self.splits)
            for space in self.feature_spaces for architecture in self.architectures for augmentation in self.augmentations)

    @property
    def protocols(self) -> tuple[Any, ...]:
        """Every split of the study, each once, in order."""
        return tuple({specified(split): split for row in self.rows for split in row.splits}.values())


def _check_parts(kind: str, parts: tuple[Any, ...]) -> None:
    require(len(parts) > 0, f"a study needs at least one of {kind}")
    wrong = [part for part in parts if not dataclasses.is_dataclass(part) or isinstance(part, type)]
    require(not wrong, f"{kind} must hold components, made with their fields such as Random8020(seed=1), not {wrong[:1]}")
    require(len(set(map(specified, parts))) == len(parts), f"{kind} must differ from each other: one is listed twice")


def specified(component: Any) -> str:
    """A component as canonical text; equal for components that give equal numbers."""
    return canonical(specification(component))


@dataclass(frozen=True)
class Cell:
    """One feature space × architecture × augmentation × protocol of a study with the settings that are searched in it."""

    base: Trial
    search: dict[str, Any]
    recipe: str = ""

    @property
    def label(self) -> str:
        """The recipe's name, or what it is made of."""
        return self.recipe or self.base.cell_label

    @property
    def key(self) -> str:
        """Tells apart cells that any setting distinguishes, its searched ranges aside: 8 hexadecimal digits."""
        return self.base.signature[:8]


def applies(trial: Trial, setting: str) -> bool:
    """Whether a trial has a component with this setting."""
    owner, _, field = setting.rpartition(".")
    return owner in _owners(trial) and field in field_types(type(_owners(trial)[owner]))


def with_settings(trial: Trial, settings: dict[str, Any]) -> Trial:
    """The trial with those settings changed that it has, all of a component at once. Raises BenchError on a wrong value."""
    wanted = [(*setting.rpartition(".")[::2], value) for setting, value in settings.items()]

    def changed(component: Any, *owners: str) -> Any:
        own = (*owners, label_of(type(component)))
        fields = {field: value for owner, field, value in wanted if owner in own and field in field_types(type(component))}
        return dataclasses.replace(component, **fields) if fields else component

    space, augmentation = changed(trial.feature_space, "feature_space"), trial.augmentation
    return dataclasses.replace(trial, training=changed(trial.training, "training"), split=changed(trial.split, "split"),
                               architecture=changed(trial.architecture, "architecture"),
                               augmentation=dataclasses.replace(augmentation, copies=tuple(map(changed, augmentation.copies)),
                                                                on_the_fly=tuple(map(changed, augmentation.on_the_fly))),
                               feature_space=dataclasses.replace(space, features=tuple(changed(f) for f in space.features)))


def setting_value(trial: Trial, setting: str) -> Any:
    """The value that a trial has for a setting such as `training.learning_rate` or `mel.n_mels`; None where it has none."""
    owner, _, field = setting.rpartition(".")
    return getattr(_owners(trial).get(owner), field, None)


def settings_of(trial: Trial) -> list[str]:
    """Every setting that a trial has, for near names in errors and for `bench show`."""
    return sorted({f"{owner}.{field}" for owner, component in _owners(trial).items() for field in field_types(type(component))})


def _owners(trial: Trial) -> dict[str, Any]:
    """What the part of a setting before its dot can name: component -> object."""
    parts = {"training": trial.training, "feature_space": trial.feature_space, "architecture": trial.architecture, "split": trial.split}
    augmentation = trial.augmentation
    components = (trial.architecture, trial.split, *trial.feature_space.features, *augmentation.copies, *augmentation.on_the_fly)
    return {**{label_of(type(c)): c for c in components}, **parts}


def plan(study: Study, corpus_fingerprint: str, settings: dict[str, Any] | None = None) -> list[Cell]:
    """Every cell of the study in order, with settings from the command line applied.

    Raises: BenchError with the near names for a setting or search key that no cell has.
    """
    rows = [(row, split) for split in study.protocols for row in study.rows if specified(split) in map(specified, row.splits)]
    bases = [Trial(corpus=study.corpus, corpus_fingerprint=corpus_fingerprint, feature_space=row.feature_space,
                   architecture=row.architecture, augmentation=row.augmentation, split=split, training=row.training,
                   backend=keras_backend()) for row, split in rows]
    fixed = settings or {}
    for setting in (*fixed, *study.search):
        if not any(applies(base, setting) for base in bases):
            raise unknown("setting of this study", setting, {s for base in bases for s in settings_of(base)})
    bases = [with_settings(base, fixed) for base in bases]
    for setting, distribution in study.search.items():
        for value in probes(setting, distribution):
            tried = [with_settings(base, {setting: value}) for base in bases]
            require(all(new.split == old.split for new, old in zip(tried, bases, strict=True)),
                    f"search[{setting!r}]: a split is not searched, since figures of different splits can't be compared; list it in splits")
    cells = [Cell(base, {s: d for s, d in study.search.items() if s not in fixed and applies(base, s)}, row.name)
             for base, (row, _) in zip(bases, rows, strict=True)]
    once: dict[str, Cell] = {}
    for cell in cells:
        same = once.setdefault(cell.key, cell)
        require(same is cell, f"{same.label} and {cell.label} on {short_label(cell.base.split)} are one and the same with these settings")
    return cells


def probes(setting: str, distribution: Any) -> tuple[Any, ...]:
    """The values of an Optuna distribution that tell whether a field takes it; BenchError for anything that is no distribution."""
    if hasattr(distribution, "choices"):
        odd = [choice for choice in distribution.choices if not isinstance(choice, (bool, int, float, str, type(None)))]
        require(not odd, f"search[{setting!r}]: a choice must be a number, a text, True, False or None, not {odd[:1]}: "
                         "Optuna can't store it; list components that differ so in the study instead")
        return tuple(distribution.choices)
    if not hasattr(distribution, "low"):
        raise UsageError(f"search[{setting!r}] must be an Optuna distribution such as FloatDistribution(1e-4, 1e-2, log=True), "
                         f"not {distribution!r}")
    return distribution.low, distribution.high


def keras_backend() -> str:
    """The Keras backend that will be used: KERAS_BACKEND, or TensorFlow."""
    return os.environ.get("KERAS_BACKEND", "tensorflow")
