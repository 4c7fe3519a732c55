"""Claims are read from the study files of published systems, and of no other study."""

from __future__ import annotations

import pytest

from harness import Claim
from harness.study.claims import claimed_recipes, published_files
from registry.errors import UsageError


def test_the_recipes_of_published_systems_have_their_claim_and_published_epochs() -> None:
    assert list(published_files()) == [f"system_00{number}" for number in range(5)]
    claims = claimed_recipes(["system_003", "cnn2d"])
    assert {recipe: (claim.wa, claim.epochs, claim.corpus) for (_, recipe), claim in claims.items()} == {
        "003_1d": (0.5087, 600, "crema_d"), "003_2d": (0.6386, 300, "crema_d")}
    assert claimed_recipes([]) == {}


def test_a_claim_outside_zero_and_one_is_refused() -> None:
    with pytest.raises(UsageError, match=r"a claim's figures lie in \[0, 1\], not \[45.8\]"):
        Claim(wa=45.8)
