"""A store that can't be opened: the message fits what lies at its address, and says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from calls import bench, free_port
from web_server import answering

from harness.tracking.store import connect
from harness.tracking.store_errors import check_address, driver_missing, in_memory, is_database
from registry.errors import BenchError


@pytest.fixture(autouse=True)
def no_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")


def fault(uri: str) -> str:
    with pytest.raises(BenchError) as raised:
        connect(uri)
    assert "mlflow.db away" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize(("status", "body", "words"), [
    (401, "You are not authenticated", "it asks for a user and a password, or does not accept these (401, 'You are not authenticated'). "
     "Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"),
    (403, "Permission denied", "it refuses (403, 'Permission denied'). Ask its owner for the right to write experiments and runs"),
    (403, '{"error_code": "PERMISSION_DENIED", "message": "not yours"}', "it refuses (403, PERMISSION_DENIED: not yours). Ask its owner"),
    (404, "<html>", "its answer is 404, '<html>'. What answers there is no MLflow server: check the host, the port and the path"),
    (200, "<html>", "its answer is '<html>'. What answers there is no MLflow server"),
    (500, "broken", "The server has a fault of its own: its log says which")])
def test_a_server_s_answer_is_explained(status: int, body: str, words: str) -> None:
    with answering(status, body) as address:
        text = fault(address)
    assert text.startswith(f"the MLflow store {address} can't be opened: ") and words in text


def test_a_server_that_is_away_or_has_no_such_name_does_not_answer() -> None:
    away = fault(f"http://127.0.0.1:{free_port()}")
    assert "it does not answer (" in away and "Connection refused). Start the server, or check the host and the port in " in away
    assert "it does not answer (Failed to resolve 'no-such-host.invalid'" in fault("http://no-such-host.invalid:5000")


@pytest.mark.parametrize(("uri", "words"), [
    ("./mlruns", "MLFLOW_TRACKING_URI is ./mlruns, a folder, and MLflow keeps no runs in folders any more. Give a server (http://HOST:5000)"),
    ("file:///data/mlruns", "`mlflow migrate-filestore --source /data/mlruns --target sqlite:////absolute/path/mlflow.db` brings"),
    ("/data/mlflow.db", "MLFLOW_TRACKING_URI is /data/mlflow.db, a file: the address of a SQLite file begins with sqlite:///, as "
     "sqlite:////data/mlflow.db"),
    ("databricks://mine", "bench keeps no runs in Databricks"), ("databricks", "bench keeps no runs in Databricks"),
    ("localhost:5000", "the address of a server begins with http:// or https://, as http://localhost:5000"),
    ("postgres://db/runs", "the address of PostgreSQL begins with postgresql://"),
    ("sqlite:///:memory:", "a database in memory, whose runs are gone when the command ends"),
    ("sqlite://", "a database in memory"), ("nonsense://x", "no store has such an address. Give a server (http://HOST:5000), SQLite"),
    ("mysql://h/x", "its driver MySQLdb is not installed. pip install 'mysqlclient', or name an installed one"),
    ("mysql+none://h/x", "no store has such an address"), ("sqlite:/x.db", "no store has such an address")])
def test_an_address_at_which_no_runs_can_lie_is_refused_with_what_can(uri: str, words: str) -> None:
    assert words in fault(uri)


def test_a_database_that_does_not_answer_is_told_at_once_and_without_its_password() -> None:
    text = fault(f"postgresql+psycopg://anna:s3cret@127.0.0.1:{free_port()}/runs")
    assert "s3cret" not in text and "Connection refused" in text
    assert text.endswith("Check that the server runs, and the host, port, user, password and name of the database in MLFLOW_TRACKING_URI")


def test_a_sqlite_path_that_is_a_folder_is_no_damaged_store(tmp_path: Path) -> None:
    words = f"{tmp_path} is a folder, not the file of a database: add the file's name, as {tmp_path}/mlflow.db"
    assert fault(f"sqlite:///{tmp_path}") == words


def test_folders_are_left_to_mlflow_where_it_is_told_to_take_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    check_address("./mlruns")


def test_databases_are_told_from_servers_by_their_addresses() -> None:
    assert is_database("postgresql+psycopg://h/x") and is_database("sqlite:////x.db") and not is_database("http://h:5000")
    assert in_memory("sqlite:///") and in_memory("sqlite+pysqlite:///:memory:?x=1") and not in_memory("sqlite:///x.db")
    assert "pip install 'psycopg2-binary'" in driver_missing(ModuleNotFoundError("no", name="psycopg2"))


def test_a_command_prints_the_fault_of_a_store_and_no_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(404, "<html>") as address:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        outcome = bench("report", "--home", tmp_path)
    assert outcome.code == 1 and "What answers there is no MLflow server" in outcome.err and "Traceback" not in outcome.err
