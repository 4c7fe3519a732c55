"""Figures of pairs of corpora: above chance, and with one variance of training for a column."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from made_finals import said
from made_records import figures
from transfer_pairs import pair, two_corpora

from harness.analyses.transfer.matrix import ABOUT, FOLDER, PREDICTIONS, TRANSFER, About, matrices, pooled
from harness.tracking.run_record import RunTags
from harness.tracking.store import Store


def test_uar_above_chance_is_a_share_of_what_is_possible() -> None:
    pairs = two_corpora().pairs
    assert pairs["one", "one"].above_chance == pytest.approx((0.9 - 0.25) / 0.75) and pairs["one", "two"].above_chance == 0
    assert pairs["two", "two"].few_speakers and pairs["two", "two"].known_voices and not pairs["one", "one"].known_voices


def test_a_network_of_one_seed_has_the_variance_of_training_of_the_others_in_its_column() -> None:
    one, two = pair("one", "one", 0.9, emotions=4), pair("two", "one", 0.8)
    unsure = dataclasses.replace(two, counts=np.concatenate([two.counts, two.counts[..., ::-1]]))  # a seed at .8, one at .2
    _, low, high = pooled({("two", "one"): unsure, ("one", "one"): one})["one", "one"].figure()
    assert high - low > 0.1


def test_networks_of_two_settings_are_in_two_matrices_though_their_labels_are_the_same(tmp_path: Path) -> None:
    """The study's learning rate was edited between the corpora: figures of both rates must not stand in one matrix."""
    tracker = Store(tmp_path).experiment("transfer-own", TRANSFER)
    for source, rate in (("one", 0.001), ("two", 0.002)):
        tags = RunTags(recipe="net", cell=source, split="unseen", corpus=source, corpus_fingerprint=source, signature=source, epochs=5,
                       signatures=(source,), requested_at=rate)
        for kind in ("seed", "final"):
            run = tracker.start(kind, kind, None, tags, {"seed": 0})
            place = tmp_path / source / kind / FOLDER / "0123"
            place.mkdir(parents=True)
            said(0.7).write(place / PREDICTIONS)
            (place / ABOUT).write_text(json.dumps(dataclasses.asdict(About(source, source, True, "whole", False, 0.0))))
            configuration = {"architecture": {"component": "net"}, "training": {"learning_rate": rate}}
            (tmp_path / source / kind / "configuration.json").write_text(json.dumps(configuration))
            tracker.add_files(run, tmp_path / source / kind)
            tracker.log_metrics(run, figures(0.5, 1.0))
            tracker.end(run, "finished")
    found = matrices(Store(tmp_path), "transfer-own")
    assert [(matrix.settings, list(matrix.pairs)) for matrix in found] == [
        ("--set training.learning_rate=0.001", [("one", "one")]), ("--set training.learning_rate=0.002", [("two", "two")])]
