"""Altered copies of training clips as features: computed before training, from training clips only, and cached like features."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.data.features import FeatureJob, Progress, key_of, obtain, padded_samples
from harness.data.partner_clips import Partners, partners
from harness.study.seeds import seed_for
from registry.audio import fix_length
from registry.augmentation import Augmentation, PairAugmentation, WaveformAugmentation, acts_on
from registry.core import canonical, short_label, specification
from registry.corpus import Clip, Corpus
from registry.errors import BenchError
from registry.feature_space import FeatureSpace

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Copy:
    """One altered copy of every training clip; its random numbers depend on nothing but its recipe and the clip's id.

    Args:
        take: how many equal components stand before it in the augmentation: each take draws numbers of its own.
        samples: that every clip is padded or cut to. pad_first: it is before it is altered, too.
        partners: of a component that acts on pairs; None for one that does not.
    """

    component: WaveformAugmentation | PairAugmentation
    take: int
    seed: int
    samples: int
    pad_first: bool = False
    partners: Partners | None = None

    @property
    def recipe(self) -> dict[str, object]:
        """All that its random numbers depend on beside the clip, as plain data."""
        return {"augmentation": specification(self.component), "take": self.take, "seed": self.seed,
                "pad_to": self.samples if self.pad_first else None}

    @property
    def in_key(self) -> dict[str, Any]:
        """What the key of its features has: the recipe and, where clips have partners, which: another part has others."""
        return {"copy": self.recipe} | ({"partners": self.partners.ids} if self.partners else {})

    @property
    def label(self) -> str:
        """In words: `copy by noise`, `copy 2 by noise`."""
        return f"copy{f' {self.take + 1}' if self.take else ''} by {short_label(self.component)}"

    def __call__(self, clip: Clip, waveform: np.ndarray, sample_rate: int) -> np.ndarray:
        """The clip's altered waveform: (n,) float32 -> (m,) float32; as it is where it should have a partner and has none."""
        import numpy as np

        component: Any = self.component
        rng = np.random.default_rng(seed_for(canonical(self.recipe), clip.id))
        if self.partners is None:
            altered = component(fix_length(waveform, self.samples) if self.pad_first else waveform, sample_rate, rng)
        else:
            partner = self.partners.waveform(clip, sample_rate)
            altered = waveform if partner is None else component(waveform, partner, self.samples, rng)
        return np.asarray(altered)


def copies(corpus: Corpus, train: np.ndarray, space: FeatureSpace, augmentation: Augmentation, seed: int, cache: Path,
           workers: int = 0, progress: Progress | None = None) -> list[np.ndarray]:
    """The features of the training clips' altered copies, from the cache or computed into it.

    No clip outside `train` is altered, or set beside one; the whole corpus only decides the padded length. The numbers of a copy
    depend on the seed, the component and the clip, not on the number of workers or the other copies, nor on other clips, but for the
    partners of components that act on pairs.

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
    planned = planned_copies(part, augmentation, seed, samples, space.trim_db)
    changes = {key_of(part, space, samples, clips=ids, **copy.in_key): copy for copy in planned}
    return FeatureJob(part, space, samples, cache, changes)


def planned_copies(part: Corpus, augmentation: Augmentation, seed: int, samples: int, trim_db: float | None) -> list[Copy]:
    """The copies of the clips of a part, in the order of an augmentation; equal components differ by their take.

    Args: samples: that clips are padded or cut to. trim_db: as of the feature space.
    Raises: BenchError where a component acts on pairs, and the part knows no speakers or no neutral emotion.
    """
    components = augmentation.copies
    planned = [Copy(component, components[:place].count(component), seed, samples, augmentation.pad_first)
               for place, component in enumerate(components)]
    return [replace(copy, partners=partners(part, canonical(copy.recipe), trim_db)) if acts_on(copy.component) == "pair" else copy
            for copy in planned]
