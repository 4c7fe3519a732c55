"""`bench report` shows the leaderboard and says where nothing was run."""

from __future__ import annotations

import json
from pathlib import Path

from calls import Ran, bench


def test_report_shows_the_leaderboard_and_where_it_was_written(ran: Ran) -> None:
    outcome = bench("report", "--home", ran.home, "--study", "tiny_study")
    assert outcome.code == 0 and "tiny_study: random_80_20 on" in outcome.out and "shared" in outcome.out
    assert outcome.out.count("Chosen by validation UAR") == 2
    assert f"Report: {ran.home / 'reports' / 'tiny_study.md'}" in outcome.out and f"bench ui --home {ran.home}" in outcome.out


def test_report_where_nothing_was_run_says_so(tmp_path: Path) -> None:
    outcome = bench("report", "--home", tmp_path)
    assert outcome.code == 1 and "no runs" in outcome.err and "run a study first" in outcome.err
    assert bench("report", "--home", tmp_path, "--study", "cnn2d").code == 1 and list(tmp_path.iterdir()) == []


def test_report_of_a_study_without_runs_gives_the_near_names(ran: Ran) -> None:
    outcome = bench("report", "--home", ran.home, "--study", "tiny_studdy")
    assert outcome.code == 2 and "no study with runs is called 'tiny_studdy'. Did you mean 'tiny_study'" in outcome.err


def test_what_is_new_since_a_date_is_printed_and_stands_first_in_the_index(ran: Ran) -> None:
    outcome = bench("report", "--home", ran.home, "--since", "2020-01-01")
    page = (ran.home / "reports" / "README.md").read_text(encoding="utf-8")
    assert outcome.code == 0 and "new since 2020-01-01 00:00 UTC: random_80_20 on" in outcome.out and "All rows are new" in outcome.out
    assert page.index("## New since 2020-01-01 00:00 UTC") < page.index("## The reports")
    assert f"Index: {ran.home / 'reports' / 'README.md'}" in outcome.out
    assert "nothing; no final of any study ended since then" in bench("report", "--home", ran.home, "--since", "2999-01-01").out


def test_a_moment_that_is_none_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    outcome = bench("report", "--home", tmp_path, "--since", "yesterday")
    assert outcome.code == 2 and "--since 'yesterday' is neither a date nor a commit" in outcome.err and "give a date as" in outcome.err


def test_a_study_s_rows_as_json_are_all_that_is_on_stdout(ran: Ran) -> None:
    document = json.loads(bench("report", "--home", ran.home, "--study", "tiny_study", "--json").out)
    splits = [board["protocol"] for board in document["studies"]["tiny_study"]["leaderboards"]]
    assert document["schema"] == 2 and splits == ["random_80_20", "unseen_speakers_80_20"]
