"""What do 1-D networks get out of the time domain alone, of MFCCs, and of a mel spectrogram read as a sequence?

Plain and dilated networks over time, searched under random clips and under unseen speakers, 70:30 and 80:20. Residual networks are left
out: in an earlier run of two trials a cell their validation UAR was the lowest in five of six comparisons, for nearly a third of the time.
Run: bench run --study cnn1d --data DIR
Cost: 1.1 h of training on 2 cores, much of it beside other work: pruning left 1,078 of the search's 4,608 epochs; 108 finals came after.
Expect: a mel spectrogram and MFCCs can't be told apart; both beat zero crossings and energy by 6 to 17 points; dilated nets are no worse
than plain ones; heard voices give the chosen rows 1 to 8 points; searching is worth nothing over the settings as written.
"""

from optuna.distributions import CategoricalDistribution, FloatDistribution

from harness import Study, Training
from registry.architectures.dilated_1d import Dilated1D
from registry.architectures.plain_1d import Plain1D
from registry.corpora.crema_d import CremaD
from registry.feature_space import FeatureSpace
from registry.feature_spaces.energy import Energy
from registry.feature_spaces.mel import Mel
from registry.feature_spaces.mfcc import Mfcc
from registry.feature_spaces.rms import Rms
from registry.feature_spaces.zcr import ZeroCrossingRate
from registry.splits.random_70_30 import Random7030
from registry.splits.random_80_20 import Random8020
from registry.splits.unseen_speakers_70_30 import UnseenSpeakers7030
from registry.splits.unseen_speakers_80_20 import UnseenSpeakers8020

STUDY = Study(
    corpus=CremaD(),
    feature_spaces=(
        FeatureSpace(features=(ZeroCrossingRate(), Energy()), join="end_to_end"),
        FeatureSpace(features=(ZeroCrossingRate(), Rms(), Mfcc()), join="channels"),
        FeatureSpace(features=(Mel(),), join="channels"),
    ),
    architectures=(Plain1D(), Dilated1D()),
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
