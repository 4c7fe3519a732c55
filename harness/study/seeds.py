"""A seed for each purpose of a trial, derived from its signature."""

from __future__ import annotations

import hashlib


def seed_for(signature: str, purpose: str) -> int:
    """A seed below 2**31 for one purpose; other purposes and signatures get independent ones.

    >>> seed_for("abc", "weights") == seed_for("abc", "weights") != seed_for("abc", "order")
    True
    """
    return int.from_bytes(hashlib.sha256(f"{signature}/{purpose}".encode()).digest()[:4], "big") >> 1
