"""How many workers a run starts by itself: one for each core, fewer where there is less to do or memory would not do."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import joblib

from harness.data.corpora import Workspace
from harness.data.features import cached_features
from harness.study.cells import Cell
from registry.corpus import Corpus

TRAINING_BYTES = 600_000_000  # of graphs, and of a batch while it is trained: the networks of cnn2d need 350 to 570 MB, measured
AMPLE_BYTES = 3_000_000_000  # of a worker beside its arrays; where so much is free for each, all start at once and are measured then
CGROUPS = (("memory.max", "memory.current", "inactive_file"),
           ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "total_inactive_file"))  # of version 2, of version 1


@dataclass(frozen=True)
class Load:
    """What the workers of a run have to do.

    Args:
        jobs: trainings that can run at once. threads: of each. copied_bytes: of the arrays that a training holds beside the features, which
            all workers map from the same file.
    """

    jobs: int = 1
    threads: int = 1
    copied_bytes: int = 0

    @property
    def most(self) -> int:
        """As many workers as cores, if each has something to do."""
        return max(1, min(joblib.cpu_count() // self.threads, self.jobs))

    def fitting(self, each_bytes: int, free_bytes: int) -> int:
        """How many workers fit into memory, one at least."""
        return max(1, min(self.most, free_bytes // (each_bytes + self.copied_bytes)))

    def line(self, workers: int, each_bytes: int, free_bytes: int) -> str:
        """How many workers there are, and why, in one line.

        >>> Load(jobs=40, copied_bytes=300_000_000).line(2, 1_100_000_000, 17_000_000_000)[:22]
        '2 workers of 1 thread:'
        """
        head = f"{workers} worker{'s'[: workers != 1]} of {self.threads} thread{'s'[: self.threads != 1]}"
        cores = joblib.cpu_count()
        memory = f"each needs about {(each_bytes + self.copied_bytes) / 1e9:.1f} GB, {free_bytes / 1e9:.0f} GB are free"
        if workers < self.most:
            return f"{head}: {memory}; {cores} cores"
        why = f"{cores} core{'s'[: cores != 1]}" if self.jobs >= cores // self.threads else f"trainings that can run at once: {self.jobs}"
        return f"{head}: {why}" + (f"; {memory}" if each_bytes else "")


def copied_bytes(cells: Sequence[Cell], corpus: Corpus, workspace: Workspace) -> int:
    """The bytes that a training of the largest cell copies of its features: of validation and test. Training clips stay in the map."""
    sizes = [0]
    for cell in cells:
        features = cached_features(corpus, cell.base.feature_space, workspace.cache)
        if features is not None:
            split = cell.base.split(corpus)
            sizes.append((len(split.validation) + len(split.test)) * features[0].nbytes)
    return max(sizes)


def free_bytes() -> int:
    """Memory that processes can still take, also inside a container that has a limit."""
    import psutil

    return min(int(psutil.virtual_memory().available), *(free for free in map(_free_in_cgroup, CGROUPS) if free is not None), 1 << 62)


def _free_in_cgroup(names: tuple[str, str, str], root: Path = Path("/sys/fs/cgroup")) -> int | None:
    """What the limit of a control group leaves; None where there is none. The page cache is counted as free."""
    limit, usage, inactive = names
    with suppress(OSError, ValueError, StopIteration):
        most, used = (int((root / name).read_text(encoding="utf-8")) for name in (limit, usage))
        stat = (root / usage).with_name("memory.stat").read_text(encoding="utf-8").split()
        return max(0, most - used + int(stat[stat.index(inactive) + 1]))
    return None
