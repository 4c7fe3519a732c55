"""What stands below a leaderboard: sentences on its statistics, details of rows, references and commands."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
from calls import Outcome, Ran, bench
from made_finals import record
from made_records import final, known, lucky_and_sound, row_of

from harness.evaluation.leaderboard import leaderboards
from harness.evaluation.references import RESOLVED, references
from harness.evaluation.rows import rows
from harness.reports.leaderboard_section import (
    command,
    leaderboard_markdown,
    pretrained_models,
    references_markdown,
    statistics_sentences,
)
from harness.tracking.store import Store
from harness.training.predictions import Predictions
from registry.corpora.crema_d import CremaD
from registry.corpus import Clip


def test_what_is_known_of_a_pretrained_model_stands_below_the_table() -> None:
    made = rows(final("lr", (0.7,), 0.1, pretrained='{"whisper-tiny.en": {"licence": "MIT", "overlap with corpora": "unknown"}}'))
    text = pretrained_models(leaderboards(made, known(made)))
    assert text == "- **pretrained**: whisper-tiny.en, licence: MIT; overlap with corpora: unknown."


def test_of_many_leaderboards_each_is_opened_by_a_click_and_its_line_says_what_to_take() -> None:
    board, = leaderboards(lucky_and_sound(), known(lucky_and_sound()))
    part, = leaderboard_markdown(board, closed=True)
    assert part.startswith("<details><summary>unseen_speakers_80_20 on crema_d, 5,885 of 7,442 clips: partial: sound, .555")
    assert leaderboard_markdown(board)[0] == "### unseen_speakers_80_20 on crema_d, 5,885 of 7,442 clips: partial"


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


def test_a_report_with_data_has_the_row_of_listeners_for_runs_that_noted_no_votes(real_corpora: Path, tmp_path: Path) -> None:
    from harness.training.predictions import Predictions

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


def test_a_row_whose_predictions_are_gone_says_which_instead_of_losing_its_statistics_in_silence(boards: Path, reported: Outcome) -> None:
    text = (boards / "reports" / "small.md").read_text()
    line = next(line for line in text.splitlines() if line.startswith("| – | lost "))
    assert "[–]" in line and "⚠ no statistics" in line
    assert "- mel × lost: No statistics, missing in the store: test predictions of seed 1." in text
    assert "⚠ no statistics" in " ".join(reported.out.split())


def test_the_table_names_every_row_and_says_where_its_answers_come_from() -> None:
    clips = [Clip(id="0", emotion="ANG", speaker="1", votes=(("ANG", 1),)),
             Clip(id="1", emotion="HAP", speaker="1", votes=(("ANG", 1), ("HAP", 1)))]
    emotions = ("ANG", "HAP", "NEU")
    text = references_markdown(references(Predictions.of(clips, emotions, np.full((2, 3), 1 / 3))), emotions)
    assert "| chance | 0.333 [–] | 0.333 [–] | 0.400 [–] | 0.333 | 0.333 | – |" in text
    assert f"| {RESOLVED} | 0.750 [–] | 0.750 [–] | " in text and text.count("\n- ") == 4


def test_the_command_of_a_row_names_its_study_protocol_cell_budget_and_settings() -> None:
    assert command("study", row_of("known")) == (
        "bench run --study study --corpus crema_d --data DIR --split random_80_20 --cell 'mel image × known' --trials 1 --seeds 0 1 "
        "--set training.epochs=5")


def test_many_emotions_are_the_rows_of_a_table_of_recalls() -> None:
    emotions = tuple(f"emotion {i:03d}" for i in range(150))
    clips = [Clip(id=f"{i}", emotion=emotion, speaker=f"{i % 5}") for i, emotion in enumerate(emotions)]
    test = Predictions.of(clips, emotions, np.full((150, 150), 1 / 150))
    figures, _, recalls = references_markdown(references(test, dict.fromkeys(emotions, 3)), emotions).split("\n\n")
    assert [line.count("|") for line in figures.splitlines()] == [5] * 4
    assert recalls.splitlines()[0] == "| recall of | chance | majority class |" and "| emotion 149 | 0.007 | 0.007 |" in recalls
