"""Fixtures shared by all tests: where real speech lies, and a small synthetic corpus."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")


@pytest.fixture(scope="session")
def real_corpora() -> Path:
    """The folder of real speech that stands beside the repository, or the one BENCH_TEST_CORPORA names."""
    folder = Path(os.environ.get("BENCH_TEST_CORPORA", Path(__file__).parents[2] / "shared" / "corpora"))
    assert folder.is_dir(), f"real speech is expected in {folder}; set BENCH_TEST_CORPORA"
    return folder
