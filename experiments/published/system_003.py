"""Do zero crossings with RMS (1-D) and a mel spectrogram in decibels (2-D) give what published system 003 reports on CREMA-D?

Read in its code: features, layers, penalties, split, optimiser, batch and epochs. Ours: zero-padding to 5.005 s, the whole corpus's longest
clip, also where part of the corpus is missing; "standardised on train" is taken for each value of the input by itself; the weights after
the last epoch are scored.
Run: bench replicate 003 --data DIR
Expect: less than the claim of .639 for 2-D: its best validation accuracy is .575, so the test figure may come from another split.
"""

from harness import Claim, Recipe, Study, Training
from registry.architectures.plain_1d import Plain1D
from registry.architectures.plain_2d import Plain2D
from registry.corpora.crema_d import CremaD
from registry.feature_space import FeatureSpace
from registry.feature_spaces.mel import Mel
from registry.feature_spaces.rms import Rms
from registry.feature_spaces.zcr import ZeroCrossingRate
from registry.splits.random_70_30 import Random7030
from registry.splits.unseen_speakers_70_30 import UnseenSpeakers7030

SPLITS = (Random7030(), UnseenSpeakers7030())

STUDY = Study(
    corpus=CremaD(),
    recipes=(
        Recipe(
            name="003_1d",
            feature_space=FeatureSpace(
                features=(ZeroCrossingRate(frame_length=2048, hop_length=512), Rms(frame_length=2048, hop_length=512)),
                join="end_to_end", duration_s=5.005, normalise="per_value"),
            architecture=Plain1D(filters=(16, 32, 32, 64), kernel_sizes=(3, 3, 5, 7), pools=(2, 0, 0, 2), pool_padding="valid",
                                 padding=("valid",), batch_norm=False, dropouts=(0.0,), l2=(0.1, 0.0, 0.0, 0.0), pooling="flatten",
                                 dense=(64, 32), dense_dropouts=(0.0,)),
            splits=SPLITS,
            training=Training(learning_rate=2.5e-3, batch_size=120, epochs=600, schedule="constant", keep="last", early_stopping=None),
        ),
        Recipe(
            name="003_2d",
            feature_space=FeatureSpace(features=(Mel(n_mels=128, n_fft=2048, hop_length=512, reference="clip_max"),), join="image",
                                       duration_s=5.005, normalise="none"),
            architecture=Plain2D(filters=(16, 32, 64, 64, 128, 128), kernel_sizes=(3, 3, 3, 5, 5, 7), pools=(2,), pool_padding="valid",
                                 padding=("valid", "valid", "valid", "same", "same", "same"), batch_norm=False, dropouts=(0.0,),
                                 l2=(0.0, 0.0, 0.0, 0.05, 0.05, 0.05), pooling="flatten", dense=(128, 64), dense_dropouts=(0.0,),
                                 dense_l2=(0.1, 0.0)),
            splits=SPLITS,
            training=Training(learning_rate=1e-3, batch_size=1024, epochs=300, schedule="constant", keep="last", early_stopping=None),
        ),
    ),
    trials=0,
    seeds=(0,),
    best_models=1,
)

CLAIMS = {
    "003_1d": Claim(wa=0.5087, macro_f1=0.4962, confusions=("DIS/NEU", "FEA/SAD")),
    "003_2d": Claim(wa=0.6386, macro_f1=0.6342, validation_wa=0.5747, confusions=("FEA/HAP", "FEA/SAD"),
                    remarks="the best validation accuracy in its log is .5747, so the test figure may come from another split"),
}
