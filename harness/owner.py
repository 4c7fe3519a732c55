"""Which process owns an open record, and whether it still lives: for telling running work from what a crash left."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil


def mark() -> dict[str, str]:
    """What identifies this process: host, process id, and its start, since ids are used again."""
    return {"host": socket.gethostname(), "pid": str(os.getpid()), "started": _started(os.getpid())}


def may_live(marked: Mapping[str, Any]) -> bool:
    """Whether the process of a mark may be alive: always for one of another host, which can't be asked."""
    if marked.get("host") != socket.gethostname():
        return "host" in marked
    pid = int(marked.get("pid", -1))
    return psutil.pid_exists(pid) and not _zombie(pid) and marked.get("started", _started(pid)) == _started(pid)


def _started(pid: int) -> str:
    """The start of a process in ticks since this boot where Linux tells it, so that setting the clock changes nothing; or its time."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
        return f"{boot}-{Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[19]}"
    except OSError:
        pass
    try:
        return f"{psutil.Process(pid).create_time():.2f}"
    except psutil.NoSuchProcess:
        return ""


def _zombie(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True
