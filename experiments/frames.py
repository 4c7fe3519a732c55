"""Are the mean and standard deviation of a frozen encoder's frames enough, or does a network that weighs the frames do better?

Layer 3 of Whisper tiny.en, of single layers the one of highest validation UAR on new speakers in the study encoders: its mean and
standard deviation over time with a linear layer and with a small network, beside its frames with attention pooling. All hear the first 3 s
of a clip; frames are of clips padded to that, so that attention must find out what is silence. Nothing is searched.
Needs: bench models pull whisper-tiny.en, and 1.8 GB of disk for the frames of CREMA-D
Run: bench run --study frames --data DIR
Cost: 14 min on 2 cores with a little other work, 7 of them for the features; attention trains two minutes, the others ten seconds.
Expect: attention pooling loses 2 to 3 points to mean and standard deviation with a small network.
"""

from harness import Recipe, Study, Training
from registry.architectures.attention_pool import AttentionPool
from registry.architectures.linear import Linear
from registry.architectures.mlp import Mlp
from registry.corpora.crema_d import CremaD
from registry.feature_space import FeatureSpace
from registry.feature_spaces.whisper import Whisper
from registry.splits.random_70_30 import Random7030
from registry.splits.unseen_speakers_70_30 import UnseenSpeakers7030

LAYER = (Whisper(layers=(3,)),)
POOLED = FeatureSpace(features=LAYER, join="vector", duration_s=3.0)
FRAMES = FeatureSpace(features=LAYER, join="channels", duration_s=3.0)

STUDY = Study(
    corpus=CremaD(),
    recipes=tuple(
        Recipe(name=name, feature_space=space, architecture=architecture, splits=(Random7030(), UnseenSpeakers7030()),
               training=Training(learning_rate=1e-3, epochs=20))
        for name, space, architecture in (("mean and deviation, linear", POOLED, Linear()), ("mean and deviation, mlp", POOLED, Mlp()),
                                          ("frames, attention", FRAMES, AttentionPool()))),
    baseline="mean and deviation, mlp",
    trials=0,
)
