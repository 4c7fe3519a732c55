"""Every page of the reports has a file name and a folder of pictures of its own, whatever studies are called."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_finals import record, said

from harness.reports.index import write_index
from harness.reports.pages import INDEX, OTHER_PAGES, link_to, noise_page, pictures_folder, study_page, write_beside
from harness.reports.study_report import write_report
from harness.tracking.store import Store

AWKWARD = ("README", "readme", "Leakage", "transfer", "transfer-27f576", "published-systems", "published-systems.json", "cnn2d", "CNN2D",
           "Cnn2D", "cnn2d_noise", "cnn2d_noise_noise", "CNN2D_Noise", "cnn2d.md", "cnn2d_noise.md", "straße", "STRASSE", "v1.2", "v1",
           "two words", "../up", "x" * 300)


def store_of(home: Path, *studies: str) -> Store:
    store = Store(home)
    for study in studies:
        store.experiment(study)
    return store


def test_ordinary_studies_have_the_page_of_their_name(tmp_path: Path) -> None:
    store = store_of(tmp_path, "cnn2d", "two words", "v1.2", "MyStudy")
    for study in ("cnn2d", "two words", "v1.2", "MyStudy"):
        assert study_page(store, study) == tmp_path / "reports" / f"{study}.md"
        assert noise_page(store, study) == tmp_path / "reports" / f"{study}_noise.md"
        assert pictures_folder(study_page(store, study)) == tmp_path / "reports" / study
    assert link_to(study_page(store, "two words"), "1.png") == "two%20words/1.png"


def test_no_two_pages_or_folders_share_a_name_even_where_case_makes_no_difference(tmp_path: Path) -> None:
    store = store_of(tmp_path, *AWKWARD)
    pages = [page for study in AWKWARD for page in (study_page(store, study), noise_page(store, study))]
    pages += [tmp_path / "reports" / name for name in (INDEX, *OTHER_PAGES)]
    names = [path.name.casefold() for page in pages for path in (page, pictures_folder(page))] + ["published-systems.json"]
    assert len(set(names)) == len(names) == 4 * len(AWKWARD) + 2 * 4 + 1
    assert all(page.parent == tmp_path / "reports" for page in pages)
    assert study_page(store, "cnn2d").name == "cnn2d.md" and study_page(store, "CNN2D").name.startswith("CNN2D-")


@pytest.mark.parametrize("study", ["transfer", "Leakage", "published-systems", "README", "small_noise"])
def test_a_study_named_like_another_page_leaves_that_page_and_its_pictures_alone(study: str, tmp_path: Path) -> None:
    store = Store(tmp_path)
    record(store.experiment(study), "good", 0.1, [said(0.7, 0)])
    others = [tmp_path / "reports" / page for page in (INDEX, *OTHER_PAGES, "small_noise.md")]
    pictures = [pictures_folder(page) / "1.png" for page in others]
    for path in (*others, *pictures):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("another page's")
    page, boards = write_report(store, study)
    assert page == study_page(store, study) and page.read_text(encoding="utf-8").startswith("# ") and pictures_folder(page).is_dir()
    assert all(path.read_text() == "another page's" for path in (*others, *pictures))
    write_index(store, {study: boards})
    assert f"]({page.name}) |" in (tmp_path / "reports" / INDEX).read_text(encoding="utf-8")
    assert write_report(store, study)[0] == page


def test_a_page_is_never_seen_half_written_and_holds_no_secret(tmp_path: Path) -> None:
    write_beside(tmp_path / "reports" / "a.md", "postgresql://anna:s3cret@db/runs")
    assert [path.name for path in (tmp_path / "reports").iterdir()] == ["a.md"]
    assert (tmp_path / "reports" / "a.md").read_text() == "postgresql://***@db/runs"
