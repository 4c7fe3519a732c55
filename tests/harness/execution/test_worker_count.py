"""How many workers fit: by cores, by what there is to do, and by memory, also inside a container."""

from __future__ import annotations

from pathlib import Path

import joblib
import pytest
from tiny_study import STUDY

from harness.data.corpora import Workspace, open_corpus
from harness.data.features import features
from harness.execution import worker_count
from harness.execution.worker_count import Load, copied_bytes, free_bytes
from harness.study.cells import plan

GB = 10**9


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joblib, "cpu_count", lambda: 8)


@pytest.mark.parametrize(("load", "free", "workers", "line"), [
    (Load(jobs=40), 20 * GB, 8, "8 workers of 1 thread: 8 cores; each needs about 1.5 GB, 20 GB are free"),
    (Load(jobs=40, threads=3), 20 * GB, 2, "2 workers of 3 threads: 8 cores; each needs about 1.5 GB, 20 GB are free"),
    (Load(jobs=3), 20 * GB, 3, "3 workers of 1 thread: trainings that can run at once: 3; each needs about 1.5 GB, 20 GB are free"),
    (Load(jobs=40, copied_bytes=GB), 11 * GB, 4, "4 workers of 1 thread: each needs about 2.5 GB, 11 GB are free; 8 cores"),
    (Load(jobs=40), GB, 1, "1 worker of 1 thread: each needs about 1.5 GB, 1 GB are free; 8 cores")])
def test_there_are_as_many_workers_as_cores_fewer_where_work_or_memory_would_not_do(load: Load, free: int, workers: int, line: str) -> None:
    assert load.fitting(3 * GB // 2, free) == workers and load.line(workers, 3 * GB // 2, free) == line


def test_a_training_copies_validation_and_test_clips_of_the_largest_features_and_maps_those_it_trains_on(tmp_path: Path) -> None:
    cells, corpus = plan(STUDY, "clips")[:1], open_corpus(STUDY.corpus, None)
    assert copied_bytes(cells, corpus, Workspace(tmp_path)) == 0  # nothing is known yet
    array = features(corpus, cells[0].base.feature_space, Workspace(tmp_path).cache, 1)
    split = cells[0].base.split(corpus)
    copied = len(split.validation) + len(split.test)
    assert copied_bytes(cells, corpus, Workspace(tmp_path)) == copied * array[0].nbytes < array.nbytes


@pytest.mark.parametrize("names", worker_count.CGROUPS)
def test_the_limit_of_a_container_counts_and_its_page_cache_is_free(names: tuple[str, str, str], tmp_path: Path) -> None:
    limit, usage, inactive = names
    assert worker_count._free_in_cgroup(names, tmp_path) is None
    (tmp_path / limit).parent.mkdir(exist_ok=True)
    (tmp_path / usage).write_text("700\n")
    (tmp_path / usage).with_name("memory.stat").write_text(f"anon 400\n{inactive} 250\n")
    (tmp_path / limit).write_text("max\n")
    assert worker_count._free_in_cgroup(names, tmp_path) is None
    (tmp_path / limit).write_text("1000\n")
    assert worker_count._free_in_cgroup(names, tmp_path) == 550


def test_this_machine_has_memory() -> None:
    assert 10**8 < free_bytes() < 10**14
