"""What a folder of downloaded files is known to hold, so that a pull that is repeated asks and fetches only what is missing."""

from __future__ import annotations

import json
import logging
import threading
from pathlib import Path
from typing import Any

from harness.data.download import checksum, is_as_promised

logger = logging.getLogger(__name__)


class Manifest:
    """What is known of the files of a folder: size and checksum promised, and when a file was last found to keep them.

    A file is known to be whole when its size and time of change are those noted; with another time it is read again.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.path, self.lock = folder, folder / ".bench-download.json", threading.Lock()
        self.finished, self.files = False, dict[str, dict[str, Any]]()
        try:
            noted = json.loads(self.path.read_text(encoding="utf-8"))
            self.finished, self.files = bool(noted["finished"]), {str(key): dict(value) for key, value in noted["files"].items()}
        except FileNotFoundError:
            pass
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            logger.warning("%s is damaged (%s): the files are checked with their source again", self.path, error)

    def promise(self, path: Path) -> tuple[str, int] | None:
        """Checksum and size that the source gave for a file, if they were noted."""
        noted = self.files.get(self._key(path), {})
        return (noted["checksum"], noted["size"]) if {"checksum", "size"} <= noted.keys() else None

    def has(self, path: Path) -> bool:
        """Whether a file is there as its source promised."""
        promised = self.promise(path)
        if promised is None or not path.is_file() or path.stat().st_size != promised[1]:
            return False
        if self.files[self._key(path)].get("changed_ns") == path.stat().st_mtime_ns:
            return True
        if not is_as_promised(path, *promised):
            return False
        self.note(path, *promised, whole=True)
        return True

    def has_all(self) -> bool:
        """Whether an earlier pull finished and each of its files is still there."""
        return self.finished and all(self.has(self.folder / key) for key in list(self.files))

    def note(self, path: Path, promised: str, size: int, *, whole: bool) -> None:
        """Note a promise, and whether the file now keeps it."""
        with self.lock:
            self.files[self._key(path)] = {"checksum": promised, "size": size, **({"changed_ns": path.stat().st_mtime_ns} if whole else {})}

    def note_file(self, path: Path) -> None:
        """Note a file whose source promised nothing of it."""
        self.note(path, checksum(path), path.stat().st_size, whole=True)

    def forget(self, path: Path) -> None:
        """Ask the source again about a file."""
        with self.lock:
            self.files.pop(self._key(path), None)

    def save(self) -> None:
        """Write it beside its files; an empty one is not written."""
        with self.lock:
            if not self.files:
                return
            text = json.dumps({"finished": self.finished, "files": self.files}, indent=0, sort_keys=True)
            self.folder.mkdir(parents=True, exist_ok=True)
            beside = self.path.with_name(f"{self.path.name}.part")
            beside.write_text(text, encoding="utf-8")
            beside.replace(self.path)

    def _key(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()
