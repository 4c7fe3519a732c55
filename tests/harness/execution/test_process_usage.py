"""Readings of a process grow with what it does."""

from __future__ import annotations

import time

import psutil
import pytest

from harness.execution.process_usage import Usage


def test_a_busy_process_uses_cpu_and_its_memory_is_what_the_system_says() -> None:
    usage = Usage()
    end = time.process_time() + 0.05
    while time.process_time() < end:
        pass
    found = usage.since_last()
    assert 0 < found["system/cpu_utilization_percentage"] <= 100 * (psutil.cpu_count() or 1) + 50
    assert found["system/process_memory_megabytes"] == pytest.approx(psutil.Process().memory_info().rss / 1e6, rel=0.1)
