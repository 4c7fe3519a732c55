"""Does the whole path work on this machine? Two small networks on a mel spectrogram, unseen speakers.

Run: bench run --study quickstart --corpus synthetic
"""

from optuna.distributions import FloatDistribution

from harness import Study, Training
from registry.architectures.plain_2d import Plain2D
from registry.architectures.residual_2d import Residual2D
from registry.corpora.crema_d import CremaD
from registry.feature_space import FeatureSpace
from registry.feature_spaces.mel import Mel
from registry.splits.unseen_speakers_80_20 import UnseenSpeakers8020

STUDY = Study(
    corpus=CremaD(),
    feature_spaces=(FeatureSpace(features=(Mel(n_mels=40),), join="image"),),
    architectures=(Plain2D(filters=(8, 16, 24)), Residual2D(filters=8)),
    splits=(UnseenSpeakers8020(),),
    training=Training(learning_rate=3e-3, batch_size=32, epochs=10),
    search={"training.learning_rate": FloatDistribution(5e-4, 1e-2, log=True)},
    trials=2,
    seeds=(0, 1),
)
