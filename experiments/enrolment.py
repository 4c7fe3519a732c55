"""What is it worth to have heard a speaker before: how many clips without labels, and of which emotions?

Layers 2 to 4 of Whisper tiny.en with logistic regression on speakers that are not in training, standardised within each speaker by 1 to
20 known clips or by all, by neutral clips alone, and by all but the angry ones; each beside features that know nothing of the speaker.
CREMA-D's speakers say every emotion about equally often, which flatters known clips of any emotion.
Run: bench models pull whisper-tiny.en, then bench run --study enrolment --data DIR
Cost: 13 min on 2 cores that had other work beside it, with the features of the study encoders in the cache.
Expect: a few clips are worth most of it; neutral clips alone less than as many of all emotions.
"""

import dataclasses

from optuna.distributions import FloatDistribution

from harness import Study
from registry.architectures.logistic_regression import LogisticRegression
from registry.corpora.crema_d import CremaD
from registry.feature_space import FeatureSpace
from registry.feature_spaces.whisper import Whisper
from registry.splits.known_speakers import KnownSpeakers

KNOWS_NOTHING = FeatureSpace(features=(Whisper(),), join="vector", duration_s=None)
NUMBERS = (1, 2, 5, 10, 20, None)
NOT_ANGRY = ("DIS", "FEA", "HAP", "NEU", "SAD")

STUDY = Study(
    corpus=CremaD(),
    feature_spaces=(KNOWS_NOTHING, dataclasses.replace(KNOWS_NOTHING, normalise="per_speaker")),
    architectures=(LogisticRegression(C=0.01),),
    splits=(*(KnownSpeakers(enrolment=number) for number in NUMBERS),
            *(KnownSpeakers(enrolment=number, emotions=("NEU",)) for number in (5, 10)),
            *(KnownSpeakers(enrolment=number, emotions=NOT_ANGRY) for number in (5, 20))),
    search={"logistic_regression.C": FloatDistribution(1e-4, 1.0, log=True)},
    trials=8,
    seeds=(0,),
    measure_cost=False,
)
