"""Seeds differ by signature and by purpose."""

from __future__ import annotations

from harness.study.seeds import seed_for


def test_seeds_differ_by_work_and_by_purpose_and_fit_31_bits() -> None:
    seeds = {seed_for(signature, purpose) for signature in ("a", "b", "c") for purpose in ("training", "proposal 1", "proposal 2")}
    assert len(seeds) == 9 and all(0 <= seed < 2**31 for seed in seeds)
    assert seed_for("a", "training") == seed_for("a", "training")
