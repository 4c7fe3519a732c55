"""What a leaderboard knows of its rows is shown alike in its report, in the index, on the screen and to programs."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from calls import Outcome, Ran, bench
from made_finals import CLIPS, record, said
from made_records import final, known
from made_records import record as plain_record

from harness.evaluation.final_predictions import FinalPredictions, clips_of
from harness.evaluation.leaderboard import Leaderboard, leaderboards, read_leaderboards
from harness.evaluation.rows import rows
from harness.reports.highlights import highlights
from harness.reports.index import index_line, write_index
from harness.reports.leaderboard_section import statistics_sentences
from harness.reports.study_report import study_markdown
from harness.tracking.store import Store


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a good, an equally good and a weak cell of two seeds each, and one whose second seed has lost its predictions."""
    folder = tmp_path_factory.mktemp("boards")
    tracker = Store(folder).experiment("small")
    for cell, rate, seeds in (("good", 0.1, [said(0.7, 0), said(0.7, 1)]), ("equal", 0.2, [said(0.69, 2), said(0.7, 3)]),
                              ("weak", 0.3, [said(0.5, 2), said(0.5, 3)]), ("lost", 0.4, [said(0.6, 4), said(0.6, 5)])):
        _, (_, second) = record(tracker, cell, rate, seeds)
    next((folder / "mlartifacts").rglob(f"{second}/artifacts/test/predictions.csv")).unlink()
    return folder


@pytest.fixture(scope="module")
def reported(home: Path) -> Outcome:
    outcome = bench("report", "--home", home, "--study", "small")
    assert outcome.code == 0, outcome.err
    return outcome


def test_a_row_whose_predictions_are_gone_says_which_instead_of_losing_its_statistics_in_silence(home: Path, reported: Outcome) -> None:
    text = (home / "reports" / "small.md").read_text()
    line = next(line for line in text.splitlines() if line.startswith("| – | mel | lost "))
    assert "[–]" in line and "⚠ no statistics" in line
    assert "- mel × lost: No statistics, missing in the store: test predictions of seed 1." in text
    assert "⚠ no statistics" in " ".join(reported.out.split())


def test_a_frame_has_the_same_figures_as_plain_columns(home: Path) -> None:
    board, = read_leaderboards(Store(home), "small")[1]
    frame = board.to_frame().set_index("architecture")
    assert repr(board) == "<Leaderboard of 4 rows: random_80_20 on synthetic>"
    assert frame["rank"].astype(object).where(frame["rank"].notna(), None).to_dict() == {"good": 1, "equal": 1, "weak": 3, "lost": None}
    assert list(frame.index) == [row.architecture for row in board.rows] and frame["chosen"].sum() == 1
    for row in board.rows:
        own = frame.loc[row.architecture]
        assert (own["test_uar"], own["test_wa_sd"]) == (row.test["uar"][0], row.test["wa"][1])
        assert (own["key"], own["runs"]) == (row.cell, row.seed_runs)
        assert own[["test_macro_f1_low", "test_macro_f1_high"]].tolist() == pytest.approx(board.interval(row, "macro_f1"), nan_ok=True)
    assert frame["marks"]["lost"] == "shared speakers; ⚠ no statistics"


def test_programs_get_interval_rank_ties_alarms_audit_and_reference_rows(home: Path) -> None:
    found: list[dict[str, Any]] = json.loads(bench("report", "--home", home, "--study", "small", "--json").out)["studies"]["small"]
    by_cell = {row["architecture"]: row for row in found}
    assert {cell: row["rank"] for cell, row in by_cell.items()} == {"good": 1, "equal": 1, "weak": 3, "lost": None}
    assert by_cell["good"]["alike"] == ["mel × equal"] and by_cell["weak"]["alike"] == []
    bounds = by_cell["good"]["intervals"]["uar"]
    assert bounds["low"] < by_cell["good"]["test"]["uar"]["mean"] < bounds["high"] and by_cell["lost"]["intervals"] is None
    assert by_cell["lost"]["no_statistics"] == "test predictions of seed 1" and by_cell["good"]["no_statistics"] is None
    assert [row for row in found if row["chosen"]] == [max(found, key=lambda row: row["validation_uar"]["mean"])]
    assert [each["name"] for each in by_cell["good"]["references"]] == ["chance", "majority class"]
    assert by_cell["good"]["references"][0]["uar"].keys() == {"value", "low", "high"}
    assert by_cell["good"]["alarms"] == {"loss of chance": by_cell["good"]["alarms"]["loss of chance"]} and "audit" in by_cell["good"]


def test_the_screen_shows_interval_rank_and_marks_of_each_row_and_a_word_on_the_whole(reported: Outcome) -> None:
    line = next(line for line in reported.out.splitlines() if "mel × weak" in line)
    assert " 3 " in line and " [0." in line and "⚠ loss of" in line
    assert "2 of 4 rows share rank 1 and can't be told apart: mel × good, mel × equal." in reported.out


def test_a_page_whose_runs_lie_in_another_store_stays_in_the_index(home: Path) -> None:
    (home / "reports" / "earlier.md").write_text("# earlier")
    write_index(Store(home), {})
    text = (home / "reports" / "README.md").read_text()
    (home / "reports" / "earlier.md").unlink()
    assert "Of runs that lie in another store: [earlier.md](earlier.md)." in text and "[small](small.md)" in text


def test_the_index_names_the_row_that_validation_chose_and_those_that_can_not_be_told_from_the_best(home: Path, reported: Outcome) -> None:
    line, = (line for line in (home / "reports" / "README.md").read_text().splitlines() if line.startswith("| [small]"))
    cells = [cell.strip() for cell in line.split("|")[1:-1]]
    _, corpus, split, chosen, figure, rank, best, count, seeds, marks = cells
    assert (corpus, split, chosen, rank, count, seeds) == ("synthetic, 240 clips: whole", "random_80_20", "mel × good", "1", "4", "2")
    assert "[0." in figure and f"mel × good {figure}; mel × equal 0." in best and "weak" not in best
    assert marks == "shared speakers; ⚠ loss of chance; ⚠ noisy selection", "what concerns the whole table marks its line, too"


def test_the_chosen_row_has_the_best_validation_uar_whatever_came_out_on_test() -> None:
    """The row that is best on test is 1 point worse on validation: it stands first, and is neither chosen nor detailed first."""
    found = [*final("lucky", (0.60, 0.61), 0.1), *final("sound", (0.55, 0.56), 0.1)]
    made = [dataclasses.replace(row, validation_uar=(0.5 if row.cell == "lucky" else 0.51, 0.0)) for row in rows(found)]
    board, = leaderboards(made, known(made))
    assert [row.cell for row in board.finished] == ["lucky", "sound"] and board.chosen is made[1]
    assert highlights(board).startswith("**Chosen by validation UAR: mel image × sound**")
    assert index_line("s", "s.md", board)[3] == "mel image × sound"
    assert ["chosen" in board.marks(row) for row in made] == [False, True]


def test_details_come_by_validation_uar() -> None:
    from harness.reports.leaderboard_section import leaderboard_markdown

    found = [record for i, cell in enumerate("abc") for record in final(cell, (0.6 - 0.1 * i,), 0.1)]
    made = [dataclasses.replace(row, validation_uar=({"a": 0.3, "b": 0.4, "c": 0.5}[row.cell], 0.0)) for row in rows(found)]
    parts = leaderboard_markdown("study", *leaderboards(made, known(made)), lambda each: {})
    assert [part.split()[4] for part in parts if part.startswith("### ")] == ["c", "b"]


def test_what_the_training_part_had_most_of_is_the_majority_and_runs_that_did_not_note_it_say_so(ran: Ran) -> None:
    text = (ran.home / "reports" / "tiny_study.md").read_text()
    assert "the most frequent of the training part." in text and "did not note" not in text
    made = rows(final("good", (0.5,), 0.1, training_classes='{"ANG": 5, "DIS": 9, "FEA": 1}'))
    constant = leaderboards(made, known(made))[0].references[1]
    assert constant.recall == {"ANG": 0.0, "DIS": 1.0, "FEA": 0.0}
    older = rows(final("good", (0.5,), 0.1))
    assert "did not note the clips of the training part" in leaderboards(older, known(older))[0].references[1].basis


def test_rows_of_one_seed_each_are_marked_in_words() -> None:
    found = [*final("a", (0.60,), 0.1), *final("b", (0.55,), 0.1)]
    board, = leaderboards(rows(found), known(rows(found)))
    assert all("one seed" in board.marks(row) for row in board.finished)
    assert "**One seed each**" in statistics_sentences(board) and "not about their recipes" in statistics_sentences(board)
    several = [*final("a", (0.60, 0.61), 0.1), *final("b", (0.55,), 0.1)]
    assert "whose variance is pooled over the rows" in statistics_sentences(leaderboards(rows(several), known(rows(several)))[0])


def test_alarms_on_the_parts_stand_once_below_the_table_and_in_no_row() -> None:
    made, small = rows(final("a", (0.6, 0.6), 0.1)), [said(0.6, seed, clips=4 * CLIPS) for seed in (0, 1)]
    board = Leaderboard(tuple(made), (FinalPredictions(made[0], small, small, {}),), {})
    assert list(board.alarms) == ["too few to rank", "noisy selection"] and board.alarms["noisy selection"].count("80 clips") == 1
    text = study_markdown("study", final("a", (0.6, 0.6), 0.1), [board], lambda each: {}, lambda *_: "")
    assert text.count("**noisy selection**") == 1 and "noisy selection" not in "".join(board.marks(made[0]))


def test_partial_and_synthetic_mark_every_row_they_touch() -> None:
    for coverage, synthetic, mark in (("5,885 of 7,442 clips: partial", "False", "partial"), ("48 clips: synthetic", "True", "synthetic")):
        made = rows([plain_record("trial", "c", coverage=coverage, synthetic=synthetic)])
        assert leaderboards(made, {})[0].marks(made[0])[0] == mark


def test_a_corpus_tells_what_earlier_runs_did_not_note_of_their_clips(real_corpora: Path, tmp_path: Path) -> None:
    row, = rows([plain_record("trial", "c", corpus_label="crema_d")])
    clips = clips_of(row, real_corpora)
    assert len(clips) == 7_442 and clips_of(row, None) == clips_of(row, tmp_path) == {}
    one = next(iter(clips.values()))
    assert one.votes and one.sex


def test_a_report_with_data_has_the_row_of_listeners_for_runs_that_noted_no_votes(real_corpora: Path, tmp_path: Path) -> None:
    from harness.training.predictions import Predictions
    from registry.corpora.crema_d import CremaD

    corpus = CremaD().load(real_corpora)
    some = [clip for clip in corpus.clips if clip.speaker in {f"10{n:02d}" for n in range(1, 9)}]
    whole = Predictions.of(some, corpus.emotions, np.full((len(some), 6), 1 / 6))
    bare = dataclasses.replace(whole, about={"speaker": whole.speakers})
    tracker = Store(tmp_path).experiment("old")
    record(tracker, "good", 0.1, [bare], corpus="crema_d")
    texts = []
    for data in ([], ["--data", real_corpora]):
        assert bench("report", "--home", tmp_path, *data).code == 0
        texts.append((tmp_path / "reports" / "old.md").read_text())
    assert "*human listeners, ties wrong*" in texts[1] and "| sex | female |" in texts[1]
    assert "human listeners, ties" not in texts[0] and "| sex |" not in texts[0]
