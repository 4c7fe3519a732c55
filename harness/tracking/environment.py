"""The environment of a run: commit, versions and hardware, for the record."""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
import platform
import subprocess
from pathlib import Path
from typing import Any

LIBRARIES = ("ser-bench", "keras", "tensorflow", "jax", "torch", "librosa", "numpy", "scikit-learn", "optuna", "mlflow")


@functools.cache
def environment_tags() -> dict[str, Any]:
    """The environment as tags: `commit`, `hardware`, `python` and `versions`."""
    return {"commit": commit(), "hardware": hardware(), "python": platform.python_version(), "versions": versions()}


def commit() -> str:
    """The commit of the harness's own source, `-dirty` when tracked files differ from it; `unknown` outside a checkout."""
    folder = Path(__file__).parents[1]
    try:
        done = subprocess.run(["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"], cwd=folder, capture_output=True,
                              text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return done.stdout.strip() or "unknown"


def commit_time(name: str, folder: Path) -> float | None:
    """When a commit of the checkout around a folder was made, in seconds since 1970; None where there is no such commit, or no checkout.

    Args: name: as git takes it: the start of its hash, a branch, a tag, `HEAD~3`.
    """
    words = ["git", "log", "-1", "--format=%ct", "--end-of-options", f"{name}^{{commit}}", "--"]
    try:
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=10, check=False)
        return float(done.stdout) if done.returncode == 0 else None
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None


def hardware() -> str:
    """Cores, memory, what the Keras backend computes on, and what else rounds its numbers: `2 cores, 24 GB, cpu:0, 1 thread`."""
    import psutil

    from harness.training.backend import in_words, not_undone, set_up, threads

    parts = [f"{psutil.cpu_count()} cores", f"{round(psutil.virtual_memory().total / 1e9)} GB", *set_up()]
    used = threads()
    return ", ".join([*parts, *([in_words(used)] if used else []), *not_undone()])


def versions() -> str:
    """Name and version of each library that matters to the numbers and is installed."""
    installed = []
    for name in LIBRARIES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            installed.append(f"{name} {importlib.metadata.version(name)}")
    return ", ".join(installed)
