"""Does the machinery work on the smallest study there is? Two protocols, one network that fits, one that is declined."""

from optuna.distributions import FloatDistribution

from harness.study.definition import Study
from harness.study.trial import Training
from registry.architectures.plain_1d import Plain1D
from registry.architectures.plain_2d import Plain2D
from registry.corpora.synthetic import Synthetic
from registry.feature_space import FeatureSpace
from registry.feature_spaces.energy import Energy
from registry.feature_spaces.zcr import ZeroCrossingRate
from registry.splits.random_80_20 import Random8020
from registry.splits.unseen_speakers_80_20 import UnseenSpeakers8020

STUDY = Study(
    corpus=Synthetic(n_speakers=4, n_sentences=2),
    feature_spaces=(FeatureSpace(features=(ZeroCrossingRate(), Energy()), join="channels", duration_s=1.0),),
    architectures=(Plain1D(filters=(4,), dense=()), Plain2D(filters=(4,), dense=())),
    splits=(Random8020(), UnseenSpeakers8020()),
    training=Training(learning_rate=0.01, batch_size=16, epochs=2),
    search={"training.learning_rate": FloatDistribution(1e-3, 1e-1, log=True)},
    trials=2,
    seeds=(0, 1),
    best_models=1,
    measure_cost=False,
)
