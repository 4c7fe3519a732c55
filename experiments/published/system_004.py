"""Does a deep 1-D network over four corpora give the .59 of published system 004 in seven classes?

Stated in its README: the corpora, seven classes, an input of (880, 1), layers, Adam, early stopping, reducing the rate on a plateau, batch
64 and 10 epochs; noise, shift, pitch and stretch after the split. Ours: 2.5 s at 16 kHz in 40 frames of 2048 samples, 1024 apart (22
bands: zero crossings, RMS, 20 MFCCs), each value standardised on the training clips, one altered copy of each training clip for each
augmentation, a rate of 1e-3 that halves after 2 epochs without a better validation UAR, stopping after 5, and calm merged into neutral,
since only so the four corpora hold its 12,162 clips.
Run: bench replicate 004 --data DIR
Expect: more than the CREMA-D systems, since TESS is easy: two speakers who say the same words in every emotion.
"""

from harness import Claim, Recipe, Study, Training
from registry.architectures.four_corpora_1d import FourCorpora1D
from registry.augmentation import Augmentation
from registry.augmentations.noise import Noise
from registry.augmentations.pitch_shift import PitchShift
from registry.augmentations.time_shift import TimeShift
from registry.augmentations.time_stretch import TimeStretch
from registry.corpora.combined import Combined
from registry.feature_space import FeatureSpace
from registry.feature_spaces.mfcc import Mfcc
from registry.feature_spaces.rms import Rms
from registry.feature_spaces.zcr import ZeroCrossingRate
from registry.splits.random_80_20 import Random8020
from registry.splits.unseen_speakers_80_20 import UnseenSpeakers8020

FRAMES = {"hop_length": 1024}

STUDY = Study(
    corpus=Combined(),
    recipes=(
        Recipe(
            name="004_1d",
            feature_space=FeatureSpace(
                features=(ZeroCrossingRate(frame_length=2048, **FRAMES), Rms(frame_length=2048, **FRAMES),
                          Mfcc(n_mfcc=20, n_fft=2048, **FRAMES)),
                join="end_to_end", duration_s=2.5, normalise="per_value"),
            architecture=FourCorpora1D(),
            splits=(Random8020(), UnseenSpeakers8020()),
            augmentation=Augmentation(copies=(Noise(), TimeShift(), PitchShift(), TimeStretch())),
            training=Training(learning_rate=1e-3, batch_size=64, epochs=10, schedule="plateau", drop_epochs=2, early_stopping=5),
        ),
    ),
    trials=0,
    seeds=(0,),
    best_models=1,
)

CLAIMS = {
    "004_1d": Claim(wa=0.5906, macro_f1=0.61, test_clips=2433, ours="frames and rates",
                    remarks="seven classes; it warns that others augment before splitting"),
}
