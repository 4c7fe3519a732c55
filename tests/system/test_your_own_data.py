"""docs/your-own-data.md: what it shows is run as it stands, on a small folder of clips."""

from __future__ import annotations

import csv
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import soundfile
from calls import Outcome, bench, run_python

PAGE = (Path(__file__).parents[2] / "docs" / "your-own-data.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^ {4}bench (.+)$", PAGE, re.MULTILINE)
TABLES = dict(re.findall(r"`my_clips/(\w+\.csv)`:\n\n```\n(.*?)```", PAGE, re.DOTALL))
SHORT = ("--trials", "1", "--seeds", "0", "--set", "training.epochs=1", "--set", "mel.n_mels=16")
MATRIX = ("--seeds", "0", "--set", "training.epochs=1", "--set", "mel.n_mels=16")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the page: five speakers, three emotions, four clips of each, a recording, and its tables; the first by its Python."""
    folder = tmp_path_factory.mktemp("page")
    clips = folder / "my_clips"
    clips.mkdir()
    for speaker in ("anna", "bert", "carl", "dora", "emil"):
        for place, emotion in enumerate(("happy", "neutral", "sad")):
            for take in range(1, 5):
                write(clips / f"{speaker}_{emotion}_{take}.wav", 0.5, 200 * (1 + place), seed=take * 7 + len(speaker))
    run_python(re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)[0], folder)
    for name in ("talk.wav", "talk2.wav"):
        write(clips / name, 6.0, 300, seed=0)
    for name, text in TABLES.items():
        (clips / name).write_text(text.replace("…\n", "".join(f"{row}\n" for row in rest(name) if row not in text)), encoding="utf-8")
    return folder


def rest(name: str) -> list[str]:
    """What the page leaves out of a table."""
    words, women = {"happy": "Freude", "sad": "Trauer", "neutral": "neutral"}, ("anna", "dora")
    if name == "talks.csv":
        return [f"talk2.wav,{i / 2},{i / 2 + 0.5},{('happy', 'sad')[i % 2]},{('anna', 'bert', 'carl')[i // 4]}" for i in range(12)]
    return [f"{speaker}_{emotion}_{take}.wav;{words[emotion]};{speaker};{'w' if speaker in women else 'm'}"
            for speaker in ("anna", "bert", "carl", "dora", "emil") for emotion in words for take in range(1, 5)]


def write(path: Path, seconds: float, hz: float, seed: int) -> None:
    times = np.arange(int(16_000 * seconds)) / 16_000
    noise = np.random.default_rng([seed, *path.name.encode()]).normal(0, 0.05, len(times))
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * hz * times) + noise, 16_000)


def call(command: str, *more: str) -> Outcome:
    """A command of the page; where it has one table, here are several."""
    return bench(*shlex.split(re.sub("(check|--corpus) folder ", r"\1 'folder[csv=clips.csv]' ", command)), *more)


def test_the_page_shows_tables_and_commands() -> None:
    assert {*TABLES} == {"labels.csv", "talks.csv", "parts.csv"}
    assert [sum(command.startswith(name) for command in COMMANDS) for name in ("check", "run", "audit", "transfer")] == [4, 5, 1, 1]


def test_the_pages_python_writes_a_table_of_every_clip(made: Path) -> None:
    with (made / "my_clips" / "clips.csv").open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert (rows[0], rows[1], len(rows)) == (["path", "emotion", "speaker"], ["anna_happy_1.wav", "happy", "anna"], 61)


def test_the_page_is_linked_from_the_readme() -> None:
    assert "(docs/your-own-data.md)" in (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("command", "shown"), zip((command for command in COMMANDS if command.startswith("check")), (
    ("happy 20, neutral 20, sad 20", "60 of 60 clips: whole; 0 findings"),
    ("Freude 20, Trauer 20, neutral 20", "female 24 (2 speakers), male 36"),
    ("HAP 20, NEU 20, SAD 20", "Freude → HAP (20), Trauer → SAD (20)"),
    ("happy 8, sad 7", "15 of 15 clips: whole; 0 findings")), strict=True))
def test_its_checks_find_what_the_page_says(made: Path, monkeypatch: pytest.MonkeyPatch, command: str, shown: tuple[str, ...]) -> None:
    monkeypatch.chdir(made)
    outcome = call(command)
    assert outcome.code == 0, outcome.err
    assert [text for text in shown if text not in outcome.out] == []


@pytest.mark.slow
@pytest.mark.usefixtures("no_cost")
def test_its_runs_lead_to_a_leaderboard(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(made)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    for command in (c for c in COMMANDS if c.startswith(("run", "audit"))):
        outcome = call(command, *(SHORT if command.startswith("run") else ()))
        assert outcome.code == 0, (command, outcome.err)
    report = (made / "my_runs" / "reports" / "quickstart.md").read_text(encoding="utf-8")
    assert "unseen_speakers_80_20 on folder, 60 of 60 clips: whole" in report and "**chosen**" in report


@pytest.mark.slow
@pytest.mark.usefixtures("no_cost")
def test_its_transfer_tests_on_another_corpus(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On synthetic clips in place of CREMA-D's, which no clone has."""
    monkeypatch.chdir(made)
    [command] = (c for c in COMMANDS if c.startswith("transfer"))
    outcome = call(command.replace("crema_d", "'synthetic[n_speakers=4, n_sentences=3]'"), *MATRIX)
    assert outcome.code == 0, outcome.err
    report = (made / "my_runs" / "reports" / "transfer.md").read_text(encoding="utf-8")
    assert "| folder[csv=clips.csv, emotions=common] → synthetic[n_speakers=4, n_sentences=3] |" in report
    assert "| HAP NEU SAD | 36 | 4 | 72 clips: synthetic |" in report
