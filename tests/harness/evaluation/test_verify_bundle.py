"""A bundle is verified from its predictions alone; whatever was changed in it, and packed again, does not match."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bundled import ABOUT, made, packed, seeds

from harness.evaluation.sealed_zip import seal
from harness.evaluation.verify_bundle import differing, verify
from harness.training.predictions import parse


def faults(path: Path) -> str:
    return "\n".join(fault for check in verify(path).checks for fault in check.faults)


def test_a_bundle_as_it_was_made_matches_in_everything(tmp_path: Path) -> None:
    found = verify(packed(tmp_path / "a.zip"))
    assert not found.failed, faults(tmp_path / "a.zip")
    counts = [check.count for check in found.checks]
    assert counts[0] == len(made()) and counts[1] == 4 * 2 * 4 and counts[2:4] == [4, 4] and counts[4] > 100 and counts[5] == 9 + 2


def test_a_bundle_of_an_earlier_version_has_no_descriptions_and_splits_of_two_columns(tmp_path: Path) -> None:
    later = ("croissant.json", "every_eval_ever/")
    files = {name: b"\n".join(b",".join(line.split(b",")[:2]) for line in content.splitlines()) if name.startswith("splits/") else content
             for name, content in made().items() if not name.startswith(later)}
    seal(tmp_path / "a.zip", files, ABOUT)
    found = verify(tmp_path / "a.zip")
    assert not found.failed and len(found.checks) == 5, faults(tmp_path / "a.zip")


def first(name: str) -> str:
    return f"runs/{seeds()[0]['run_id']}/{name}"


def in_record(change: Callable[[dict[str, Any]], None]) -> dict[str, bytes]:
    """The record with a change in its only leaderboard."""
    record = json.loads(made()["record.json"])
    change(record["studies"]["width"]["leaderboards"][0])
    return {"record.json": json.dumps(record).encode()}


def in_seed(key: str, value: object) -> dict[str, bytes]:
    """The runs with another figure or tag of a seed."""
    runs = json.loads(made()["runs.json"])
    seed = next(run for run in runs if run["run_id"] == seeds()[0]["run_id"])
    (seed["tags"] if key.startswith("bench.") else seed["metrics"])[key] = value
    return {"runs.json": json.dumps(runs).encode()}


def other_truth() -> dict[str, bytes]:
    head, line, *rest = made()[first("test.csv")].decode().splitlines()
    return {first("test.csv"): "\n".join([head, line.replace(",ANG,", ",SAD,", 1), *rest]).encode()}


def in_eval(old: bytes, new: bytes) -> dict[str, bytes]:
    name = min(name for name in made() if name.startswith("every_eval_ever/"))
    return {name: made()[name].replace(old, new, 1)}


CHANGES: dict[str, tuple[Callable[[], dict[str, bytes]], str]] = {
    "a figure of the report": (lambda: in_record(lambda board: board["rows"][0]["test"]["uar"].update(mean=0.99)),
                               "test › uar › mean: the bundle says 0.99, computed again it is 0."),
    "an interval": (lambda: in_record(lambda board: board["rows"][0]["test"]["uar"].update(low=0.1)), "test › uar › low"),
    "a rank": (lambda: in_record(lambda board: board["rows"][1].update(rank=1)), "rank: the bundle says 1, computed again it is 2"),
    "a mark": (lambda: in_record(lambda board: board["rows"][0].update(marks=[])), "marks"),
    "a figure of a training": (lambda: in_seed("test/uar", 0.99), "test/uar is noted as 0.99, its predictions give 0."),
    "a setting": (lambda: {first("configuration.json"): made()[first("configuration.json")].replace(b'"epochs": 1', b'"epochs": 9')},
                  "its configuration has the signature"),
    "a truth": (other_truth, "test/wa is noted as"),
    "a clip of a split": (lambda: {name: content.replace(b",test", b",validation", 1) for name, content in made().items()
                                   if name.startswith("splits/")}, "clips are not those of splits/"),
    "a training clip": (lambda: {name: content.replace(b"S0", b"S9", 1) for name, content in made().items()
                                 if name.startswith("splits/")}, "its clips have the fingerprint"),
    "an opening": (lambda: {"openings.json": json.dumps(json.loads(made()["openings.json"])[1:]).encode()}, "test_openings"),
    "runs that are no runs": (lambda: {"runs.json": b"[]"}, "configuration|leaderboards|studies"),
    "a figure of Every Eval Ever": (lambda: in_eval(b'"upper": 0.', b'"upper": 1.'), "uncertainty › confidence_interval › upper"),
    "a file of Every Eval Ever": (lambda: {"every_eval_ever/00000009.json": b"{}"},
                                  "every_eval_ever/00000009.json: the bundle says {}, computed again it is nothing"),
    "a hash of the description": (lambda: {"croissant.json": made()["croissant.json"].replace(b'"sha256": "', b'"sha256": "0')},
                                  "croissant.json says that"),
    "a description that is none": (lambda: {"croissant.json": b"[]"}, "croissant.json or a file of every_eval_ever/ can't be read"),
    "predictions that are none": (lambda: {first("test.csv"): b"\xff\xfe"}, "is damaged")}


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_changed_before_it_was_packed_again_does_not_match(change: str, tmp_path: Path) -> None:
    changes, message = CHANGES[change]
    contents = changes()
    assert all(made().get(name) != content for name, content in contents.items())
    found = faults(packed(tmp_path / "a.zip", contents))
    assert any(word in found for word in message.split("|")), found


def sure_and_wrong() -> dict[str, bytes]:
    """The first test clip of a seed with a probability of its truth that is written as 0, the last emotion having the rest."""
    head, line, *rest = made()[first("test.csv")].decode().splitlines()
    at = head.split(",").index("truth") + 1
    cells = [*line.split(",")[:at], *"00000", "1"]
    return {first("test.csv"): "\n".join([head, ",".join(cells), *rest, ""]).encode()}


@pytest.mark.parametrize(("probability", "matches"), [(3e-10, True), (2e-11, True), (1e-7, False)])
def test_a_loss_of_a_probability_that_nine_places_do_not_show_matches_and_any_other_does_not(
        probability: float, matches: bool, tmp_path: Path) -> None:
    changes = sure_and_wrong()
    predictions = parse(changes[first("test.csv")].decode().splitlines(), "test.csv")
    predictions.probabilities[0, 0] = probability
    runs = json.loads(made()["runs.json"])
    next(run for run in runs if run["run_id"] == seeds()[0]["run_id"])["metrics"].update(predictions.scores.flat("test"))
    found = faults(packed(tmp_path / "a.zip", changes | {"runs.json": json.dumps(runs).encode()}))
    assert ("test/loss is noted" not in found) == matches and "test/uar is noted" not in found, found


def test_a_changed_byte_is_a_fault_although_no_figure_depends_on_it(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip")
    content = bytearray(path.read_bytes())
    content[content.index(b"README.md") - 20] ^= 1  # a field of the file's header that says when it was packed
    path.write_bytes(content)
    assert verify(path).failed and "the archive's own SHA-256 differs" in faults(path)


def test_documents_differ_where_numbers_are_more_than_rounding_apart_and_texts_are_others() -> None:
    old = {"a": 0.5, "b": [{"name": "row", "c": None, "d": True}], "e": "x"}
    assert list(differing(old, {"a": 0.5 + 1e-9, "b": [{"name": "row", "c": None, "d": True}], "e": "x"})) == []
    new = {"a": 0.6, "b": [{"name": "row", "c": 0.0, "d": 1}], "f": "x"}
    assert [where for where, _, _ in differing(old, new)] == ["a", "b › row › c", "b › row › d", "e", "f"]
