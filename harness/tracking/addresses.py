"""Paths as the addresses that MLflow and Optuna take, and back, for every legal name of a folder."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from registry.errors import BenchError


def sqlite_address(file: Path) -> str:
    """The address of a SQLite file. Raises: BenchError for a path that is not Unicode, which no database's address can hold.

    >>> sqlite_address(Path("/runs/50% a?b/mlflow.db"))
    'sqlite:////runs/50%25 a%3Fb/mlflow.db'
    """
    path = str(file.resolve())
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise BenchError(f"{path!r} can't be the path of a database: it holds bytes that are no text in UTF-8. Rename its folder, or "
                         "choose another --home") from error
    return URL.create("sqlite", database=path).render_as_string(hide_password=False)


def for_mlflow(address: str) -> str:
    """A store's address as MLflow takes it.

    Of one that begins with `sqlite:///`, MLflow makes the folder that the file seems to lie in, quotes and all; not so where it names a
    driver.
    """
    return address.replace("sqlite:///", "sqlite+pysqlite:///", 1) if address.startswith("sqlite:///") else address


def sqlite_file(address: str) -> Path | None:
    """The file of a SQLite database's address; None for another database or server, and for a database in memory.

    >>> sqlite_file("sqlite:////runs/50%25 a%3Fb/mlflow.db?timeout=5"), sqlite_file("http://127.0.0.1:5000")
    (PosixPath('/runs/50% a?b/mlflow.db'), None)
    """
    if not address.startswith("sqlite"):
        return None
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        return None
    return Path(url.database) if url.database and url.database != ":memory:" and "uri" not in url.query else None


def local_folder(address: str | None) -> Path | None:
    """The folder at an address of artifacts, which may be a plain path; None where that is not on this machine.

    >>> local_folder("file:///runs/a%23b/artifacts"), local_folder("/runs/a#b"), local_folder("s3://bucket/runs")
    (PosixPath('/runs/a#b/artifacts'), PosixPath('/runs/a#b'), None)
    """
    if not address or not address.startswith(("file:", "/")):
        return None
    return Path(url2pathname(urlsplit(address).path) if address.startswith("file:") else address)
