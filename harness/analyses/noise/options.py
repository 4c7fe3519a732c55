"""The options of a noise measurement; light, so that the command line reads its defaults here."""

from __future__ import annotations

from dataclasses import dataclass

from registry.errors import require, unknown

KINDS = ("white", "babble")


@dataclass(frozen=True)
class NoiseOptions:
    """The options of `bench noise`.

    Args:
        what: a study, or the start of a run's id (a seed, or a final: its seeds). levels: signal-to-noise ratios in dB.
    """

    what: str
    levels: tuple[float, ...] = (20.0, 15.0, 10.0, 5.0, 0.0)
    kinds: tuple[str, ...] = KINDS

    def __post_init__(self) -> None:
        for kind in self.kinds:
            if kind not in KINDS:
                raise unknown("kind of noise", kind, KINDS)
        strange = [level for level in self.levels if not -60 <= level <= 120]
        require(not strange, f"--levels must be -60 to 120 dB, not {strange[:1]}")

    @property
    def conditions(self) -> list[tuple[str, float]]:
        """Each kind at each level, the weakest noise first."""
        return [(kind, level) for kind in dict.fromkeys(self.kinds) for level in sorted(set(self.levels), reverse=True)]
