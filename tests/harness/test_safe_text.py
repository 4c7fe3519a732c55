"""Texts from outside are made safe: no secrets, no control codes, file names that stay in their folder."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from harness.safe_text import first_line, mask_logs, mask_secrets, printable, safe_file_name

NAMES = ("a|b", "<script>alert(1)</script>", "`rm`", "'\"", "one\ntwo", "../up", "/etc/up", "..", "a\\|b", "", "README", "leakage",
         "x" * 300, "cnn2d")

@pytest.mark.parametrize(("text", "shown"), [
    ("http://anna:S3cr-et@host:5000/a", "http://***@host:5000/a"), ("http://S3cr-et@host/a", "http://***@host/a"),
    ("postgresql+psycopg://u:S3cr-et%40x@h/db", "postgresql+psycopg://***@h/db"),
    ("mysql+pymysql://u:S3cr:@-et@h/db?x=a@b", "mysql+pymysql://***@h/db?x=a@b"),
    ("'postgresql://u:p/S3cr-et@h/db'.", "'postgresql://***@h/db'."), ("https://h/x?sig=S3cr-et&page=2", "https://h/x?sig=***&page=2"),
    ("postgresql://h/db?user=u&password=S3cr-et", "postgresql://h/db?user=u&password=***"),
    ("http://a:S3cr-et@h/1 and http://b:S3cr-et@h/2", "http://***@h/1 and http://***@h/2"),
    ("sqlite:////data/mlflow.db", "sqlite:////data/mlflow.db"), ("http://127.0.0.1:5000/#/x", "http://127.0.0.1:5000/#/x"),
    ("mail anna@example.org of https://example.org/a", "mail anna@example.org of https://example.org/a"), ("no address", "no address")])
def test_an_address_is_shown_without_what_only_its_owner_may_know(text: str, shown: str) -> None:
    assert mask_secrets(text) == shown == mask_secrets(shown)


def test_names_become_file_names_that_stay_in_their_folder_and_keep_apart(tmp_path: Path) -> None:
    file_names = [safe_file_name(name) for name in NAMES]
    assert file_names[-1] == "cnn2d" and len({name.casefold() for name in file_names}) == len(file_names)
    for name in file_names:
        assert (tmp_path / f"{name}.md").resolve().parent == tmp_path.resolve() and name not in ("", ".", "..")
        (tmp_path / f"{name}.md").write_text("")


def test_control_codes_are_spelled_out_and_an_error_is_its_first_line_or_its_kind() -> None:
    assert printable("tab\tline\n\x1b[2J") == "tab\tline\n\\x1b[2J"
    assert first_line(ValueError("away: http://a:b@h\nsecond line")) == "away: http://***@h" and first_line(KeyError()) == "KeyError"


def test_a_long_error_is_cut_between_words_and_shows_that_it_is() -> None:
    assert first_line(ValueError("word " * 1000)) == "word " * 119 + "word …"


def test_log_records_are_masked_once_whatever_their_arguments_are(caplog: pytest.LogCaptureFixture) -> None:
    mask_logs()
    factory = logging.getLogRecordFactory()
    mask_logs()
    assert logging.getLogRecordFactory() is factory
    logging.getLogger("some.library").warning("lost %s after %d tries", "http://anna:secret@h/", 3)
    assert caplog.messages == ["lost http://***@h/ after 3 tries"]
