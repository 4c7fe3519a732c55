"""The fixed speaker lists of TensorFlow Datasets' crema_d 1.0.0, 63 / 9 / 19 actors; only for CREMA-D."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from registry.core import register
from registry.splits._parts import declined, finish

if TYPE_CHECKING:
    from registry.corpus import Corpus
    from registry.split import Split

VALIDATION = frozenset(map(str, (1015, 1020, 1021, 1030, 1050, 1070, 1079, 1089, 1090)))
TEST = frozenset(map(str, (1010, 1013, 1022, 1026, 1037, 1038, 1040, 1045, 1047, 1048, 1059, 1065, 1066, 1068, 1071, 1073,
                           1084, 1086, 1088)))
LEFT_OUT = frozenset(("1040_ITH_SAD_XX", "1006_TIE_NEU_XX", "1013_WSI_DIS_XX", "1017_IWW_FEA_XX"))


@register("tfds_crema_d")
class TfdsCremaD:
    """5144 / 738 / 1556 clips of the whole corpus, so that figures compare with systems trained on that dataset.

    Four clips are left out, as there. Raises: Declined for another corpus, and when a part would hold no clips.
    Reference: https://www.tensorflow.org/datasets/catalog/crema_d, version 1.0.0.
    """

    version: ClassVar[int] = 1
    shares_speakers: ClassVar[bool] = False

    def __call__(self, corpus: Corpus) -> Split:
        """The parts of CREMA-D, or of as much of it as there is."""
        if corpus.name != "crema_d":
            raise declined(self, corpus, "its speaker lists are those of crema_d; use unseen_speakers_70_30")
        parts: dict[str, list[int]] = {"train": [], "validation": [], "test": [], "left_out": []}
        for i, clip in enumerate(corpus.clips):
            parts[_part(clip.id, clip.speaker)].append(i)
        return finish(self, corpus, **parts)


def _part(clip_id: str, speaker: str) -> str:
    if clip_id in LEFT_OUT:
        return "left_out"
    return "validation" if speaker in VALIDATION else "test" if speaker in TEST else "train"
