"""What helps a network on a small corpus: averaged weights, warm-up, smoothing, votes, masks, mixup, copies, crops, or another network?

A plain network on a mel spectrogram under unseen speakers, and one change at a time, each of its own; with the same epochs, so that what
needs longer training gets none. Nothing is searched: each has usual settings, chosen before anything was tested, but for `weighed votes`,
which was added when `votes` had mostly answered neutral in a small run of 16 speakers, and for `copypaste` and `crops`, which were
added when all other rows had been trained and read. `crops` hears clips whole, where the others hear their first 3 s: one in six is longer.
Run: bench run --study what_helps --data DIR
Cost: 32 min for 36 of its 48 trainings on 2 cores, a little other work beside them; those on votes and the two added rows came later.
Expect: nothing gains; masks, averaged weights and se_resnet_2d lose 8 to 11 points, votes 13 to 24. The three validation speakers of
this protocol choose the epoch badly (of averaged weights the fourth, fifth and tenth, with .46, .43 and .61), and 12 epochs are few for
masks, mixup and copies.
"""

import dataclasses
from typing import Any

from harness import Recipe, Study, Training
from registry.architectures.conformer import Conformer
from registry.architectures.crnn import Crnn
from registry.architectures.crops import Crops
from registry.architectures.plain_2d import Plain2D
from registry.architectures.se_resnet_2d import SeResNet2D
from registry.augmentation import Augmentation
from registry.augmentations.copypaste import CopyPaste
from registry.augmentations.frequency_mask import FrequencyMask
from registry.augmentations.mixup import Mixup
from registry.augmentations.noise import Noise
from registry.augmentations.speed import Speed
from registry.augmentations.time_mask import TimeMask
from registry.corpora.crema_d import CremaD
from registry.feature_space import FeatureSpace
from registry.feature_spaces.mel import Mel
from registry.splits.unseen_speakers_70_30 import UnseenSpeakers7030

PLAIN = Recipe(
    name="plain",
    feature_space=FeatureSpace(features=(Mel(n_mels=40),), join="image"),
    architecture=Plain2D(),
    splits=(UnseenSpeakers7030(),),
    training=Training(learning_rate=2e-3, epochs=12),
)


def trained(name: str, **settings: Any) -> Recipe:
    """The plain recipe with other settings of its training."""
    return dataclasses.replace(PLAIN, name=name, training=dataclasses.replace(PLAIN.training, **settings))


STUDY = Study(
    corpus=CremaD(),
    recipes=(
        PLAIN,
        trained("weight average", weight_average=0.99),
        trained("warm-up", warm_up=2),
        trained("label smoothing", label_smoothing=0.1),
        trained("weight decay", weight_decay=0.01),
        trained("votes", target="votes"),
        trained("weighed votes", target="votes", class_weights=True),
        dataclasses.replace(PLAIN, name="masks", augmentation=Augmentation(on_the_fly=(FrequencyMask(), TimeMask()))),
        dataclasses.replace(PLAIN, name="mixup", augmentation=Augmentation(on_the_fly=(Mixup(),))),
        dataclasses.replace(PLAIN, name="speed", augmentation=Augmentation(copies=(Speed(),))),
        dataclasses.replace(PLAIN, name="noise", augmentation=Augmentation(copies=(Noise(),))),
        dataclasses.replace(PLAIN, name="copypaste", augmentation=Augmentation(copies=(CopyPaste(),))),
        dataclasses.replace(PLAIN, name="se_resnet_2d", architecture=SeResNet2D()),
        dataclasses.replace(PLAIN, name="crnn", architecture=Crnn()),
        dataclasses.replace(PLAIN, name="conformer", architecture=Conformer(),
                            feature_space=FeatureSpace(features=(Mel(n_mels=40),), join="channels")),
        dataclasses.replace(PLAIN, name="crops", architecture=Crops(architecture=Plain2D(), frames=94, windows=5),
                            feature_space=FeatureSpace(features=(Mel(n_mels=40),), join="image", duration_s=5.0)),
    ),
    baseline="plain",
    trials=0,
)
