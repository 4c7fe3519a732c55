"""What do three times the epochs gain for a network from scratch, and what do altered copies or blended clips gain with them?

The plain network of the study cnn2d on a mel spectrogram as that study trains it, for 12 epochs, and trained for 36, alone, with copies
of its clips at other speeds, and with blended clips whose stretches of time and bands are masked: the changes of the study what_helps that
need longer training than it gives. Under random clips and under unseen speakers. Nothing is searched; the settings are usual ones, chosen
before anything was tested, but for early stopping: a first training of `longer` showed that it ends a falling rate after 23 epochs, so that
it is off.
Run: bench run --study longer --data DIR
Cost: 19 min for six of its trainings on 2 cores that had other work beside them; copies at other speeds double the clips.
Expect: of one seed, 24 epochs more gain 2 points on heard speakers and lose 3 on new ones, where three speakers choose the epoch.
"""

import dataclasses

from harness import Recipe, Study, Training
from registry.architectures.plain_2d import Plain2D
from registry.augmentation import Augmentation
from registry.augmentations.frequency_mask import FrequencyMask
from registry.augmentations.mixup import Mixup
from registry.augmentations.speed import Speed
from registry.augmentations.time_mask import TimeMask
from registry.corpora.crema_d import CremaD
from registry.feature_space import FeatureSpace
from registry.feature_spaces.mel import Mel
from registry.splits.random_70_30 import Random7030
from registry.splits.unseen_speakers_70_30 import UnseenSpeakers7030

PLAIN = Recipe(
    name="plain",
    feature_space=FeatureSpace(features=(Mel(n_mels=40),), join="image"),
    architecture=Plain2D(),
    splits=(Random7030(), UnseenSpeakers7030()),
    training=Training(learning_rate=2e-3, epochs=12),
)
TO_THE_END = Training(learning_rate=2e-3, epochs=36, schedule="cosine", early_stopping=None)
LONGER = dataclasses.replace(PLAIN, name="longer", training=TO_THE_END)

STUDY = Study(
    corpus=CremaD(),
    recipes=(
        PLAIN,
        LONGER,
        dataclasses.replace(LONGER, name="longer, speed", augmentation=Augmentation(copies=(Speed(),))),
        dataclasses.replace(LONGER, name="longer, mixup, masks",
                            augmentation=Augmentation(on_the_fly=(Mixup(), FrequencyMask(), TimeMask()))),
    ),
    baseline="plain",
    trials=0,
)
