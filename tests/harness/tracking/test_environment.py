"""The environment of a run is named so that it can be told from another."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from harness.tracking import environment


def test_versions_name_the_libraries_that_are_installed_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "LIBRARIES", ("numpy", "no-such-library", "keras"))
    assert environment.versions() == f"numpy {importlib.metadata.version('numpy')}, keras {importlib.metadata.version('keras')}"


def test_outside_a_checkout_or_without_git_the_commit_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_git(*_: Any, **__: Any) -> None:
        raise FileNotFoundError("git")

    assert re.fullmatch(r"unknown|[0-9a-f]{7,40}(-dirty)?", environment.commit())
    monkeypatch.setattr(subprocess, "run", no_git)
    assert environment.commit() == "unknown"


def test_a_commit_has_its_time_and_what_is_none_has_not(tmp_path: Path) -> None:
    at = {**os.environ, "HOME": str(tmp_path), "GIT_COMMITTER_DATE": "1700000000 +0000", "GIT_AUTHOR_DATE": "1500000000 +0000"}
    for words in (["init", "-q"], ["-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-q", "--allow-empty", "-m", "x"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True, env=at)
    assert environment.commit_time("HEAD", tmp_path) == 1.7e9
    assert [environment.commit_time(name, tmp_path) for name in ("no-such", "--all", "")] == [None] * 3
    assert environment.commit_time("HEAD", tmp_path / "nowhere") is None


def test_tags_say_commit_hardware_python_and_versions() -> None:
    environment.environment_tags.cache_clear()
    tags = environment.environment_tags()
    assert set(tags) == {"commit", "hardware", "python", "versions"} and tags["python"] == platform.python_version()
