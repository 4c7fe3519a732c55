"""How much of what a row scores is voices that it has heard in training, and in which layers of a speech encoder does it lie?

Each layer of Whisper tiny.en alone, layers 2 to 4 side by side, and functionals of MFCCs, with logistic regression at one strength, so that
protocols differ in nothing but voices. Five folds of random clips and of speakers test every clip of the corpus once, so that the gap of
the two is paired over all speakers, and parts are of one size in both; beside them the usual 70 % of clips or of speakers.
Run: bench models pull whisper-tiny.en, then bench run --study voices --all-folds --data DIR
Cost: about 8 min of one core, with the features of the study encoders in the cache.
"""

from harness import Study
from registry.architectures.logistic_regression import LogisticRegression
from registry.corpora.crema_d import CremaD
from registry.feature_space import FeatureSpace
from registry.feature_spaces.mfcc import Mfcc
from registry.feature_spaces.whisper import Whisper
from registry.splits.random_70_30 import Random7030
from registry.splits.random_folds import RandomFolds
from registry.splits.speaker_folds import SpeakerFolds
from registry.splits.unseen_speakers_70_30 import UnseenSpeakers7030

LAYERS = [(0,), (1,), (2,), (3,), (4,), (5,), (2, 3, 4)]

STUDY = Study(
    corpus=CremaD(),
    feature_spaces=(
        *(FeatureSpace(features=(Whisper(layers=layers),), join="vector", duration_s=None) for layers in LAYERS),
        FeatureSpace(features=(Mfcc(n_mfcc=26),), join="vector", statistics=("mean", "std", "quartiles", "slope"), duration_s=None)),
    architectures=(LogisticRegression(C=0.01),),
    splits=(Random7030(), UnseenSpeakers7030(), RandomFolds(validation_share=0.25), SpeakerFolds()),
    trials=0,
    seeds=(0,),
    best_models=0,
    measure_cost=False,
)
