"""Figures of pairs of corpora: above chance, and with one variance of training for a column."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from transfer_pairs import pair, two_corpora

from harness.analyses.transfer.matrix import pooled


def test_uar_above_chance_is_a_share_of_what_is_possible() -> None:
    pairs = two_corpora().pairs
    assert pairs["one", "one"].above_chance == pytest.approx((0.9 - 0.25) / 0.75) and pairs["one", "two"].above_chance == 0
    assert pairs["two", "two"].few_speakers and pairs["two", "two"].known_voices and not pairs["one", "one"].known_voices


def test_a_network_of_one_seed_has_the_variance_of_training_of_the_others_in_its_column() -> None:
    one, two = pair("one", "one", 0.9, emotions=4), pair("two", "one", 0.8)
    unsure = dataclasses.replace(two, counts=np.concatenate([two.counts, two.counts[..., ::-1]]))  # a seed at .8, one at .2
    _, low, high = pooled({("two", "one"): unsure, ("one", "one"): one})["one", "one"].figure()
    assert high - low > 0.1
