"""What a crash left is told from running work: by host, process id and the process's start."""

from __future__ import annotations

import os

from harness.tracking.process_identity import may_be_alive, this_process


def test_this_process_lives_and_one_with_its_id_that_started_at_another_time_does_not() -> None:
    assert may_be_alive(this_process())
    assert not may_be_alive({**this_process(), "started": "12.00"})


def test_a_process_of_another_host_may_live_and_a_record_without_an_owner_does_not() -> None:
    assert may_be_alive({**this_process(), "host": "elsewhere", "pid": "1"})
    assert not may_be_alive({})
    assert not may_be_alive({**this_process(), "pid": str(2**22 + os.getpid()), "started": "12.00"})
