"""Which of a cell's searched settings mattered: PED-ANOVA over its trials."""

from __future__ import annotations

import inspect
import json
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from harness.search.ranges import Range

LEAST_TRIALS = 16  # below which importances are luck
GOOD_TRIALS = 5  # that the best are taken to be: Optuna advises no fewer
GOOD_SHARE = 0.1  # of all, where that is more


def importances(points: Sequence[Mapping[str, Any]], ranges: Mapping[str, Range]) -> dict[str, float]:
    """How far each setting decides whether a trial is among the best; all add up to 1, the most important is first.

    PED-ANOVA asks only which trials are the best, so pruned ones count too: by their place behind the completed ones.

    Args: points: settings of each trial, the best first. ranges: of all settings.
    Returns: nothing for fewer than `LEAST_TRIALS` points, or fewer than two settings that vary.
    Reference: Watanabe et al., "PED-ANOVA: Efficiently Quantifying Hyperparameter Importance in Arbitrary Subspaces", IJCAI 2023.
    """
    if len(points) < LEAST_TRIALS or len(ranges) < 2:
        return {}
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    distributions = {setting: optuna.distributions.json_to_distribution(json.dumps({"name": of.name, "attributes": of.attributes}))
                     for setting, of in ranges.items()}
    study = optuna.create_study(direction="minimize")
    study.add_trials([optuna.trial.create_trial(params=dict(settings), distributions=distributions, value=float(place))
                      for place, settings in enumerate(points)])
    evaluator = optuna.importance.PedAnovaImportanceEvaluator
    quantile = "target_quantile" if "target_quantile" in inspect.signature(evaluator).parameters else "baseline_quantile"  # before 4.6
    arguments: dict[str, Any] = {quantile: max(GOOD_SHARE, GOOD_TRIALS / len(points))}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return dict(optuna.importance.get_param_importances(
            study, evaluator=evaluator(**arguments)))
