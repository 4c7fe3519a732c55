"""What does a frozen speech encoder know of emotions, in which of its layers, and how much of it is voices that it has heard?

Mean and standard deviation over time of each layer of Whisper tiny.en, alone and side by side, beside two sets of functionals: eGeMAPS, the
field's usual baseline, and those of MFCCs. Linear classifiers, a support vector machine and a small network, under random clips and under
unseen speakers; and on leaderboards of their own, rows that know by clips without labels how each speaker usually sounds.
Needs: pip install 'ser-bench[opensmile]', and bench models pull whisper-tiny.en
Run: bench run --study encoders --data DIR; for folds of all speakers, with the settings as written here,
bench run --study encoders --split speaker_folds --all-folds --trials 0 --seeds 0 --data DIR
Cost: 30 min on 2 cores, 7 of them for the features and 4 to measure what rows cost; the folds 21 min beside other work.
Expect: the upper layers know more of emotions and less of voices, several side by side know most, and all know more than functionals.
"""

import dataclasses

from optuna.distributions import FloatDistribution

from harness import Recipe, Study, Training
from registry.architectures.logistic_regression import LogisticRegression
from registry.architectures.mlp import Mlp
from registry.architectures.svm import Svm
from registry.corpora.crema_d import CremaD
from registry.feature_space import FeatureSpace
from registry.feature_spaces.egemaps import Egemaps
from registry.feature_spaces.mfcc import Mfcc
from registry.feature_spaces.whisper import Whisper
from registry.splits.known_speakers import KnownSpeakers
from registry.splits.random_70_30 import Random7030
from registry.splits.unseen_speakers_70_30 import UnseenSpeakers7030

EGEMAPS = FeatureSpace(features=(Egemaps(),), join="vector", duration_s=None)
MFCC = FeatureSpace(features=(Mfcc(n_mfcc=26),), join="vector", statistics=("mean", "std", "quartiles", "slope"), duration_s=None)
LAYERS = [(0,), (1,), (2,), (3,), (4,), (5,), (2, 3, 4), (0, 1, 2, 3, 4, 5)]
WHISPER = {layers: FeatureSpace(features=(Whisper(layers=layers),), join="vector", duration_s=None) for layers in LAYERS}
PAIRS = [
    *((space, LogisticRegression(C=0.01)) for space in (*WHISPER.values(), EGEMAPS, MFCC)),
    *((space, Svm()) for space in (EGEMAPS, MFCC)),
    *((space, Mlp()) for space in (WHISPER[2, 3, 4], WHISPER[0, 1, 2, 3, 4, 5], MFCC)),
]
OF_KNOWN_SPEAKERS = [(space, LogisticRegression(C=0.01)) for space in (
    WHISPER[2, 3, 4], *(dataclasses.replace(space, normalise="per_speaker") for space in (WHISPER[2, 3, 4], MFCC)))]
SPLITS = (Random7030(), UnseenSpeakers7030())
KNOWN_SPEAKERS = (KnownSpeakers(protocol=Random7030()), KnownSpeakers())

STUDY = Study(
    corpus=CremaD(),
    recipes=tuple(Recipe(feature_space=space, architecture=architecture, splits=splits, training=Training(epochs=20))
                  for splits, pairs in ((SPLITS, PAIRS), (KNOWN_SPEAKERS, OF_KNOWN_SPEAKERS)) for space, architecture in pairs),
    search={
        "logistic_regression.C": FloatDistribution(1e-4, 1.0, log=True),
        "svm.C": FloatDistribution(0.1, 100.0, log=True),
        "mlp.dropout": FloatDistribution(0.2, 0.8),
        "training.learning_rate": FloatDistribution(1e-4, 1e-2, log=True),
    },
    trials=6,
    seeds=(0, 1, 2),
)
