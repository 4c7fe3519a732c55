"""Which process owns an open run or draft, and whether it is alive: running work is told apart from the remains of a crash."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

BOOT = Path("/proc/sys/kernel/random/boot_id")  # Linux's


def this_process() -> dict[str, str]:
    """Host, id and start of this process; the start because ids are used again."""
    return {"host": socket.gethostname(), "pid": str(os.getpid()), "started": _started(os.getpid())}


def may_be_alive(process: Mapping[str, Any]) -> bool:
    """Whether a process may be alive, which one of another host always may; False for an empty identity."""
    if not is_here(process.get("host")):
        return "host" in process
    pid = int(process.get("pid", -1))
    return psutil.pid_exists(pid) and not _zombie(pid) and process.get("started", _started(pid)) == _started(pid)


def is_here(host: object) -> bool:
    """Whether a host is this machine."""
    return host == socket.gethostname()


def _started(pid: int) -> str:
    """When a process started, whatever the clock is set to: on Linux in ticks since this boot."""
    try:
        if BOOT.exists():
            stat, boot = (path.read_text(encoding="utf-8", errors="replace") for path in (Path(f"/proc/{pid}/stat"), BOOT))
            return f"{stat.rpartition(')')[2].split()[19]}@{boot.strip()}"
        return f"{psutil.Process(pid).create_time():.2f}"
    except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
        return ""


def _zombie(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True
