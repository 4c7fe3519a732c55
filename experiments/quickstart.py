"""Does the whole path work on this machine? Two small networks on synthetic speech, of speakers that training knows and of others.

Both read a mel spectrogram as a sequence. Real clips take the place of the synthetic ones by `--corpus crema_d --data DIR`, for example.
Run: bench run --study quickstart
Expect: both networks learn, can't be told apart, and understand the speakers that they know better.
"""

from optuna.distributions import FloatDistribution

from harness import Study, Training
from registry.architectures.plain_1d import Plain1D
from registry.architectures.residual_1d import Residual1D
from registry.corpora.synthetic import Synthetic
from registry.feature_space import FeatureSpace
from registry.feature_spaces.mel import Mel
from registry.splits.random_80_20 import Random8020
from registry.splits.unseen_speakers_80_20 import UnseenSpeakers8020

STUDY = Study(
    corpus=Synthetic(n_speakers=80, n_sentences=5),
    feature_spaces=(FeatureSpace(features=(Mel(n_mels=24),), join="channels", duration_s=3.5),),
    architectures=(Plain1D(filters=(24, 32, 48)), Residual1D(filters=16)),
    splits=(Random8020(), UnseenSpeakers8020()),
    training=Training(learning_rate=4e-3, batch_size=32, epochs=8),
    search={"training.learning_rate": FloatDistribution(1e-3, 2e-2, log=True)},
    trials=3,
    grace_epochs=2,
    seeds=(0, 1),
)
