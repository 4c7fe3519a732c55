"""How split protocols choose clips: stratified draws, whole groups (speakers, sentences), and the checks they share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from registry.core import label_of
from registry.errors import Declined, require
from registry.split import Split

if TYPE_CHECKING:
    import numpy as np

    from registry.corpus import Corpus


def check_seed(protocol: Any) -> None:
    """Refuse a seed that numpy and scikit-learn would refuse."""
    require(0 <= protocol.seed < 2**32, f"{label_of(type(protocol))}.seed must be 0 to 4294967295, not {protocol.seed}")


def declined(protocol: Any, corpus: Corpus, reason: str) -> Declined:
    """The error for a protocol that does not fit a corpus."""
    if protocol.shares_speakers is False and not corpus.knows_speakers:
        reason = "it keeps speakers apart, and those of these clips are not known; use random_80_20"
    return Declined(f"{label_of(type(protocol))} does not fit {corpus.name} ({corpus.coverage}): {reason}")


def finish(protocol: Any, corpus: Corpus, train: Any, validation: Any, test: Any, left_out: Any = ()) -> Split:
    """The sorted split. Raises Declined when a part holds no clips, or speakers are to be kept apart that are not known."""
    import numpy as np

    parts = {"train": train, "validation": validation, "test": test}
    empty = [part for part, indices in parts.items() if not len(indices)]
    if empty:
        raise declined(protocol, corpus, f"{' and '.join(empty)} would hold no clips; use more clips or another split")
    if protocol.shares_speakers is False and not corpus.knows_speakers:
        raise declined(protocol, corpus, "")
    parts["left_out"] = left_out
    return Split(**{part: np.sort(np.asarray(indices, dtype=np.int64)) for part, indices in parts.items()})


def stratified(protocol: Any, corpus: Corpus, test_share: float, validation_share: float) -> Split:
    """Random clips, the emotions in proportion: `test_share` of all clips, then `validation_share` of the rest.

    In small corpora each part gets at least as many clips as there are emotions. Raises Declined for fewer still.
    """
    import numpy as np

    rest, test = _draw(protocol, corpus, np.arange(len(corpus)), test_share)
    train, validation = _draw(protocol, corpus, rest, validation_share)
    return finish(protocol, corpus, train, validation, test)


def random_fold(protocol: Any, corpus: Corpus, fold: int, folds: int, validation_share: float) -> Split:
    """One of some folds of random clips, the emotions in proportion, then `validation_share` of the rest.

    Raises: Declined for too few clips.
    """
    import numpy as np
    from sklearn.model_selection import StratifiedKFold

    clips = np.bincount(corpus.labels, minlength=len(corpus.emotions))
    scarce = [f"{emotion} {n}" for emotion, n in zip(corpus.emotions, clips, strict=True) if 0 < n < folds]
    if scarce or not len(corpus):
        reason = f"too few clips of {', '.join(scarce)}" if scarce else "there are no clips"
        raise declined(protocol, corpus, f"{reason} for {folds} folds with all emotions; use more clips or fewer folds")
    chosen = StratifiedKFold(folds, shuffle=True, random_state=protocol.seed).split(np.zeros(len(corpus)), corpus.labels)
    rest, test = list(chosen)[fold - 1]
    train, validation = _draw(protocol, corpus, rest, validation_share)
    return finish(protocol, corpus, train, validation, test)


def _draw(protocol: Any, corpus: Corpus, indices: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
    """The indices without, and with, a stratified part of about `share` of them."""
    import math

    import numpy as np
    from sklearn.model_selection import train_test_split

    labels = corpus.labels[indices]
    clips = np.bincount(labels, minlength=len(corpus.emotions))
    emotions = int((clips > 0).sum())
    size = max(math.ceil(share * len(indices)), emotions)
    scarce = [f"{emotion} {n}" for emotion, n in zip(corpus.emotions, clips, strict=True) if n == 1]
    if scarce or not emotions or len(indices) - size < emotions:
        reason = f"too few clips of {', '.join(scarce)}" if scarce else f"{len(indices)} clips of {emotions} emotions are too few"
        raise declined(protocol, corpus, f"{reason} to draw every part with all emotions; use more clips or speaker_folds")
    rest, drawn = train_test_split(indices, test_size=size, stratify=labels, random_state=protocol.seed)
    return rest, drawn


def whole_groups(protocol: Any, corpus: Corpus, groups: Sequence[str], order: Sequence[str],
                 test_share: float, validation_share: float) -> Split:
    """Whole groups of clips, no group in two parts: clip counts as near the shares as taking groups in `order` allows.

    Args:
        groups: the group of each clip.
        order: the distinct groups, three or more; earlier ones come into test, then validation.
    """
    test = _nearest(order, Counter(groups), test_share * len(groups), spare=2)
    return with_test_groups(protocol, corpus, groups, test, [group for group in order if group not in test], validation_share)


def with_test_groups(protocol: Any, corpus: Corpus, groups: Sequence[str], test: set[str], others: Sequence[str],
                     validation_share: float) -> Split:
    """The parts whose test groups are given; of the others, two or more, earlier ones come into validation."""
    sizes = Counter(groups)
    validation = _nearest(others, sizes, validation_share * sum(sizes[group] for group in others), spare=1)
    train = set(others) - validation
    parts = ([i for i, group in enumerate(groups) if group in part] for part in (train, validation, test))
    return finish(protocol, corpus, *parts)


def draw_validation(protocol: Any, corpus: Corpus, train: Sequence[int], share: float) -> tuple[Sequence[int], Sequence[int]]:
    """Training clips without, and with, about `share` of them: whole speakers where there are two or more, else random clips."""
    import numpy as np

    speakers = {i: str(corpus.speakers[i]) for i in train}
    if len({*speakers.values()}) < 2:
        rest, drawn = _draw(protocol, corpus, np.asarray(train), share)
        return rest.tolist(), drawn.tolist()
    order = shuffled(sorted({*speakers.values()}), protocol.seed)
    chosen = _nearest(order, Counter(speakers.values()), share * len(train), spare=1)
    return [i for i in train if speakers[i] not in chosen], [i for i in train if speakers[i] in chosen]


def _nearest(order: Sequence[str], sizes: Mapping[str, int], target: float, spare: int) -> set[str]:
    """Groups taken in order wherever one brings the sum nearer to the target; at least one, and `spare` are left."""
    chosen: list[str] = []
    total = 0
    for group in order:
        if len(chosen) < len(order) - spare and abs(total + sizes[group] - target) < abs(total - target):
            chosen.append(group)
            total += sizes[group]
    return set(chosen or [min(order, key=lambda group: sizes[group])])


def unseen_speakers(protocol: Any, corpus: Corpus, test_share: float, validation_share: float) -> Split:
    """Whole speakers in each part, the sexes in proportion where every clip has it. Raises Declined below 3 speakers."""
    order = speakers_in_random_order(protocol, corpus)
    return whole_groups(protocol, corpus, corpus.speakers.tolist(), order, test_share, validation_share)


def speakers_in_random_order(protocol: Any, corpus: Corpus) -> list[str]:
    """All speakers, the sexes interleaved where every clip has it. Raises Declined below 3 speakers."""
    speakers = sorted(set(corpus.speakers.tolist()))
    if len(speakers) < 3:
        raise declined(protocol, corpus, f"three parts need at least 3 speakers, found {len(speakers)}; use random_70_30")
    sexes = {clip.speaker: clip.sex for clip in corpus.clips}
    balanced = all(clip.sex is not None for clip in corpus.clips)
    return shuffled(speakers, protocol.seed, lambda speaker: str(sexes[speaker]) if balanced else "")


def shuffled(items: Sequence[str], seed: int, kind: Callable[[str], str] = lambda item: "") -> list[str]:
    """The items in random order, the kinds interleaved so that any stretch of them holds each in proportion."""
    import numpy as np

    rng = np.random.default_rng(seed)
    places: list[tuple[float, str, str]] = []
    for each in sorted({kind(item) for item in items}):
        members = sorted(item for item in items if kind(item) == each)
        drawn = [members[i] for i in rng.permutation(len(members))]
        places += [((i + 0.5) / len(members), each, item) for i, item in enumerate(drawn)]
    return [item for _, _, item in sorted(places)]
