"""The runs of a bundle are read as those of the store that it was made from, without what is of one machine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from bundled import made
from untrained_finals import finals

from harness.evaluation.bundled_runs import OPENINGS, RUNS, BundledRuns
from harness.tracking.store import Store
from registry.errors import BenchError


def test_runs_come_back_with_figures_settings_openings_and_files(tmp_path: Path) -> None:
    finals(tmp_path, "width", {2: 0.8, 3: 0.4})
    store, bundled = Store(tmp_path).experiment("width"), BundledRuns("width", made())
    of_store, of_bundle = ({run.about.signature: run for run in runs.records("seed")} for runs in (store, bundled))
    assert of_store.keys() == of_bundle.keys() and len(bundled.records("final")) == 2 and len(bundled.openings()) == 4
    for signature, run in of_store.items():
        same = of_bundle[signature]
        assert same.about.corpus_fingerprint == run.about.corpus_fingerprint and same.seed == run.seed
        assert {key: value for key, value in run.metrics.items() if key.startswith("test/")}.items() <= same.metrics.items()
        assert bundled.configuration(same.run_id) == store.configuration(run.run_id)
        one, other = bundled.predictions(same.run_id, "test"), store.predictions(run.run_id, "test")
        assert one and other and np.array_equal(one.probabilities, other.probabilities) and np.array_equal(one.clips, other.clips)
        path = bundled.files(same.run_id, "history.csv", tmp_path)
        assert path and path.read_text().startswith("epoch,")
    assert bundled.predictions("none", "test") is None and bundled.files("none", "history.csv", tmp_path) is None
    with pytest.raises(BenchError, match="the bundle has no run none"):
        bundled.record("none")


def test_hosts_processes_and_paths_of_one_machine_are_not_in_it() -> None:
    tags = {key for run in BundledRuns("width", made()).records() for key in run.tags}
    assert not tags & {"bench.host", "bench.pid", "bench.started", "mlflow.user"} and "bench.hardware" in tags and "bench.versions" in tags


def test_runs_that_can_not_be_read_say_so() -> None:
    for name, content in ((RUNS, b"{"), (RUNS, b'[{"a": 1}]'), (OPENINGS, b"[1]")):
        with pytest.raises(BenchError, match=r"can't be read .*: get the bundle again"):
            BundledRuns("width", {**made(), name: content})
