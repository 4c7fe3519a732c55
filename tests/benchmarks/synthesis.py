"""How much faster than real time the synthetic corpus is made, in one process.

Run from the repository: python tests/benchmarks/synthesis.py

Target: a second of sound in less than 0.02 s, which is 50 times faster than real time.
"""

from __future__ import annotations

from table import Measured, finish, timed

from registry.corpora.synthetic import Synthetic


def main() -> None:
    """Make every clip of the default corpus once, after one that warms the imports."""
    corpus = Synthetic().load(None)
    corpus.read_clip(corpus.clips[0])
    lengths: list[int] = []
    clock, processor = timed(lambda: lengths.extend(len(corpus.read_clip(clip)[0]) for clip in corpus.clips))
    sound_s = sum(lengths) / corpus.sample_rate
    finish([Measured("making a second of synthetic sound", clock / sound_s, target=0.02, processor_s=processor / sound_s),
            Measured("times real time", sound_s / clock, unit="×")])


if __name__ == "__main__":
    main()
