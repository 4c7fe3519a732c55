"""The question of an experiment as data: Study and its recipes."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Literal

from harness.study.objectives import check as check_objectives
from harness.study.pruning import Pruning, kind_of, resolved
from harness.study.trial import Training
from registry.augmentation import Augmentation
from registry.core import canonical, checked, specification
from registry.errors import require
from registry.feature_space import FeatureSpace

if TYPE_CHECKING:
    from harness.study.pruning import Kind
else:
    Kind = Any  # checked by `kind_of`, which takes what studies of earlier versions say

LISTED = ("feature_spaces", "architectures", "splits")


@checked
class Recipe:
    """Components and a training that belong together, as in a published system: one cell in each of its splits.

    Args:
        name: its label in reports; empty for the labels of its components.
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
        feature_spaces, architectures, augmentations, splits: every combination is a cell, unless a component declines it with a reason.
        training: where the search starts.
        recipes: cells listed one by one instead, each with its own training and splits.
        baseline: name of the recipe that the report sets each other one beside, on the same test clips; empty: none.
        search: setting -> Optuna distribution, e.g. `{"training.learning_rate": FloatDistribution(1e-4, 1e-2, log=True)}`.
            A setting is `training.FIELD`, `feature_space.FIELD`, `architecture.FIELD` or `COMPONENT.FIELD`; one that no
            cell has is an error, one that only some have is searched in those. Splits are listed, never searched.
        trials: of each cell; the first has the settings written here. With 0 nothing is searched, and the finals have them.
        seeds: of the finals.
        sampler: of the search: `tpe` learns from a cell's trials, so its proposals depend on which ended first when several run at once;
            `random` does not. `nsgaii` breeds each generation of 8 trials from the best before, for two objectives.
        objectives: what the search looks for: `validation_uar`, and, where a second is given, little `latency_ms`, `multiply_adds` or
            `parameters`. Trials are not pruned then; finals have the trial of highest validation UAR, as with one objective.
        prune: which trials stop early; `auto` is `halving`, and `wilcoxon` where there are several `validation_folds`. `halving`: after
            `grace_epochs` epochs, and after `reduction_factor` times as many again and again, a trial goes on only if its best
            validation UAR so far is in the best 1/`reduction_factor` of the cell's trials that came so far (asynchronous successive
            halving, Li et al. 2020). `median`: from epoch 6 on, a trial stops below the median of the cell's completed trials.
            `wilcoxon`: one that is worse than the best trial stops, from its second fold on, by that test. `none`: no trial. The first
            trial, the settings as they are written, never stops.
        grace_epochs: None: a 27th of the epochs with a `reduction_factor` of 3, so that trials are compared three times. Take more where
            an epoch has few steps.
        validation_folds: with K > 1, each trial of the search is trained K times, each time validated on another fold of the training and
            validation clips, in which what the protocol keeps apart stays apart; its figure is the mean. Finals are trained as without.
        finals_as_written: train finals with the settings as written, too, in cells whose best trial has others: the report then says what
            searching was worth. They are no rows, and nothing is chosen among them.
        best_models: number of models of each protocol that are kept, chosen by validation UAR.
        measure_cost: measure latency, memory and size of each row at the end, which takes about 2 seconds a row. Rows whose model grows
            with the training part (`svm`), or needs several clips of a speaker, have none.
    """

    corpus: Any
    feature_spaces: tuple[FeatureSpace, ...] = ()
    architectures: tuple[Any, ...] = ()
    splits: tuple[Any, ...] = ()
    training: Training = Training()
    augmentations: tuple[Augmentation, ...] = (Augmentation(),)
    recipes: tuple[Recipe, ...] = ()
    baseline: str = ""
    search: dict[str, Any] = dataclasses.field(default_factory=dict)
    trials: int = 10
    seeds: tuple[int, ...] = (0, 1, 2)
    sampler: Literal["tpe", "random", "nsgaii"] = "tpe"
    objectives: tuple[str, ...] = ("validation_uar",)
    prune: Kind = "auto"
    grace_epochs: int | None = None
    reduction_factor: int = 3
    validation_folds: int = 1
    finals_as_written: bool = False
    best_models: int = 3
    measure_cost: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "prune", kind_of(self.prune))
        require(self.trials >= 0, f"trials must be 0 or more, not {self.trials}")
        require(self.validation_folds >= 1, "validation_folds must be 1, for the validation part of each protocol, or more, not "
                                            f"{self.validation_folds}")
        check_objectives(self.objectives, self.prune)
        _ = self.pruning
        require(len(self.seeds) > 0, "a study needs at least one seed for its finals")
        require(len(set(self.seeds)) == len(self.seeds), f"seeds must differ from each other, not {self.seeds}")
        require(isinstance(self.search, dict), f"search must be a dictionary of settings and distributions, not {self.search!r}")
        if self.recipes:
            both = [kind for kind in LISTED if getattr(self, kind)]
            require(not both, f"a study lists recipes or {' and '.join(LISTED)}, not recipes and {', '.join(both)}")
            _check_parts("recipes", self.recipes)
        names = [recipe.name for recipe in self.recipes if recipe.name]
        require(not self.baseline or self.baseline in names,
                f"baseline must be the name of a recipe, one of {', '.join(names) or 'none'}, not {self.baseline!r}")
        for recipe in self.recipes:
            _check_parts("splits", recipe.splits)
        for kind in () if self.recipes else (*LISTED, "augmentations"):
            _check_parts(kind, getattr(self, kind))

    @property
    def pruning(self) -> Pruning:
        """When a trial is given up. Raises: UsageError for a number of epochs or a factor that can't be, or what does not go with folds."""
        return Pruning(resolved(self.prune, self.validation_folds, len(self.objectives)), self.grace_epochs, self.reduction_factor)

    @property
    def rows(self) -> tuple[Recipe, ...]:
        """The recipes, or every combination of the components as recipes without a name."""
        return self.recipes or tuple(
            Recipe(feature_space=space, architecture=architecture, augmentation=augmentation, training=self.training, splits=self.splits)
            for space in self.feature_spaces for architecture in self.architectures for augmentation in self.augmentations)

    @property
    def as_written(self) -> int:
        """How many finals a cell has with the settings as written beside those of its best trial, at most."""
        return len(self.seeds) if self.finals_as_written and self.trials > 1 else 0

    @property
    def protocols(self) -> tuple[Any, ...]:
        """Every split of the study, each once, in order."""
        return tuple({specification_text(split): split for row in self.rows for split in row.splits}.values())


def _check_parts(kind: str, parts: tuple[Any, ...]) -> None:
    require(len(parts) > 0, f"a study needs at least one of {kind}")
    wrong = [part for part in parts if not dataclasses.is_dataclass(part) or isinstance(part, type)]
    require(not wrong, f"{kind} must hold components such as Random8020(seed=1), not {wrong[:1]}")
    require(len(set(map(specification_text, parts))) == len(parts), f"{kind} must differ from each other: one is listed twice")


def specification_text(component: Any) -> str:
    """A component as canonical text, equal for components that give equal numbers."""
    return canonical(specification(component))
