"""docs/predict.md: its commands run as they stand, on a study that was run and recordings of these names."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import soundfile
from calls import Ran, bench
from exportable import sound

from registry.corpora.synthetic import Synthetic

PAGE = (Path(__file__).parents[2] / "docs" / "predict.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^ {4}bench (.+)$", PAGE, flags=re.MULTILINE)
for package in ("tf2onnx", "ai_edge_litert"):
    pytest.importorskip(package)  # of the extra [export]


def test_the_commands_of_the_page_run(ran: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = Synthetic()
    waveform, rate = corpus.read_clip(corpus.load().clips[0])
    (tmp_path / "interviews").mkdir()
    for name in ("clip.wav", "interviews/anna.flac"):
        soundfile.write(tmp_path / name, waveform, rate)
    soundfile.write(tmp_path / "meeting.mp3", sound(8.0, rate), rate)
    monkeypatch.chdir(tmp_path)
    assert len(COMMANDS) >= 5
    for command in COMMANDS:
        outcome = bench(*("tiny_study" if word == "quickstart" else word for word in shlex.split(command)), "--home", ran.home)
        assert outcome.code == 0, (command, outcome.err)
    assert {path.name for path in tmp_path.iterdir()} >= {"curves", "exported"} and (tmp_path / "curves" / "meeting.png").exists()
    assert {path.name for path in (tmp_path / "exported").iterdir()} <= {"README.md", "code", "export.json", "front_end.py", "keras",
                                                                         "model.onnx", "requirements.txt"}
    assert (tmp_path / "for_phones" / "model.tflite").exists()
