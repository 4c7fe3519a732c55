"""Does a frozen speech encoder leak voices, does it stand noise, does it transfer to other corpora, and does a network from scratch?

Layers 2 to 4 of Whisper tiny.en and functionals of MFCCs with logistic regression, and the plain network of the study cnn2d on a mel
spectrogram, on speakers that are not in training: the three rows of which `bench leakage`, `bench noise` and `bench transfer` ask what a
leaderboard can't say.
Run: bench models pull whisper-tiny.en, then bench run --study frozen --data DIR; bench noise frozen --levels 10 0 --data DIR;
bench leakage --study frozen --seeds 0 --enrolment 1 2 5 10 20 all --data DIR (85 minutes on 2 cores, much of it beside other work);
bench transfer --study frozen --seeds 0 --data DIR
"""

from harness import Recipe, Study, Training
from registry.architectures.logistic_regression import LogisticRegression
from registry.architectures.plain_2d import Plain2D
from registry.corpora.crema_d import CremaD
from registry.feature_space import FeatureSpace
from registry.feature_spaces.mel import Mel
from registry.feature_spaces.mfcc import Mfcc
from registry.feature_spaces.whisper import Whisper
from registry.splits.unseen_speakers_70_30 import UnseenSpeakers7030

WHISPER = FeatureSpace(features=(Whisper(),), join="vector", duration_s=None)
MFCC = FeatureSpace(features=(Mfcc(n_mfcc=26),), join="vector", statistics=("mean", "std", "quartiles", "slope"), duration_s=None)
MEL = FeatureSpace(features=(Mel(n_mels=40),), join="image")

STUDY = Study(
    corpus=CremaD(),
    recipes=(
        Recipe(feature_space=WHISPER, architecture=LogisticRegression(C=0.01), splits=(UnseenSpeakers7030(),)),
        Recipe(feature_space=MFCC, architecture=LogisticRegression(C=0.01), splits=(UnseenSpeakers7030(),)),
        Recipe(feature_space=MEL, architecture=Plain2D(), splits=(UnseenSpeakers7030(),), training=Training(learning_rate=2e-3, epochs=12)),
    ),
    trials=0,
    seeds=(0,),
    measure_cost=False,
)
