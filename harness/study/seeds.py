"""A seed for each purpose, derived from what the work is."""

from __future__ import annotations

import hashlib


def seed_for(signature: str, purpose: str) -> int:
    """A seed below 2**31 for one purpose of one piece of work; other purposes get independent ones.

    >>> seed_for("abc", "weights") == seed_for("abc", "weights") != seed_for("abc", "order")
    True
    """
    return int.from_bytes(hashlib.sha256(f"{signature}/{purpose}".encode()).digest()[:4], "big") >> 1
