"""Do DummyNet, RezoNet and ExpoNet of published system 002 give on CREMA-D what it reports, and what were its slips worth?

Read in its code: 22,050 Hz (librosa's default, where its README says 16 kHz), frames of 512 samples, 160 apart, five altered copies of
each training clip, altered after they are padded, layers, optimisers, weight decay, the softmax fed into a cross-entropy that applies
softmax again, which it does in all three networks. Ours: 20 epochs of its "20–50" for DummyNet, whose last weights are scored;
zero-padding to 5.005 s, the whole corpus's longest clip; "best by validation" is taken for the best UAR.
Beside each recipe stand two variants: `_one_softmax` with the loss corrected, `_16khz` with the rate and frames that its README states.
Run: bench replicate 002 --data DIR
Expect: DummyNet near .41 on the time domain, with or without the second softmax; ExpoNet best.
"""

from dataclasses import replace

from harness import Claim, Recipe, Study, Training
from registry.architectures.dummynet import DummyNet
from registry.architectures.exponet import ExpoNet
from registry.architectures.rezonet import RezoNet
from registry.augmentation import Augmentation
from registry.augmentations.gain import Gain
from registry.augmentations.noise_sigma import NoiseSigma
from registry.augmentations.pitch_shift import PitchShift
from registry.augmentations.time_shift import TimeShift
from registry.augmentations.time_stretch import TimeStretch
from registry.corpora.crema_d import CremaD
from registry.feature_space import FeatureSpace
from registry.feature_spaces.energy import Energy
from registry.feature_spaces.mel import Mel
from registry.feature_spaces.zcr import ZeroCrossingRate
from registry.splits.random_70_30 import Random7030
from registry.splits.unseen_speakers_70_30 import UnseenSpeakers7030

SPLITS = (Random7030(), UnseenSpeakers7030())
COPIES = Augmentation(copies=(
    NoiseSigma(sigma=0.005), TimeStretch(lowest_rate=0.9, highest_rate=1.1), TimeShift(most_samples=5000),
    PitchShift(lowest_semitones=-3.0, highest_semitones=2.0, whole_semitones=True), Gain(lowest_factor=0.5, highest_factor=1.5)),
    pad_first=True)
ZCR = ZeroCrossingRate(frame_length=512, hop_length=160)
ENERGY = Energy(frame_length=512, hop_length=160)
MEL = Mel(n_mels=40, n_fft=512, hop_length=160, per_clip="min_max")
TRAINING = Training(learning_rate=1e-4, batch_size=256, epochs=20, schedule="constant", keep="last", early_stopping=None)
MEL_TRAINING = replace(TRAINING, learning_rate=1e-3, batch_size=1, epochs=5)


def space(*features: ZeroCrossingRate | Energy | Mel) -> FeatureSpace:
    """The features one after the other at the rate of its code."""
    return FeatureSpace(features=features, join="end_to_end", sample_rate=22_050, duration_s=5.005, normalise="none")


def as_stated(recipe: Recipe) -> Recipe:
    """The recipe at 16 kHz with hops of 128 samples, as the README has it."""
    features = tuple(type(feature)(**{**vars(feature), "hop_length": 128}) for feature in recipe.feature_space.features)
    return replace(recipe, name=f"{recipe.name}_16khz", feature_space=replace(recipe.feature_space, features=features, sample_rate=16_000))


def corrected(recipe: Recipe) -> Recipe:
    """The recipe with one softmax."""
    return replace(recipe, name=f"{recipe.name}_one_softmax", architecture=replace(recipe.architecture, double_softmax=False))


RECIPES = (
    Recipe(name="002_dummynet_zcr", feature_space=space(ZCR), architecture=DummyNet(), splits=SPLITS, augmentation=COPIES,
           training=TRAINING),
    Recipe(name="002_dummynet_energy", feature_space=space(ENERGY), architecture=DummyNet(), splits=SPLITS, augmentation=COPIES,
           training=TRAINING),
    Recipe(name="002_dummynet_both", feature_space=space(ZCR, ENERGY), architecture=DummyNet(), splits=SPLITS, augmentation=COPIES,
           training=TRAINING),
    Recipe(name="002_dummynet_mel", feature_space=space(MEL), architecture=DummyNet(), splits=SPLITS, augmentation=COPIES,
           training=MEL_TRAINING),
    Recipe(name="002_rezonet", feature_space=replace(space(MEL), join="image"), architecture=RezoNet(weight_decay=0.01), splits=SPLITS,
           augmentation=COPIES,
           training=Training(learning_rate=1e-5, batch_size=16, epochs=86, schedule="step", drop_epochs=50, drop_factor=0.1,
                             early_stopping=None)),
    Recipe(name="002_exponet", feature_space=space(MEL, ZCR, ENERGY), architecture=ExpoNet(weight_decay=0.001), splits=SPLITS,
           augmentation=COPIES,
           training=Training(learning_rate=1e-5, batch_size=8, epochs=10, schedule="constant", early_stopping=None)),
)

STUDY = Study(
    corpus=CremaD(),
    recipes=(*RECIPES, *map(corrected, RECIPES), *map(as_stated, RECIPES)),
    trials=0,
    seeds=(0,),
    best_models=1,
)

CLAIMS = {
    "002_dummynet_zcr": Claim(wa=0.4066, macro_f1=0.3917),
    "002_dummynet_energy": Claim(wa=0.4151, macro_f1=0.4015),
    "002_dummynet_both": Claim(wa=0.4089, macro_f1=0.3596, never_predicted=("NEU",)),
    "002_dummynet_mel": Claim(wa=0.5092, macro_f1=0.5058),
    "002_rezonet": Claim(wa=0.4998, macro_f1=0.4984, remarks="UA .4995; an earlier run: 90.6 train / 48.7 validation / 49.8 test"),
    "002_exponet": Claim(wa=0.5795, macro_f1=0.5732, confusions=("FEA→SAD 103", "DIS→SAD 76"), remarks="UA .5824"),
}

VARIANTS = {f"{recipe.name}_{variant}": recipe.name for recipe in RECIPES for variant in ("one_softmax", "16khz")}
