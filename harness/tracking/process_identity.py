"""Which process owns an open record, and whether it still lives: for telling running work from what a crash left."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

BOOT = Path("/proc/sys/kernel/random/boot_id")  # Linux's


def this_process() -> dict[str, str]:
    """What identifies this process: host, process id, and its start, since ids are used again."""
    return {"host": socket.gethostname(), "pid": str(os.getpid()), "started": _started(os.getpid())}


def may_be_alive(marked: Mapping[str, Any]) -> bool:
    """Whether the process of a mark may be alive: always for one of another host, which can't be asked."""
    if not is_here(marked.get("host")):
        return "host" in marked
    pid = int(marked.get("pid", -1))
    return psutil.pid_exists(pid) and not _zombie(pid) and marked.get("started", _started(pid)) == _started(pid)


def is_here(host: object) -> bool:
    """Whether a mark's host is this machine."""
    return host == socket.gethostname()


def _started(pid: int) -> str:
    """When a process started, in a form that a clock which is set does not change: on Linux in ticks since this boot."""
    try:
        if BOOT.exists():
            return f"{Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[19]}@{BOOT.read_text().strip()}"
        return f"{psutil.Process(pid).create_time():.2f}"
    except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
        return ""


def _zombie(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True
