"""What a crash left is told from running work: by host, process id and the process's start."""

from __future__ import annotations

import os
import sys

import psutil
import pytest

from harness.tracking.process_identity import may_be_alive, this_process


def test_this_process_lives_and_one_with_its_id_that_started_at_another_time_does_not() -> None:
    assert may_be_alive(this_process())
    assert not may_be_alive({**this_process(), "started": "12.00"})


def test_a_process_of_another_host_may_live_and_a_record_without_an_owner_does_not() -> None:
    assert may_be_alive({**this_process(), "host": "elsewhere", "pid": "1"})
    assert not may_be_alive({})
    assert not may_be_alive({**this_process(), "pid": str(2**22 + os.getpid()), "started": "12.00"})


def test_a_process_is_known_again_after_the_clock_was_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time of boot, which psutil adds to a process's age, moves with the clock."""
    mine = this_process()
    boot = psutil.boot_time()
    monkeypatch.setattr(psutil, "boot_time", lambda: boot + 3_600)
    if sys.platform.startswith("linux"):
        monkeypatch.setattr("psutil._pslinux.boot_time", lambda: boot + 3_600)
    assert may_be_alive(mine)
    assert not may_be_alive({**mine, "started": "1@another boot"})
