"""A saved view is what MLflow's page writes and reads: compressed JSON in a tag, written anew only where it differs."""

from __future__ import annotations

import base64
import json
import zlib

import pytest

from harness.tracking.saved_views import VIEW, View, is_tried, link, links, state_of, to_tag

PAGE_S_OWN = ('{"name":"Mine","createdAt":1700000000000,"updatedAt":1700000000001,"state":"deflate;'
              + base64.b64encode(zlib.compress(b'{"searchFilter":"","orderByAsc":true}')).decode() + '"}')


def test_what_the_page_wrote_is_read_and_what_is_written_reads_back() -> None:
    assert state_of(PAGE_S_OWN) == {"searchFilter": "", "orderByAsc": True}
    text = to_tag(View("Mine", {"searchFilter": "tags.`bench.kind` = 'final'"}))
    about = json.loads(text)
    assert set(about) == {"name", "createdAt", "updatedAt", "state"} and about["state"].startswith("deflate;")
    assert state_of(text) == {"searchFilter": "tags.`bench.kind` = 'final'"}


def test_a_view_that_does_not_change_keeps_its_text_and_one_that_does_keeps_when_it_was_made() -> None:
    assert to_tag(View("Mine", {"searchFilter": "", "orderByAsc": True}), PAGE_S_OWN) == PAGE_S_OWN
    changed = json.loads(to_tag(View("Mine", {"searchFilter": ""}), PAGE_S_OWN))
    assert changed["createdAt"] == 1700000000000 < changed["updatedAt"]


@pytest.mark.parametrize("damaged", ["", "{}", "[]", "no JSON", '{"name": "Mine", "createdAt": 1, "state": "deflate;AAAA"}'])
def test_a_damaged_view_is_replaced(damaged: str) -> None:
    assert state_of(to_tag(View("Mine", {"a": 1}), damaged)) == {"a": 1}


def test_links_lead_to_the_views_that_there_are_and_else_to_all_runs() -> None:
    tags = {VIEW + key: to_tag(View(name, {})) for key, name in (("bench-search", "3 Search"), ("bench-leaderboard", "1 Leaderboard"))}
    found = links("http://127.0.0.1:5000/", "7", tags | {VIEW + "another": "of somebody else"})
    runs = "http://127.0.0.1:5000/#/experiments/7/runs?workflowType=machine_learning"
    assert found == {"Leaderboard": f"{runs}&viewStateShareKey=bench-leaderboard",
                     "Search": f"{runs}&viewStateShareKey=bench-search&compareRunsMode=CHART"}
    assert links("http://127.0.0.1:5000", "7", {}) == {"Runs": runs} and link("http://127.0.0.1:5000", "7") == runs


def test_a_view_that_is_damaged_by_hand_still_has_a_link() -> None:
    assert list(links("http://127.0.0.1:5000", "7", {VIEW + "bench-leaderboard": "damaged"})) == ["leaderboard"]


def test_views_are_for_the_versions_that_they_were_tried_with() -> None:
    import mlflow

    assert is_tried(mlflow.__version__), "look at the four views in this MLflow before you add its version to TRIED"
    assert not is_tried("3.16.0") and not is_tried("4.0.0")
