"""Makes texts safe: addresses without secrets, file names that stay in their folder, lines that any terminal can print; counts in words."""

from __future__ import annotations

import codecs
import hashlib
import logging
import os
import re
import sys
import unicodedata
from collections.abc import Collection

HIDDEN = "***"
PLAIN = re.compile(r"\w[\w.+-]*( [\w.+-]+)*")  # a name that is a file's name as it is
HASHED = re.compile(r"-[0-9a-f]{6}$")  # how a name with a hash ends
LONGEST_NAME = 100
LONGEST_LINE = 600  # characters of an error's message within another message
USER_INFO = re.compile(r"(?<=://)(?:[^\s/@:'\"<>]*:[^\s@'\"<>]*|[^\s/@:?#'\"<>]+)@(?:[^\s/?#@'\"<>]*@)*")
QUERY = re.compile(r"([?&;](?!viewStateShareKey=)[\w.-]*(?:pass|pwd|secret|token|key|sig|credential|auth)[\w.-]*=)[^\s&;#'\"<>]+",
                   re.IGNORECASE)
ASCII_FOR = {"×": "x", "→": "->", "↓": "v", "–": "-", "−": "-", "…": "...", "⚠": "!", "†": "+", "‡": "++", "±": "+-", "√": "sqrt",
             "≥": ">=", "≤": "<=", "★": "*", "·": ".", "♯": "#", "“": '"', "”": '"', "‘": "'", "’": "'"}
"""What stands for a sign of bench's own texts where the terminal's encoding lacks it."""


def mask_secrets(text: str) -> str:
    """A text without the users, passwords, tokens and keys of its addresses; for everything that is printed, logged or stored.

    >>> mask_secrets("postgresql://anna:s3cret@db.example:5432/runs?sslpassword=x&sslmode=require is away")
    'postgresql://***@db.example:5432/runs?sslpassword=***&sslmode=require is away'
    >>> mask_secrets("http://127.0.0.1:5000/#/experiments/1/runs?viewStateShareKey=bench-search&key=s3cret")  # the first names a view
    'http://127.0.0.1:5000/#/experiments/1/runs?viewStateShareKey=bench-search&key=***'
    """
    return QUERY.sub(rf"\g<1>{HIDDEN}", USER_INFO.sub(f"{HIDDEN}@", text)) if "://" in text else text


def plural(number: int, noun: str) -> str:
    """A count of things, whose plural ends in s.

    >>> plural(1, "seed"), plural(3, "seed"), plural(7442, "clip")
    ('1 seed', '3 seeds', '7,442 clips')
    """
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def first_line(error: Exception) -> str:
    """The first line of an error's message, without secrets, a long one cut between words; the error's type where it has none.

    >>> first_line(ValueError("the first\\nthe second"))
    'the first'
    """
    line = mask_secrets((str(error).strip().splitlines() or [type(error).__name__])[0])
    return line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE].rpartition(' ')[0] or line[:LONGEST_LINE]} …"


def printable(text: str) -> str:
    """A text for a terminal: without secrets, and with control characters other than line ends and tabs spelled out.

    >>> printable("a\\x1b[2Jb")
    'a\\\\x1b[2Jb'
    """
    return "".join(c if c in "\n\t" or unicodedata.category(c) != "Cc" else repr(c)[1:-1] for c in mask_secrets(text))


def safe_file_name(name: str, taken: Collection[str] = ()) -> str:
    """A file name, without an ending, for any name; different names give different file names.

    Args: taken: names of other things, in lower case.

    >>> safe_file_name("cnn2d"), safe_file_name("../evil"), safe_file_name("Index", {"index"})
    ('cnn2d', 'evil-2d6afc', 'Index-39c3be')
    """
    if PLAIN.fullmatch(name) and name.casefold() not in taken and not HASHED.search(name) and len(name) <= LONGEST_NAME:
        return name
    kept = re.sub(r"[^\w+-]+", "_", name).strip("_")[: LONGEST_NAME // 2]
    return f"{kept or 'named'}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:6]}"


def mask_logs() -> None:
    """Mask the secrets in every log record of this process, whichever library writes it and wherever it goes."""
    factory = logging.getLogRecordFactory()
    if getattr(factory, "masks", False):
        return

    def masked(*args: object, **options: object) -> logging.LogRecord:
        record = factory(*args, **options)
        try:
            message = record.getMessage()
        except (TypeError, ValueError):  # its arguments do not fit: logging itself reports that
            return record
        if "://" in message:
            record.msg, record.args = mask_secrets(message), None
        return record

    masked.masks = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(masked)


def accept_any_stream() -> None:
    """Let this process print any text to any stdout and stderr: ones that are closed, or whose encoding lacks signs of the text."""
    codecs.register_error("plain", _plain)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # it was closed by the shell, as by `>&-`
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8"))
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="plain")


def _plain(error: UnicodeError) -> tuple[str, int]:
    """The signs that can't be encoded as ASCII ones that mean the same; a letter without its accent, else a question mark."""
    assert isinstance(error, UnicodeEncodeError)
    signs = error.object[error.start : error.end]
    plain = (ASCII_FOR.get(sign) or unicodedata.normalize("NFKD", sign)[0].encode("ascii", "replace").decode() for sign in signs)
    return "".join(plain), error.end
