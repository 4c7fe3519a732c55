"""How far does a network from scratch get on a small corpus where a GPU trains it: wider still, longer, with more altered copies?

The large network of the study from_scratch, with copies, 2.7 times as wide again, for 60 epochs, with four copies of each training clip at
other speeds, so that an epoch has five times as many clips; and that with masks over bands and frames. Under random clips and under unseen
speakers, one seed each. Nothing is searched: the settings were written down before any of these rows was trained, and are those of
from_scratch otherwise, whose test figures were known. A third row, a residual network with squeeze and excitation, was begun beside them
and is not here: it was too slow to end, and its test parts were not opened.
Run: KERAS_BACKEND=jax bench run --study from_scratch_gpu --trials-per-gpu 4 --data DIR
Cost: 5 minutes a training on an H200, beside up to twelve others; JAX multiplies float32 in TensorFloat-32 there, by default.
Expect: a UAR of .65 to .68 on new speakers and .68 to .70 on heard ones; what validation chooses can't be told from from_scratch.
"""

import dataclasses

from experiments.from_scratch import LARGE
from harness import Study
from registry.architectures.dilated_1d import Dilated1D
from registry.augmentation import Augmentation
from registry.augmentations.frequency_mask import FrequencyMask
from registry.augmentations.speed import Speed
from registry.augmentations.time_mask import TimeMask
from registry.corpora.crema_d import CremaD

COPIES = (Speed(), Speed(), Speed(), Speed())
WIDE = dataclasses.replace(
    LARGE, name="wide", architecture=Dilated1D(filters=256, dropout=0.3), augmentation=Augmentation(copies=COPIES),
    training=dataclasses.replace(LARGE.training, epochs=60, batch_size=128))

STUDY = Study(
    corpus=CremaD(),
    recipes=(WIDE, dataclasses.replace(WIDE, name="wide, masks",
                                       augmentation=Augmentation(copies=COPIES, on_the_fly=(FrequencyMask(), TimeMask())))),
    baseline="wide",
    trials=0,
    seeds=(0,),
)
