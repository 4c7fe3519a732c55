"""Every page of the reports has a file name and a folder of pictures of its own, whatever studies are called."""

from __future__ import annotations

from pathlib import Path

import pytest
from calls import bench
from made_finals import record, said

from harness.reports.index import write_index
from harness.reports.pages import INDEX, OTHER_PAGES, link_to, new_pictures, noise_page, pictures_folder, study_page, write_beside
from harness.reports.study_report import write_report
from harness.tracking.store import Store
from registry.errors import BenchError

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
    assert f"]({page.name})" in (tmp_path / "reports" / INDEX).read_text(encoding="utf-8")
    assert write_report(store, study)[0] == page


def test_a_page_is_never_seen_half_written_and_holds_no_secret(tmp_path: Path) -> None:
    write_beside(tmp_path / "reports" / "a.md", "postgresql://anna:s3cret@db/runs")
    assert [path.name for path in (tmp_path / "reports").iterdir()] == ["a.md"]
    assert (tmp_path / "reports" / "a.md").read_text() == "postgresql://***@db/runs"


@pytest.fixture
def reported(tmp_path: Path) -> Path:
    """A home with a study of two rows that was reported."""
    home = tmp_path / "home"
    tracker = Store(home).experiment("small")
    for cell, rate, seed in (("good", 0.1, 0), ("weak", 0.3, 1)):
        record(tracker, cell, rate, [said(0.9 - rate, seed), said(0.9 - rate, seed + 2)])
    assert bench("report", "--home", home).code == 0
    return home


def state(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, with its content."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_report_whose_files_cannot_be_read_stays_with_its_pictures(reported: Path) -> None:
    before = state(reported / "reports")
    assert {"README.md", "small.md"} < before.keys() and any(name.endswith(".png") for name in before)
    (reported / "mlartifacts").rename(reported / "away")
    outcome = bench("report", "--home", reported)
    assert outcome.code == 1 and f"{reported / 'reports' / 'small.md'} stays as it is: noise.json of run " in outcome.err
    assert f"its files should be at file://{reported}/mlartifacts/small/" in outcome.err and "Bring them back" in outcome.err
    assert "can't be read (there is no such folder)" in outcome.err
    with pytest.raises(BenchError, match=r"README.md stays as it is: .* of run \w+ can't be read"):
        write_index(Store(reported), {})
    assert state(reported / "reports") == before
    (reported / "away").rename(reported / "mlartifacts")
    assert bench("report", "--home", reported).code == 0 and state(reported / "reports") == before


def test_figures_that_the_store_has_lost_stay_on_the_page_until_it_is_deleted(reported: Path) -> None:
    before = state(reported / "reports")
    next((reported / "mlartifacts").rglob("artifacts/test/predictions.csv")).unlink()
    outcome = bench("report", "--home", reported)
    page = reported / "reports" / "small.md"
    assert outcome.code == 1 and f"{page} stays as it is: it has figures that the store has lost. - mel × " in outcome.err
    assert f"or delete {page} to have it written without these figures" in outcome.err and state(reported / "reports") == before
    page.unlink()
    for _ in range(2):  # what the page does not have can't be lost again
        assert bench("report", "--home", reported).code == 0
        assert "No statistics, missing in the store: test predictions of seed" in page.read_text(encoding="utf-8")


def test_an_error_while_pictures_are_drawn_leaves_the_old_ones(tmp_path: Path) -> None:
    page = tmp_path / "small.md"
    with new_pictures(page) as folder:
        folder.mkdir()
        (folder / "1.png").write_text("old")
    with pytest.raises(OSError, match="disk full"), new_pictures(page) as folder:
        folder.mkdir()
        (folder / "1.png").write_text("half")
        raise OSError("disk full")
    assert state(tmp_path) == {"small/1.png": b"old"}
    with new_pictures(page) as folder:
        folder.mkdir()
        (folder / "2.png").write_text("new")
    assert state(tmp_path) == {"small/2.png": b"new"}
