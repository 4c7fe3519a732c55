"""The page of all studies ranks rows together and filters them by kind and study."""

from __future__ import annotations

from pathlib import Path

from html_pages import Page, boards_of, records

from harness.evaluation.joint_leaderboards import joint_tables
from harness.evaluation.report_data import study_data
from harness.evaluation.study_records import StudyRecord
from harness.reports.html.index_html import index_html
from harness.study.claims import ClaimedRecipe


def page(*studies: str) -> Page:
    boards = boards_of(records())
    tables = joint_tables([StudyRecord.of(name, study_data(boards), boards) for name in studies])
    return Page(index_html(tables, {studies[0]: "first one.html"}, ["## The reports", "- <script>"], {}, Path()))


def test_rows_of_all_studies_have_filters_by_kind_and_study_and_links_to_their_pages() -> None:
    found = page("a", "b")
    assert [box["value"] for box in found.of("input") if box["type"] == "checkbox"] == ["pretrained", "functionals", "from scratch"]
    assert [option["value"] for option in found.of("option")] == ["", "a", "b"]
    assert found.attributes("href").count("first%20one.html") == 5 and len(found.of("script")) == 1
    assert [line["data-study"] for line in found.of("tr") if "data-study" in line] == ["a\nb"] * 5, "networks of both studies stand once"


def test_what_is_new_stands_above_the_tables_and_a_claim_beside_the_row_it_is_of() -> None:
    found = records()
    for each in found:
        each.tags["bench.recipe"] = each.tags.get("bench.architecture", "")
    boards = boards_of(found)
    tables = joint_tables([StudyRecord.of("a", study_data(boards), boards)])
    claim = ClaimedRecipe(0.9, 2, "folder")
    text = Page(index_html(tables, {}, [], {}, Path(), {("a", "weak"): claim}, ["## What is new", "- **weak**"])).text
    assert text.index("What is new") < text.index("validation UAR") and text.count("claimed WA .900") == 1


def test_a_table_of_one_study_with_few_rows_is_folded_and_a_home_without_rows_has_a_page() -> None:
    found = page("a")
    assert len(found.of("details")) == 1 and len(found.of("table")) == 2 and "Tables of few rows" in found.text
    assert Page(index_html([], {}, ["## The reports"], {}, Path())).of("table") == []


def test_every_table_is_ruled_by_the_filters_above() -> None:
    found = page("a", "b")
    form, = found.of("form")
    assert str(form["data-tables"]).split() == [table["id"] for table in found.of("table")]
