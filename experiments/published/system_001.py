"""Do five joined features (1-D) and a mel spectrogram (2-D) give what published system 001 states on CREMA-D?

Stated in its README: 16 kHz, silence trimmed, 3 s, the features, the splits, noise and shift (1-D), a frequency mask (2-D), and for 2-D
RMSprop, batch 16 and 1000 epochs. Ours, since it says no more: the layers (those of system 000), trimming at 60 dB, frames of 1024
samples, 512 apart, features joined as channels and standardised on the training clips, noise at 10 to 20 dB SNR, shifts of up to 0.1 s,
the masks, the best epoch by validation, and for 1-D Adam 1e-3, batch 32 and 30 epochs.
Run: bench replicate 001 --data DIR
Expect: the claims (.512, .571) from random clips, less from unseen speakers.
"""

from harness import Claim, Recipe, Study, Training
from registry.architectures.plain_1d import Plain1D
from registry.architectures.plain_2d import Plain2D
from registry.augmentation import Augmentation
from registry.augmentations.frequency_mask import FrequencyMask
from registry.augmentations.noise import Noise
from registry.augmentations.time_shift import TimeShift
from registry.corpora.crema_d import CremaD
from registry.feature_space import FeatureSpace
from registry.feature_spaces.chroma import Chroma
from registry.feature_spaces.energy import Energy
from registry.feature_spaces.mel import Mel
from registry.feature_spaces.mfcc import Mfcc
from registry.feature_spaces.rms import Rms
from registry.feature_spaces.zcr import ZeroCrossingRate
from registry.splits.random_70_30 import Random7030
from registry.splits.random_80_20 import Random8020
from registry.splits.unseen_speakers_70_30 import UnseenSpeakers7030
from registry.splits.unseen_speakers_80_20 import UnseenSpeakers8020

STUDY = Study(
    corpus=CremaD(),
    recipes=(
        Recipe(
            name="001_1d",
            feature_space=FeatureSpace(features=(ZeroCrossingRate(), Energy(), Rms(), Mfcc(), Chroma()), join="channels", trim_db=60.0),
            architecture=Plain1D(filters=(512, 128, 64), pools=(2,), pool_padding="valid", batch_norm=False, dropouts=(0.0, 0.2, 0.0),
                                 pooling="flatten", dense=(64, 32), dense_dropouts=(0.2, 0.0)),
            splits=(Random8020(), UnseenSpeakers8020()),
            augmentation=Augmentation(copies=(Noise(lowest_snr_db=10.0, highest_snr_db=20.0), TimeShift(most_samples=1600))),
            training=Training(learning_rate=1e-3, batch_size=32, epochs=30, schedule="constant", early_stopping=None),
        ),
        Recipe(
            name="001_2d",
            feature_space=FeatureSpace(features=(Mel(n_mels=64),), join="image", trim_db=60.0),
            architecture=Plain2D(filters=(256, 128, 64), kernel_sizes=(3, 4, 4), pools=(2,), pool_padding="valid", batch_norm=False,
                                 dropouts=(0.0,), pooling="flatten", dense=(64,), dense_dropouts=(0.3,)),
            splits=(Random7030(), UnseenSpeakers7030()),
            augmentation=Augmentation(on_the_fly=(FrequencyMask(),)),
            training=Training(optimizer="rmsprop", learning_rate=1e-3, batch_size=16, epochs=1000, schedule="constant",
                              early_stopping=None),
        ),
    ),
    trials=0,
    seeds=(0,),
    best_models=1,
)

CLAIMS = {
    "001_1d": Claim(wa=0.512, validation_wa=0.505, test_clips=1489, ours="layers and training", remarks="stated in its README only"),
    "001_2d": Claim(wa=0.5709, validation_wa=0.563, ours="layers", remarks="stated in its README only"),
}
