"""A study's page for browsers has the figures and words of the report, loads nothing, and takes every text for text."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from calls import Outcome, bench
from copied_home import copied_home
from html_pages import Page, boards_of, folder_of_tones, records, study_page_text

from harness.evaluation.report_data import study_data
from harness.reports.study_report import page_parts

NASTY = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Page:
    return Page(study_page_text(records(), tmp_path_factory.mktemp("page") / "study.md"))


def test_the_answer_stands_first_in_the_words_of_the_report(page: Page) -> None:
    found = records()
    answer = next(part for part in page_parts("study", found, boards_of(found)).first if part.startswith("> **Take good.**"))
    words = re.sub(r"[*>`]", "", answer.splitlines()[0]).replace("\N{NO-BREAK SPACE}", " ").strip()
    assert words in page.text and page.text.index(words) < page.text.index("All rows")


def test_rows_have_the_figures_of_the_record(page: Page) -> None:
    found = records()
    boards = boards_of(found)
    expected = {(row["split"], row["architecture"], f"{row['test']['uar']['mean']:.9g}") for board in study_data(boards)["leaderboards"]
                for row in board["rows"]}
    lines = [dict(line) for line in page.of("tr") if "data-class" in line]
    values = [attributes["data-value"] for tag, attributes in page.tags if tag in ("td", "th") and "data-value" in attributes]
    assert len(lines) == len(expected) == 5
    assert {uar for _, _, uar in expected} <= set(values)
    assert {(line["data-protocol"], line["data-class"]) for line in lines} == {
        ("unseen_speakers_80_20", "pretrained"), ("unseen_speakers_80_20", "functionals"), ("unseen_speakers_80_20", "from scratch"),
        ("random_80_20", "from scratch")}


def test_rows_are_filtered_by_protocol_at_first_that_of_the_answer_and_by_kind(page: Page) -> None:
    assert [option.get("value") for option in page.of("option") if "selected" in option] == ["unseen_speakers_80_20"]
    assert [box["value"] for box in page.of("input") if box["type"] == "checkbox"] == ["from scratch", "pretrained", "functionals"]


def test_nothing_is_loaded_from_a_network_and_no_audio_without_a_folder(page: Page) -> None:
    assert [address[:40] for address in page.attributes("src")] == [] and page.of("link") == page.of("audio") == []
    assert not [address for address in page.attributes("href") if ":" in address]
    policy, = (meta["content"] for meta in page.of("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    assert policy and "default-src 'none'" in policy and "http" not in policy
    assert "write the page with --data DIR" in page.text


def test_clips_are_played_from_their_files_and_are_no_part_of_the_page(tmp_path: Path) -> None:
    data = folder_of_tones(tmp_path / "clips and #1")
    text = study_page_text(records(), tmp_path / "study.md", data)
    players = Page(text).of("audio")
    assert players and all(player["preload"] == "none" for player in players)
    wrong = [f"clip{number:03d}" for number in (30, 45, 80)]
    addresses = {str(player["src"]) for player in players}
    assert {(data / f"{clip}.wav").as_uri() for clip in wrong} <= addresses and "%23" in players[0]["src"]  # type: ignore[operator]
    assert f"Players look for the clips in {data}" in text and "base64" not in text


def test_a_folder_without_the_clips_gives_no_players_and_says_so(tmp_path: Path) -> None:
    page = Page(study_page_text(records(), tmp_path / "study.md", tmp_path))
    assert page.of("audio") == [] and f"No clip of folder was found in {tmp_path}" in page.text


def test_every_text_is_escaped_wherever_it_stands(tmp_path: Path) -> None:
    found = records(f"Is {NASTY} harmless?")
    for record in found[1:]:
        record.tags.update({"bench.feature_space": NASTY, "bench.settings": f'" onload="{NASTY}', "bench.commit": NASTY,
                            "bench.cut": NASTY})
    page = Page(study_page_text(found, tmp_path / "study.md"))
    assert len(page.of("script")) == 1 and page.attributes("onload") == []
    assert f"Is {NASTY} harmless?" in page.text and page.text.count("alert(1)") > 5


def test_a_study_without_finals_has_a_page_that_says_so(tmp_path: Path) -> None:
    found = records()[:1]
    page = Page(study_page_text(found, tmp_path / "study.md", boards=[]))
    assert page.of("table") == [] and "Does it render?" in page.text


@pytest.mark.usefixtures("reported")
def test_a_page_is_written_when_asked_for_and_then_renewed_with_each_report(boards: Path, tmp_path: Path) -> None:
    home = copied_home(boards, tmp_path / "home")
    pages = [home / "reports" / name for name in ("small.html", "README.html")]
    assert not any(page.exists() for page in pages)
    outcome: Outcome = bench("report", "--home", home, "--html")
    assert outcome.code == 0 and f"For a browser: {pages[0]}" in outcome.out
    text = pages[0].read_text(encoding="utf-8")
    record = json.loads((home / "reports" / "small" / "record.json").read_text(encoding="utf-8"))
    uars = [row["test"]["uar"]["mean"] for row in record["studies"]["small"]["leaderboards"][0]["rows"]]
    assert len(uars) == 4 and all(f'data-value="{uar:.9g}"' in text for uar in uars)
    assert "data:image/png;base64," in text and 'href="small.html"' in pages[1].read_text(encoding="utf-8")
    pages[0].write_text("earlier")
    assert bench("report", "--home", home).code == 0 and pages[0].read_text(encoding="utf-8") == text
