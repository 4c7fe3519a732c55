"""The rules of every kind of component: run by the tests over every registered name, and by `bench check` on a user's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.core import KINDS, label_of
from registry.corpus import Clip, Corpus
from registry.errors import BenchError, Declined, Lacking, unknown
from registry.keras_state import load_keras
from registry.rules import architecture, augmentation, component, corpus, feature, split

if TYPE_CHECKING:
    import numpy as np

RULES: dict[str, tuple[Callable[..., None], ...]] = {
    "feature-spaces": (*component.RULES, *feature.RULES),
    "augmentations": (*component.RULES, *augmentation.RULES),
    "architectures": (*component.RULES, *architecture.RULES),
    "splits": (*component.RULES, *split.RULES),
    "corpora": (*component.RULES, *corpus.RULES),
}


def check(kind: str, component: Any, data: Path | None = None) -> tuple[str, ...]:
    """Run the contract of a kind on an instance of a component; returns the rules that hold, one sentence each.

    Args:
        kind: one of `registry.core.KINDS`.
        data: where a corpus lies; only loaders of corpora need it.
    Raises: BenchError naming the component, the broken rule and the value.
    """
    if kind not in KINDS:
        raise unknown("kind of component", kind, KINDS)
    if kind == "feature-spaces":
        check_feature(component)
    elif kind == "augmentations":
        check_augmentation(component)
    elif kind == "architectures":
        check_architecture(component)
    elif kind == "splits":
        check_split(component, sample_corpus())
    else:
        check_corpus(component, component.load(data))
    return contracts_of(kind)


def contracts_of(kind: str) -> tuple[str, ...]:
    """The rules of a kind, one sentence each."""
    if kind not in KINDS:
        raise unknown("kind of component", kind, KINDS)
    return tuple(_sentence(rule) for rule in RULES[kind])


def check_feature(feature: Any) -> None:
    """Raise BenchError unless a feature keeps every rule of `contracts_of("feature-spaces")`."""
    _run("feature-spaces", feature)


def check_augmentation(augmentation: Any) -> None:
    """Raise BenchError unless an augmentation keeps every rule of `contracts_of("augmentations")`."""
    _run("augmentations", augmentation)


def check_architecture(architecture: Any) -> None:
    """Raise BenchError unless an architecture keeps every rule of `contracts_of("architectures")`. Sets Keras's random seed."""
    _run("architectures", architecture)


def check_split(protocol: Any, corpus: Corpus) -> None:
    """Raise BenchError unless a split protocol keeps every rule of `contracts_of("splits")`; Declined where it does not fit."""
    _run("splits", protocol, corpus)


def check_corpus(loader: Any, corpus: Corpus) -> None:
    """Raise BenchError unless a loader and its corpus keep every rule of `contracts_of("corpora")`."""
    _run("corpora", loader, corpus)


def sample_corpus() -> Corpus:
    """A silent stand-in of CREMA-D's shape for split protocols: 91 speakers in 5 sessions × 12 sentences × 6 emotions = 6552 clips."""
    emotions = ("ANG", "DIS", "FEA", "HAP", "NEU", "SAD")
    sentences = ("DFA", "IEO", "IOM", "ITH", "ITS", "IWL", "IWW", "MTI", "TAI", "TIE", "TSI", "WSI")
    clips = tuple(Clip(id=f"{speaker}_{sentence}_{emotion}_XX", emotion=emotion, speaker=str(speaker), sentence=sentence,
                       sex="female" if speaker % 2 else "male", part="test" if speaker > 1072 else "dev" if speaker > 1054 else "train",
                       other=(("session", str((speaker - 1001) // 19 + 1)),))
                  for speaker in range(1001, 1092) for sentence in sentences for emotion in emotions)
    return Corpus(name="crema_d", emotions=emotions, clips=clips, sample_rate=16_000, whole=len(clips), read_clip=_silence,
                  synthetic=True)


def _silence(clip: Clip) -> tuple[np.ndarray, int]:
    import numpy as np

    return np.zeros(16_000, np.float32), 16_000


def _sentence(rule: Callable[..., None]) -> str:
    return (rule.__doc__ or rule.__name__).strip()


def _run(kind: str, component: Any, *context: Any) -> None:
    """Every rule in turn; an error of another kind that a rule raises becomes a BenchError too."""
    name = label_of(type(component))
    if kind in ("architectures", "augmentations"):
        load_keras()  # as a trial gets it, whatever the user's machine says
    for rule in RULES[kind]:
        try:
            rule(component, *context)
        except (Declined, Lacking):
            raise
        except BenchError as error:
            raise BenchError(f"{KINDS[kind]} {name} breaks the rule {_sentence(rule)!r} {error}") from error
        except Exception as error:
            raise BenchError(f"{KINDS[kind]} {name} breaks the rule {_sentence(rule)!r} It raised "
                             f"{type(error).__name__}: {error}") from error
