"""Altered copies of training clips as features: computed before training, from training clips only, and cached like features."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.data.features import FeatureJob, Progress, key_of, obtain, padded_samples
from harness.study.seeds import seed_for
from registry.audio import fix_length
from registry.augmentation import Augmentation, WaveformAugmentation
from registry.core import canonical, short_label, specification
from registry.corpus import Clip, Corpus
from registry.errors import BenchError
from registry.feature_space import FeatureSpace

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Copy:
    """One altered copy of every training clip; its random numbers depend on nothing but its fields and the clip's id.

    Args:
        take: how many equal components stand before it in the augmentation: each take draws numbers of its own.
        pad_to: samples that the clip is padded or cut to before it is altered; None alters it as it is.
    """

    component: WaveformAugmentation
    take: int
    seed: int
    pad_to: int | None = None

    @property
    def recipe(self) -> dict[str, object]:
        """All that its numbers depend on, as plain data."""
        return {"augmentation": specification(self.component), "take": self.take, "seed": self.seed, "pad_to": self.pad_to}

    @property
    def label(self) -> str:
        """In words: `copy by noise`, `copy 2 by noise`."""
        return f"copy{f' {self.take + 1}' if self.take else ''} by {short_label(self.component)}"

    def __call__(self, clip: Clip, waveform: np.ndarray, sample_rate: int) -> np.ndarray:
        """The clip's altered waveform: (samples,) float32 -> (samples',) float32."""
        import numpy as np

        fitted = waveform if self.pad_to is None else fix_length(waveform, self.pad_to)
        return self.component(fitted, sample_rate, np.random.default_rng(seed_for(canonical(self.recipe), clip.id)))


def copies(corpus: Corpus, train: np.ndarray, space: FeatureSpace, augmentation: Augmentation, seed: int, cache: Path,
           workers: int = 0, progress: Progress | None = None) -> list[np.ndarray]:
    """The features of the training clips' altered copies, from the cache or computed into it.

    No clip outside `train` is altered; the whole corpus only decides the padded length. The numbers of a copy depend on the
    seed, the component and the clip, not on the number of workers, the other clips or the other copies.

    Args:
        train: indices of the training clips in the corpus.
        seed: of every random number.
        workers, progress: as of `harness.data.features.features`; the clips of all copies are counted together.

    Returns: for each entry of `augmentation.copies` a read-only memory-mapped array of shape (len(train), frames, bands),
        float32, its rows in the order of `train`: without copies, an empty list.
    Raises: DamagedClips and BenchError as `harness.data.features.features` does.
    """
    if not augmentation.copies:
        return []
    return obtain(_job(corpus, train, space, augmentation, seed, cache), workers, progress)


def cached_copies(corpus: Corpus, train: np.ndarray, space: FeatureSpace, augmentation: Augmentation, seed: int, cache: Path
                  ) -> list[np.ndarray] | None:
    """The copies of exactly these clips as they lie in the cache; None when one is not there."""
    job = _job(corpus, train, space, augmentation, seed, cache)
    return None if job.missing().changes else obtain(job, 1, None)


def _job(corpus: Corpus, train: np.ndarray, space: FeatureSpace, augmentation: Augmentation, seed: int, cache: Path) -> FeatureJob:
    """One entry for each copy; its key depends on the ids of the clips that are copied, in their order."""
    part, samples = corpus.part(train), padded_samples(corpus, space)
    if not part.clips:
        raise BenchError(f"the training part of {corpus.name} has no clips: there is nothing to make copies of")
    ids = [clip.id for clip in part.clips]
    changes = {key_of(part, space, samples, clips=ids, copy=copy.recipe): copy for copy in planned_copies(augmentation, seed, samples)}
    return FeatureJob(part, space, samples, cache, changes)


def planned_copies(augmentation: Augmentation, seed: int, samples: int) -> list[Copy]:
    """The copies of an augmentation in its order, for clips of `samples` padded samples; equal components differ by their take."""
    components, pad_to = augmentation.copies, samples if augmentation.pad_first else None
    return [Copy(component, components[:place].count(component), seed, pad_to) for place, component in enumerate(components)]
