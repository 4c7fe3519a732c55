"""Why an MLflow store can't be opened, in words that fit what lies at its address: a server, a database, a folder, or nothing."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from mlflow.exceptions import MlflowException, RestException
from mlflow.tracking.registry import UnsupportedModelRegistryStoreURIException
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from harness.safe_text import mask_secrets
from harness.tracking.addresses import sqlite_address
from registry.errors import BenchError

DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
ALLOWED = ("a server (http://HOST:5000), SQLite (sqlite:////absolute/path/mlflow.db), PostgreSQL "
           "(postgresql+psycopg://HOST/NAME), MySQL or SQL Server")
PACKAGES = {"psycopg": "psycopg[binary]", "psycopg2": "psycopg2-binary", "MySQLdb": "mysqlclient"}
"""Module of a database's driver -> the package that holds it, where their names differ."""


def scheme_of(uri: str) -> str:
    """How an address begins, without a driver: `http`, `sqlite`, `postgresql`; empty for a path."""
    return urlsplit(uri).scheme.partition("+")[0]


def is_database(uri: str) -> bool:
    """Whether an address is that of a database."""
    return scheme_of(uri) in DATABASES


def in_memory(uri: str) -> bool:
    """Whether an address is that of a SQLite database without a file."""
    return bool(re.fullmatch(r"sqlite(\+\w+)?://(/|/:memory:)?(\?.*)?", uri))


def check_address(uri: str) -> None:
    """Raises: BenchError for an address at which `bench` can't keep runs."""
    shown, scheme = mask_secrets(uri), scheme_of(uri)
    if re.fullmatch(r"[\w.-]+:\d+(/.*)?", uri):
        raise BenchError(f"MLFLOW_TRACKING_URI is {shown}: the address of a server begins with http:// or https://, as http://{shown}")
    if uri.partition(":")[0] in ("databricks", "databricks-uc", "uc"):
        raise BenchError(f"MLFLOW_TRACKING_URI is {shown}: bench keeps no runs in Databricks. Give {ALLOWED}")
    if scheme == "postgres":
        raise BenchError(f"MLFLOW_TRACKING_URI is {shown}: the address of PostgreSQL begins with postgresql://")
    if scheme in ("", "file") and (path := Path(_folder(uri)).expanduser()).suffix in (".db", ".sqlite", ".sqlite3"):
        raise BenchError(f"MLFLOW_TRACKING_URI is {shown}, a file: the address of a SQLite file begins with sqlite:///, as "
                         f"{sqlite_address(path)}")
    if scheme in ("", "file") and os.environ.get("MLFLOW_ALLOW_FILE_STORE", "").lower() not in ("true", "1"):
        raise BenchError(f"MLFLOW_TRACKING_URI is {shown}, a folder, and MLflow keeps no runs in folders any more. Give {ALLOWED}; `mlflow "
                         f"migrate-filestore --source {_folder(uri)} --target sqlite:////absolute/path/mlflow.db` brings the runs of a "
                         "folder there")
    if in_memory(uri):
        raise BenchError(f"MLFLOW_TRACKING_URI is {shown}, a database in memory, whose runs are gone when the command ends. Give {ALLOWED}")


def _folder(uri: str) -> str:
    return urlsplit(uri).path if uri.startswith("file:") else uri


def store_error(uri: str, error: Exception) -> BenchError:
    """The error of a store that can't be opened: what fails, and what to do, without secrets."""
    if isinstance(error, UnsupportedModelRegistryStoreURIException | NoSuchModuleError | ArgumentError):
        return BenchError(f"the MLflow store {mask_secrets(uri)} can't be opened: no store has such an address. Give {ALLOWED} in "
                          "MLFLOW_TRACKING_URI")
    why, advice = _server_fault(error) if scheme_of(uri) in ("http", "https") else _database_fault(uri, error)
    return BenchError(mask_secrets(f"the MLflow store {uri} can't be opened: {why}. {advice}"))


def not_mlflow(uri: str, why: str) -> BenchError:
    """The error of a server that answers as no MLflow server does."""
    return BenchError(mask_secrets(f"the MLflow store {uri} can't be opened: {why}. {NOT_MLFLOW}"))


NOT_MLFLOW = "What answers there is no MLflow server: check the host, the port and the path in MLFLOW_TRACKING_URI"


def _server_fault(error: Exception) -> tuple[str, str]:
    """Why a server gives no runs, and what to do."""
    text = " ".join(str(error).split())
    if lost := re.search(r"Caused by (\w+)\((.*)\)", text):
        kind, words = lost[1], re.sub(r"HTTPS?Connection(Pool)?\(.*?\): ", "", lost[2]).strip("\"')")
        if kind == "SSLError":
            return words, ("Its certificate is not trusted: name the one to trust in MLFLOW_TRACKING_SERVER_CERT_PATH, or write http:// "
                           "for a server without encryption")
        if kind == "ResponseError":
            return words, "The server has a fault of its own: its log says which"
        return f"it does not answer ({words})", "Start the server, or check the host and the port in MLFLOW_TRACKING_URI"
    found = re.search(r"error code (\d{3}) != 200", text)
    status = int(found[1]) if found else error.get_http_status_code() if isinstance(error, RestException) else 0
    body = re.sub(r".*Response body: ", "", text)[:500]
    if status == 401:
        return f"it asks for a user and a password, or does not accept these (401, {body})", (
            "Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN")
    if status == 403:
        return f"it refuses (403, {body})", ("Ask its owner for the right to write experiments and runs; a server that refuses hosts it "
                                             "does not know is started with --allowed-hosts")
    if isinstance(error, RestException) or status >= 500:
        return f"it answers {status}: {body}", "The server has a fault of its own: its log says which"
    if status or "not in a valid JSON format" in text:
        return f"its answer is {f'{status}, ' * bool(status)}{body}", NOT_MLFLOW
    return text, "Check MLFLOW_TRACKING_URI"


def driver_missing(error: ImportError) -> str:
    """What a database lacks whose driver can't be imported."""
    name = error.name or str(error)
    return (f"its driver {name} is not installed: pip install {PACKAGES.get(name, name)!r}, or name an installed one in the address, as "
            "postgresql+psycopg://…")


def _database_fault(uri: str, error: Exception) -> tuple[str, str]:
    """Why a database can't be used, and what to do."""
    if isinstance(error, ModuleNotFoundError) and error.name:
        why, _, advice = driver_missing(error).partition(": ")
        return why, advice
    fault = next((each for each in (error, error.__cause__) if isinstance(each, DBAPIError)), None)
    why = " ".join(str(fault.orig if fault else error).split())
    if scheme_of(uri) == "sqlite":
        return why, f"Check whether another process holds {make_url(uri).database}, and whether its disk is healthy"
    if fault or isinstance(error, MlflowException):
        return why, ("Check that the server runs, and the host, port, user, password and name of the database in MLFLOW_TRACKING_URI")
    return why, "Check MLFLOW_TRACKING_URI"
