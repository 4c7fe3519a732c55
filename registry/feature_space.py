"""A feature space: audio preparation, one or more registered features, and how they are joined into a network's input."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol

from registry.core import checked, differing, label_of, short_label
from registry.errors import BenchError, require
from registry.pooling import PER_BAND, Statistic, pooled

if TYPE_CHECKING:
    import numpy as np

Join = Literal["channels", "end_to_end", "image", "vector"]
SHORTEST_S = 0.2  # of what trimming leaves: less is no speech
CLICK = 2_560  # samples that trimming leaves of a click between pauses, whatever the rate
Family = Literal["from scratch", "functionals", "pretrained"]
Normalisation = Literal["none", "per_clip", "per_band", "per_value", "per_speaker"]


class Feature(Protocol):
    """A registered feature: waveform -> frames.

    One whose class says `whole_clip = True` gives one frame for a clip of any length, as sets of functionals do. One that computes
    more than it gives, as a pretrained encoder all its layers, has a property `stored`, the component that gives all, which is what
    the cache keeps, and a property `columns`, the indices of its own bands in those of `stored`. One that takes long to be computed
    has a method `shape(samples)`, its frames and bands, which a plan asks for. One that was trained on other audio has a property
    `pretrained`: name of the model -> what is known of it, as parameters, training data and licence.
    """

    def __call__(self, waveform: np.ndarray, sample_rate: int) -> np.ndarray:
        """(samples,) float32 -> (frames, bands) float32."""
        ...


@checked
class FeatureSpace:
    """From a waveform at any rate to the array that a network sees.

    Args:
        features: registered features; all must give the same number of frames.
        join: `channels` gives (frames, bands) and `end_to_end` gives (bands · frames, 1), one band after the other as
            the published 1-D systems do, both for 1-D networks; `image` gives (frames, bands, 1) for 2-D networks; `vector`
            gives (values,), the statistics of every band over the clip's own frames.
        sample_rate: Hz; every clip is resampled to it.
        duration_s: clips are zero-padded or cut to it; None pads to the longest clip of the corpus, before trimming. For a `vector`
            nothing is padded, and None cuts nothing.
        trim_db: leading and trailing audio this far below the peak is cut first; None trims nothing.
        normalise: `per_band` standardises each band by its mean and standard deviation over the training clips,
            `per_value` each value of each frame likewise (one that is constant there is only centred), `per_clip` each
            clip by its own mean and standard deviation; all become a layer of the saved model. `per_speaker` standardises each band
            by the clips of its speaker that a protocol knows: `known_speakers`.
        statistics: over time, of a `vector`: see `registry.pooling.pooled`. Features of whole clips are taken as they are.
    """

    later_fields: ClassVar[tuple[str, ...]] = ("statistics",)

    features: tuple[Feature, ...]
    join: Join
    sample_rate: int = 16_000
    duration_s: float | None = 3.0
    trim_db: float | None = None
    normalise: Normalisation = "per_band"
    statistics: tuple[Statistic, ...] = ("mean", "std")

    def __post_init__(self) -> None:
        require(len(self.features) > 0, "a feature space needs at least one feature")
        for feature in self.features:
            require(callable(feature) and hasattr(feature, "name"), f"{feature!r} is not a registered feature")
        require(1_000 <= self.sample_rate <= 192_000, f"sample_rate must be 1000 to 192000 Hz, not {self.sample_rate}")
        require(self.duration_s is None or 0 < self.duration_s <= 60, f"duration_s must be in (0, 60], not {self.duration_s}")
        require(self.trim_db is None or self.trim_db > 0, f"trim_db must be positive, not {self.trim_db}")
        distinct = 0 < len(self.statistics) == len({*self.statistics})
        require(distinct, f"statistics must be some of {', '.join(PER_BAND)}, each once, not {self.statistics}")

    @property
    def label(self) -> str:
        """What people call it: `mel[n_mels=40] image`, `zcr+energy end_to_end`, `mfcc vector mean+std`, `egemaps vector`."""
        joined = "+".join(short_label(feature) for feature in self.features)
        fields = {k: v for k, v in differing(self).items() if k != "statistics"}
        if self.join == "vector":  # which hears whole clips, as far as nothing is said
            joined += " vector" + (f" {'+'.join(self.statistics)}" if not self._of_whole_clips else "")
            ending = {"duration_s": self.duration_s} if self.duration_s else {}
            fields = ending | {k: v for k, v in fields.items() if k != "duration_s"}
        elif self.join != "channels":
            joined += f" {self.join}"
        return " ".join([joined, *(f"{k}={v}" for k, v in fields.items())])

    @property
    def _of_whole_clips(self) -> bool:
        return all(getattr(feature, "whole_clip", False) for feature in self.features)

    @property
    def pretrained(self) -> dict[str, dict[str, str]]:
        """Name of each pretrained model in it -> what is known of it, in words."""
        return {name: facts for feature in self.features for name, facts in getattr(feature, "pretrained", {}).items()}

    @property
    def family(self) -> Family:
        """What kind of rows it makes: leaderboards can be read by it."""
        return "pretrained" if self.pretrained else "functionals" if self.join == "vector" or self._of_whole_clips else "from scratch"

    def samples(self, longest_s: float) -> int:
        """Samples of every prepared clip, where the corpus's longest clip lasts `longest_s` seconds."""
        seconds = self.duration_s if self.duration_s is not None else longest_s
        # Rounded first: 80083 samples / 16 kHz · 16 kHz must not become 80084 for the last binary digit.
        return math.ceil(round(seconds * self.sample_rate, 6))

    def extract(self, waveform: np.ndarray, sample_rate: int, samples: int,
                change: Callable[[np.ndarray, int], np.ndarray] | None = None) -> np.ndarray:
        """The features of one clip before they are joined: (frames, bands), float32; of a `vector`, one frame with all its values.

        Args:
            change: (waveform, sample rate) -> waveform: an augmentation. It is applied after resampling and trimming, so
                that it counts samples at the space's rate, and before padding, so that it measures speech and not padding (one
                that wants padding pads by itself).
        Raises: BenchError when a feature gives values that are not finite, or the frames differ.
        """
        import numpy as np

        from registry.audio import fix_length, resample, trim

        speech = trim(resample(waveform, sample_rate, self.sample_rate), self.trim_db)
        changed = change(speech, self.sample_rate) if change else speech
        prepared = changed[:samples] if self.join == "vector" else fix_length(changed, samples)
        parts = [feature(prepared, self.sample_rate) for feature in self.features]
        if self.join == "vector":
            seconds = len(prepared) / self.sample_rate
            parts = [part if getattr(feature, "whole_clip", False) else pooled(part, self.statistics, seconds)[None, :]
                     for feature, part in zip(self.features, parts, strict=True)]
        if len({len(part) for part in parts}) > 1:
            frames = ", ".join(f"{label_of(type(f))} {len(part)}" for f, part in zip(self.features, parts, strict=True))
            raise BenchError(f"joined features must have the same number of frames, not {frames}: use one frame and hop")
        joined = np.concatenate(parts, axis=1)  # (frames, bands)
        if not np.isfinite(joined).all():
            raise BenchError(f"{self.label} gave values that are not finite")
        return joined.astype(np.float32)

    def not_whole(self, waveform: np.ndarray, samples: int) -> list[str]:
        """Why a clip at the space's rate is not heard whole: `longer` than so many samples, or `emptied` by trimming; mostly neither."""
        from registry.audio import trim

        speech = trim(waveform, self.trim_db)
        emptied = len(speech) < len(waveform) and len(speech) <= max(CLICK, SHORTEST_S * self.sample_rate)
        return [*(["longer"] if self.duration_s is not None and len(speech) > samples else []), *(["emptied"] if emptied else [])]

    def silent_shape(self, samples: int) -> tuple[int, ...]:
        """The input shape of an architecture for clips of `samples` prepared samples, computed without any clip."""
        import numpy as np

        if not all(hasattr(feature, "shape") for feature in self.features):
            frames, bands = self.extract(np.zeros(samples, np.float32), self.sample_rate, samples).shape
            return self.joined_shape(frames, bands)
        shapes = [feature.shape(samples) for feature in self.features]  # type: ignore[attr-defined]
        if self.join == "vector":
            return self.joined_shape(1, sum(bands * len(self._blocks(feature)[1]) for feature, (_, bands) in zip(
                self.features, shapes, strict=True)))
        return self.joined_shape(shapes[0][0], sum(bands for _, bands in shapes))

    @property
    def stored(self) -> FeatureSpace:
        """The space that the cache keeps: of a vector, all statistics of all layers; frames of all layers would be too many."""
        if self.join != "vector":
            return self
        return dataclasses.replace(self, features=tuple(getattr(feature, "stored", feature) for feature in self.features),
                                   statistics=tuple(PER_BAND))

    def columns(self) -> np.ndarray | None:
        """The indices of its bands in those of `stored`; None where it has them all, in their order."""
        import numpy as np

        if self.stored == self:
            return None
        chosen, start = [], 0
        for feature in self.features:
            blocks, own = self._blocks(feature)
            bands = self._stored_bands(feature)
            columns = np.asarray(getattr(feature, "columns", np.arange(bands)))
            chosen += [start + block * bands + columns for block in own]
            start += blocks * bands
        columns = np.concatenate(chosen)
        return None if np.array_equal(columns, np.arange(start)) else columns

    def _blocks(self, feature: Feature) -> tuple[int, list[int]]:
        """How many values of each band `stored` has of a feature, and which of them this space has."""
        if getattr(feature, "whole_clip", False):
            return 1, [0]
        places, total = {}, 0
        for statistic, values in PER_BAND.items():
            places[statistic], total = range(total, total + values), total + values
        return total, [place for statistic in self.statistics for place in places[statistic]]

    def _stored_bands(self, feature: Feature) -> int:
        import numpy as np

        if everything := getattr(feature, "stored", None):
            return len(everything.columns)
        if hasattr(feature, "shape"):
            return int(feature.shape(self.sample_rate)[1])
        return int(feature(np.zeros(self.sample_rate, np.float32), self.sample_rate).shape[1])

    def joined_shape(self, frames: int, bands: int) -> tuple[int, ...]:
        """The input shape that an architecture sees.

        >>> from registry.feature_spaces.zcr import ZeroCrossingRate
        >>> FeatureSpace(features=(ZeroCrossingRate(),), join="end_to_end").joined_shape(216, 2)
        (432, 1)
        """
        return {"channels": (frames, bands), "end_to_end": (frames * bands, 1), "image": (frames, bands, 1),
                "vector": (frames * bands,)}[self.join]


def cut_in_words(clips: int, total: int, duration_s: float) -> str:
    """How many clips lose their end to a duration.

    >>> cut_in_words(812, 7442, 3.0)
    '812 of 7,442 clips are longer than 3.0 s and are cut'
    """
    are = "is" if clips == 1 else "are"
    return f"{clips:,} of {total:,} clips {are} longer than {duration_s} s and {are} cut"
