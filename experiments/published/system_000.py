"""Do zero crossings with energy (1-D) and a linear mel spectrogram (2-D) give what published system 000 reports on CREMA-D?

Read in its code: features, layers, split, optimiser, batch and epochs. Ours: zero-padding to 5.005 s, the whole corpus's longest clip, also
where part of the corpus is missing; the weights after the last epoch are scored, since its code selects none.
Run: bench replicate 000 --data DIR
Expect: near the claim of .46 for both; its report prints the last epoch's validation accuracy as test (.456 / .487).
"""

from harness import Claim, Recipe, Study, Training
from registry.architectures.plain_1d import Plain1D
from registry.architectures.plain_2d import Plain2D
from registry.corpora.crema_d import CremaD
from registry.feature_space import FeatureSpace
from registry.feature_spaces.energy import Energy
from registry.feature_spaces.mel import Mel
from registry.feature_spaces.zcr import ZeroCrossingRate
from registry.splits.random_70_30 import Random7030
from registry.splits.unseen_speakers_70_30 import UnseenSpeakers7030

SPLITS = (Random7030(), UnseenSpeakers7030())

STUDY = Study(
    corpus=CremaD(),
    recipes=(
        Recipe(
            name="000_1d",
            feature_space=FeatureSpace(
                features=(ZeroCrossingRate(frame_length=2048, hop_length=512), Energy(frame_length=2048, hop_length=512)),
                join="end_to_end", sample_rate=22_050, duration_s=5.005, normalise="none"),
            architecture=Plain1D(filters=(512, 128, 64), pools=(2,), pool_padding="valid", batch_norm=False, dropouts=(0.0, 0.2, 0.0),
                                 pooling="flatten", dense=(64, 32), dense_dropouts=(0.2, 0.0)),
            splits=SPLITS,
            training=Training(learning_rate=1e-3, batch_size=32, epochs=30, schedule="constant", keep="last", early_stopping=None),
        ),
        Recipe(
            name="000_2d",
            feature_space=FeatureSpace(features=(Mel(n_mels=128, n_fft=2048, hop_length=512, scale="power"),), join="image",
                                       sample_rate=22_050, duration_s=5.005, normalise="none"),
            architecture=Plain2D(filters=(256, 128, 64), kernel_sizes=(3, 4, 4), pools=(2,), pool_padding="valid", batch_norm=False,
                                 dropouts=(0.0,), pooling="flatten", dense=(64,), dense_dropouts=(0.3,)),
            splits=SPLITS,
            training=Training(learning_rate=1e-4, batch_size=32, epochs=25, schedule="constant", keep="last", early_stopping=None),
        ),
    ),
    trials=0,
    seeds=(0,),
    best_models=1,
)

CLAIMS = {
    "000_1d": Claim(wa=0.4581, macro_f1=0.44, validation_wa=0.4559, confusions=("FEA→SAD 111", "DIS→SAD 91"),
                    remarks="its report prints the last epoch's validation accuracy (.4559) as test"),
    "000_2d": Claim(wa=0.4626, macro_f1=0.45, validation_wa=0.4866, confusions=("FEA→SAD 100", "HAP→ANG 85"),
                    remarks="its report prints the last epoch's validation accuracy (.4866) as test"),
}
