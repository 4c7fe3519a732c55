"""Which 2-D network reads a mel spectrogram best, and how much of its score comes from speakers that it knows from training?

Plain, residual and dilated networks of about ten million multiply–adds each on a 40-band mel spectrogram in decibels, searched under random
clips (70:30 and 80:20, as the published systems split) and under unseen speakers (the same proportions, no speaker in two parts).
Run: bench run --study cnn2d --data DIR
Cost: 2.9 h of training on 2 cores, some of it beside other work: pruning left 617 of the search's 2,304 epochs, and 39 finals came after.
Expect: the plain network reaches .61 on new speakers and is the best or can't be told from it; what random clips flatter, 0 to 8 points of
UAR, can be told from nothing for one of six rows; searching is worth a point at most.
"""

from optuna.distributions import CategoricalDistribution, FloatDistribution

from harness import Study, Training
from registry.architectures.dilated_2d import Dilated2D
from registry.architectures.plain_2d import Plain2D
from registry.architectures.residual_2d import Residual2D
from registry.corpora.crema_d import CremaD
from registry.feature_space import FeatureSpace
from registry.feature_spaces.mel import Mel
from registry.splits.random_70_30 import Random7030
from registry.splits.random_80_20 import Random8020
from registry.splits.unseen_speakers_70_30 import UnseenSpeakers7030
from registry.splits.unseen_speakers_80_20 import UnseenSpeakers8020

STUDY = Study(
    corpus=CremaD(),
    feature_spaces=(FeatureSpace(features=(Mel(n_mels=40),), join="image"),),
    architectures=(Plain2D(), Residual2D(), Dilated2D(filters=12)),
    splits=(Random7030(), UnseenSpeakers7030(), Random8020(), UnseenSpeakers8020()),
    training=Training(learning_rate=2e-3, epochs=12),
    search={
        "training.learning_rate": FloatDistribution(3e-4, 1e-2, log=True),
        "training.batch_size": CategoricalDistribution([32, 64, 128]),
        "architecture.dropout": FloatDistribution(0.1, 0.5),
    },
    trials=16,
    seeds=(0, 1, 2),
    finals_as_written=True,
)
