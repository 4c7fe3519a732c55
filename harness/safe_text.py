"""Texts from outside made harmless: addresses without their secrets, file names that stay in their folder, lines without control codes."""

from __future__ import annotations

import hashlib
import logging
import re
import unicodedata
from collections.abc import Collection

HIDDEN = "***"
PLAIN = re.compile(r"\w[\w.+-]*( [\w.+-]+)*")  # what a name may be made of to be a file's name as it is
HASHED = re.compile(r"-[0-9a-f]{6}$")  # how a name with a hash ends
LONGEST_NAME = 100
USER_INFO = re.compile(r"(?<=://)(?:[^\s/@:'\"<>]*:[^\s@'\"<>]*|[^\s/@:?#'\"<>]+)@")
QUERY = re.compile(r"([?&;][\w.-]*(?:pass|pwd|secret|token|key|sig|credential|auth)[\w.-]*=)[^\s&;#'\"<>]+", re.IGNORECASE)


def mask_secrets(text: str) -> str:
    """A text in which no address tells a user, a password, a token or a key; for everything that is printed, logged or stored.

    >>> masked("postgresql://anna:s3cret@db.example:5432/runs?sslpassword=x&sslmode=require is away")
    'postgresql://***@db.example:5432/runs?sslpassword=***&sslmode=require is away'
    """
    return QUERY.sub(rf"\g<1>{HIDDEN}", USER_INFO.sub(f"{HIDDEN}@", text)) if "://" in text else text


def first_line(error: Exception) -> str:
    """The first line of what a fault says, without secrets."""
    return mask_secrets((str(error).strip().splitlines() or [type(error).__name__])[0][:300])


def printable(text: str) -> str:
    """A text for a terminal: without secrets, and with control characters other than line ends and tabs shown instead of obeyed.

    >>> visible("a\\x1b[2Jb")
    'a\\\\x1b[2Jb'
    """
    return "".join(c if c in "\n\t" or unicodedata.category(c) != "Cc" else repr(c)[1:-1] for c in mask_secrets(text))


def safe_file_name(name: str, taken: Collection[str] = ()) -> str:
    """The file name, without an ending, for what has a name that anyone may have given it; different names keep apart.

    Args: taken: names of other things, in lower case.

    >>> safe_file_name("cnn2d"), safe_file_name("../evil"), safe_file_name("Index", {"index"})
    ('cnn2d', 'evil-2d6afc', 'Index-39c3be')
    """
    if PLAIN.fullmatch(name) and name.casefold() not in taken and not HASHED.search(name) and len(name) <= LONGEST_NAME:
        return name
    kept = re.sub(r"[^\w+-]+", "_", name).strip("_")[: LONGEST_NAME // 2]
    return f"{kept or 'named'}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:6]}"


def mask_logs() -> None:
    """Have every log record of this process masked, whichever library writes it and wherever it goes."""
    make = logging.getLogRecordFactory()
    if getattr(make, "masks", False):
        return

    def record(*args: object, **more: object) -> logging.LogRecord:
        made = make(*args, **more)
        try:
            told = made.getMessage()
        except (TypeError, ValueError):  # its arguments do not fit: logging itself complains of that
            return made
        if "://" in told:
            made.msg, made.args = mask_secrets(told), None
        return made

    record.masks = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(record)
