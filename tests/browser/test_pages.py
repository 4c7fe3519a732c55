"""Pages for browsers in a real one: sorted, filtered and read by mouse and keyboard, narrow and wide, light and dark, without a network.

`make browser` runs it with the chromium of the system; pictures of the pages lie in build/browser afterwards.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from calls import eventually
from html_pages import boards_of, folder_of_tones, records, study_page_text

from harness.evaluation.joint_leaderboards import joint_tables
from harness.evaluation.report_data import study_data
from harness.evaluation.study_records import StudyRecord
from harness.reports.html.index_html import index_html

pytest.importorskip("playwright", reason="`make browser` installs the extra [browser]")
pytest.importorskip("axe_playwright_python", reason="`make browser` installs the extra [browser]")
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
PICTURES = Path(__file__).parents[2] / "build" / "browser"
PAGES = ("study", "index")
WIDE, NARROW = 1280, 390
ROWS = "#rows tbody:first-of-type tr:visible th"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with study.html, whose clips are there, and index.html."""
    folder = tmp_path_factory.mktemp("pages")
    boards = boards_of(records())
    (folder / "study.html").write_text(study_page_text(records(), folder / "study.md", folder_of_tones(folder / "clips"), boards), "utf-8")
    tables = joint_tables([StudyRecord.of(name, study_data(boards), boards) for name in ("study", "other")])
    (folder / "index.html").write_text(index_html(tables, {"study": "study.html"}, ["## The reports"], {}, folder), "utf-8")
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("there is no chromium on this machine: install it, for example by `apt install chromium`")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"] if os.geteuid() == 0 else [])
        yield opened
        opened.close()


@pytest.fixture
def complaints() -> list[str]:
    """What a browser wrote into its console."""
    return []


@pytest.fixture
def opened(browser: Browser, files: Path, complaints: list[str], request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page that the test names, or that of the study; at the end, nothing was complained about and nothing loaded but files."""
    name, width, scheme = getattr(request, "param", ("study", WIDE, "light"))
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.set_default_timeout(10_000)
    addresses: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda each: addresses.append(each.url))
    page.goto((files / f"{name}.html").as_uri())
    yield page
    assert complaints == [] and all(address.startswith(("file:", "data:")) for address in addresses)
    context.close()


def looks(name: str) -> list[tuple[str, int, Literal["light", "dark"]]]:
    return [(name, width, scheme) for width in (WIDE, NARROW) for scheme in ("light", "dark")]


@pytest.mark.parametrize("opened", [look for name in PAGES for look in looks(name)], indirect=True,
                         ids=lambda look: "-".join(map(str, look)))
def test_a_page_fits_its_window_and_is_accessible_in_light_and_dark(opened: Page, request: pytest.FixtureRequest) -> None:
    assert opened.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    opened.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    opened.wait_for_timeout(200)
    assert opened.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    found = Axe().run(opened).response
    assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == [] and len(found["passes"]) > 15
    PICTURES.mkdir(parents=True, exist_ok=True)
    opened.screenshot(path=PICTURES / f"{request.node.callspec.id}.png", full_page=True)


def test_a_column_is_sorted_by_its_button_and_back_with_missing_figures_last(opened: Page) -> None:
    head = opened.locator("#rows th", has_text="validation UAR")
    opened.get_by_label("Protocol").select_option("")
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert opened.locator(ROWS).evaluate_all("all => all.map(each => each.dataset.value ?? each.textContent)") == [
        "known", "other", "good", "vector", "weak"]
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending" and opened.locator("#rows th[aria-sort]").count() == 1
    assert opened.locator(ROWS).first.get_attribute("data-value") == "weak"


def test_rows_are_filtered_by_protocol_kind_and_words_and_counted(opened: Page) -> None:
    count = opened.locator("form[data-tables=rows] output")
    assert count.text_content() == "3 of 5 shown" and not opened.locator("#rows th", has_text="protocol").is_visible()
    opened.get_by_label("functionals").uncheck()
    assert count.text_content() == "2 of 5 shown"
    opened.get_by_label("Words in names").fill("WEAK mel")
    assert count.text_content() == "1 of 5 shown" and opened.locator(ROWS).get_attribute("data-value") == "weak"
    opened.get_by_label("Words in names").fill("")
    opened.get_by_label("Protocol").select_option("random_80_20")
    assert count.text_content() == "2 of 5 shown" and opened.locator("#rows tbody.below tr:visible").count() == 2
    opened.get_by_label("Protocol").select_option("")
    assert count.text_content() == "4 of 5 shown" and opened.locator("#rows th", has_text="protocol").is_visible()


def test_the_keyboard_alone_skips_to_the_content_sorts_and_filters(opened: Page) -> None:
    opened.keyboard.press("Tab")
    assert opened.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert opened.locator(".skip").evaluate("each => each.getBoundingClientRect().x >= 0")
    opened.locator("#rows th", has_text="rank").get_by_role("button").focus()
    opened.keyboard.press("Tab")
    assert opened.evaluate("document.activeElement.textContent") == "network"
    assert opened.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    opened.keyboard.press("Enter")
    assert opened.locator("#rows th", has_text="network").get_attribute("aria-sort") == "ascending"
    opened.get_by_label("pretrained").focus()
    opened.keyboard.press("Space")
    assert opened.locator("form[data-tables=rows] output").text_content() == "2 of 5 shown"


@pytest.mark.parametrize("opened", [("study", NARROW, "light")], indirect=True)
def test_a_wide_table_scrolls_in_its_own_box_which_the_keyboard_reaches(opened: Page) -> None:
    box = opened.locator(".scroll", has=opened.locator("#rows"))
    assert box.evaluate("each => each.scrollWidth > each.clientWidth && each.tabIndex === 0")
    box.focus()
    opened.keyboard.press("ArrowRight")
    eventually(lambda: box.evaluate("each => each.scrollLeft > 0"))


def test_clips_are_loaded_when_they_are_played_one_at_a_time_and_one_that_is_gone_says_so(
        opened: Page, files: Path, complaints: list[str]) -> None:
    players = opened.locator("audio")
    assert players.count() > 10 and players.evaluate_all("all => all.every(each => each.networkState !== HTMLMediaElement.NETWORK_LOADING)")
    for place in (0, 1):
        players.nth(place).evaluate("each => { each.loop = true; each.muted = true; return each.play(); }")
    assert players.evaluate_all("all => all.map(each => each.paused).indexOf(false)") == 1
    assert round(players.nth(1).evaluate("each => each.duration"), 2) == 0.5
    gone = opened.locator("#clips-0 tbody tr").nth(2)
    address = gone.locator("audio").get_attribute("src")
    moved = next(path for path in (files / "clips").iterdir() if path.as_uri() == address)
    moved.rename(moved.with_suffix(".away"))
    gone.locator("audio").evaluate("each => { each.play().catch(() => null); }")
    gone.get_by_text("not found here").wait_for()
    moved.with_suffix(".away").rename(moved)
    assert [text for text in complaints if "ERR_FILE_NOT_FOUND" not in text] == []
    complaints.clear()


@pytest.mark.parametrize("opened", [("index", WIDE, "light")], indirect=True)
def test_rows_of_all_studies_are_filtered_in_all_tables_at_once(opened: Page) -> None:
    assert opened.locator("output").text_content() == "5 of 5 shown"
    opened.get_by_label("from scratch").uncheck()
    assert opened.locator("output").text_content() == "2 of 5 shown"
    assert opened.locator("table tbody:not(.below) tr:visible").count() == 2
    opened.get_by_role("link", name="study").first.click()
    assert opened.url.endswith("/study.html")
