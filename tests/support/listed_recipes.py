"""A study that lists recipes, as data and as the text of a study file."""

from __future__ import annotations

from tiny_study import STUDY

from harness.study.definition import Recipe, Study
from harness.study.trial import Training
from registry.augmentation import Augmentation
from registry.augmentations.frequency_mask import FrequencyMask
from registry.augmentations.gain import Gain
from registry.augmentations.mixup import Mixup
from registry.augmentations.noise import Noise

SPACE, NET, (RANDOM, UNSEEN) = STUDY.feature_spaces[0], STUDY.architectures[0], STUDY.splits
QUICK = Recipe(name="quick", feature_space=SPACE, architecture=NET, splits=(RANDOM,), training=Training(epochs=1))
NOISY = Recipe(name="noisy", feature_space=SPACE, architecture=NET, splits=(UNSEEN, RANDOM), training=Training(epochs=2, keep="last"),
               augmentation=Augmentation(copies=(Noise(), Gain()), on_the_fly=(FrequencyMask(width=1), Mixup())))
LISTED = Study(corpus=STUDY.corpus, recipes=(QUICK, NOISY), trials=0, seeds=(0,), measure_cost=False)
RECIPES = """
from harness.study.definition import Recipe, Study
from harness.study.trial import Training
from registry.augmentation import Augmentation
from registry.augmentations.gain import Gain
LISTED = Study(corpus=STUDY.corpus, trials=0, seeds=(0,), measure_cost=False, recipes=tuple(
    Recipe(name=name, feature_space=STUDY.feature_spaces[0], architecture=STUDY.architectures[0], splits=STUDY.splits[:n],
           training=Training(epochs=n), augmentation=Augmentation(copies=(Gain(),) * (n - 1)))
    for n, name in ((1, "quick"), (2, "louder"))))
STUDY = LISTED
"""
