"""Does a frozen speech encoder leak voices, does it stand noise, does it transfer to other corpora?

Layers 2 to 4 of Whisper tiny.en beside functionals of MFCCs, both with logistic regression, on speakers that are not in training: the two
rows of which `bench leakage`, `bench noise` and `bench transfer` ask what a leaderboard can't say.
Run: bench models pull whisper-tiny.en, then bench run --study frozen --data DIR; bench noise frozen --data DIR;
bench leakage --study frozen --seeds 0 --copies --enrolment 1 2 5 10 20 all --data DIR; bench transfer --study frozen --seeds 0 --data DIR
"""

from harness import Study
from registry.architectures.logistic_regression import LogisticRegression
from registry.corpora.crema_d import CremaD
from registry.feature_space import FeatureSpace
from registry.feature_spaces.mfcc import Mfcc
from registry.feature_spaces.whisper import Whisper
from registry.splits.unseen_speakers_70_30 import UnseenSpeakers7030

STUDY = Study(
    corpus=CremaD(),
    feature_spaces=(
        FeatureSpace(features=(Whisper(),), join="vector", duration_s=None),
        FeatureSpace(features=(Mfcc(n_mfcc=26),), join="vector", statistics=("mean", "std", "quartiles", "slope"), duration_s=None)),
    architectures=(LogisticRegression(C=0.01),),
    splits=(UnseenSpeakers7030(),),
    trials=0,
    seeds=(0,),
    measure_cost=False,
)
