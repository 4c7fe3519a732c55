"""What do 1-D networks get out of the time domain alone, of MFCCs, and of a mel spectrogram read as a sequence?

Plain, residual and dilated networks over time, each searched under random clips and under unseen speakers.
Run: bench run --study cnn1d --data DIR
Cost: 34 min for 2 trials and 3 seeds a cell on 5,885 clips of CREMA-D, 2 cores busy with other work too (measured: reports/cnn1d.md).
Expect: features count for more than networks, a mel spectrogram beats MFCCs and both beat zero crossings with energy.
"""

from optuna.distributions import CategoricalDistribution, FloatDistribution

from harness import Study, Training
from registry.architectures.dilated_1d import Dilated1D
from registry.architectures.plain_1d import Plain1D
from registry.architectures.residual_1d import Residual1D
from registry.corpora.crema_d import CremaD
from registry.feature_space import FeatureSpace
from registry.feature_spaces.energy import Energy
from registry.feature_spaces.mel import Mel
from registry.feature_spaces.mfcc import Mfcc
from registry.feature_spaces.rms import Rms
from registry.feature_spaces.zcr import ZeroCrossingRate
from registry.splits.random_80_20 import Random8020
from registry.splits.unseen_speakers_80_20 import UnseenSpeakers8020

STUDY = Study(
    corpus=CremaD(),
    feature_spaces=(
        FeatureSpace(features=(ZeroCrossingRate(), Energy()), join="end_to_end"),
        FeatureSpace(features=(ZeroCrossingRate(), Rms(), Mfcc()), join="channels"),
        FeatureSpace(features=(Mel(),), join="channels"),
    ),
    architectures=(Plain1D(), Residual1D(), Dilated1D()),
    splits=(Random8020(), UnseenSpeakers8020()),
    training=Training(learning_rate=2e-3, epochs=15, early_stopping=8),
    search={
        "training.learning_rate": FloatDistribution(3e-4, 1e-2, log=True),
        "training.batch_size": CategoricalDistribution([32, 64, 128]),
        "architecture.dropout": FloatDistribution(0.1, 0.5),
    },
    trials=6,
    seeds=(0, 1, 2),
)
