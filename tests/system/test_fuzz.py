"""The readers take anything: whatever stands in a file or a text, the answer is a value or a BenchError.

Each kind of input is drawn `BENCH_FUZZ` times (default 150), always the same inputs; `make fuzz` draws many times as many.
"""

from __future__ import annotations

import contextlib
import io
import math
import os
import struct
import zipfile
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from calls import TINY
from folder_clips import tone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny_study import STUDY

from harness.cli.options import settings as settings_of
from harness.data.download import unpack
from harness.reports.markdown import code, escape
from harness.safe_text import mask_secrets, printable, safe_file_name
from harness.study import files
from harness.study.cells import plan
from harness.training.predictions import Predictions, read
from registry import audio
from registry.core import KINDS, names
from registry.corpora.crema_d import CremaD
from registry.corpora.folder import Folder
from registry.errors import BenchError
from registry.feature_space import FeatureSpace
from registry.feature_spaces.energy import Energy
from registry.feature_spaces.zcr import ZeroCrossingRate
from registry.source import NotAsPublished

COUNT = int(os.environ.get("BENCH_FUZZ", "150"))
drawn: Counter[str] = Counter()
fuzz = settings(max_examples=COUNT, derandomize=True, deadline=None, database=None,
                suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much])

ODD = st.sampled_from([0, 1, 2, 3, 7, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
EDITS = st.lists(st.tuples(st.sampled_from(["byte", "word", "cut", "drop", "insert", "repeat"]), st.floats(0, 1), st.integers(0, 255), ODD),
                 min_size=1, max_size=6)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
CELL = st.one_of(TEXT, st.sampled_from(["a.wav", "b.wav", "x", "joy", "../a.wav", "/a.wav", "C:\\a", "\0", '"', "a\rb", "9" * 400,
                                            "x" * 5_000]))
VALUE = st.one_of(st.integers(), st.floats(), st.text(max_size=8), st.booleans(), st.none(), st.lists(st.integers(-3, 3), max_size=3),
                  st.sampled_from([10**400, -(10**30), math.nan, math.inf]))


@pytest.fixture(scope="module", autouse=True)
def told() -> Iterator[None]:
    """Say at the end how many inputs there were."""
    yield
    print(f"\nfuzzing: {sum(drawn.values()):,} inputs, no crash: " + ", ".join(f"{name} {n:,}" for name, n in sorted(drawn.items())))


def damaged(content: bytes, edits: list[tuple[str, float, int, int]]) -> bytes:
    """Content with bytes changed, cut off, dropped, inserted or repeated; places are shares of its length."""
    made = bytearray(content)
    for edit, share, byte, word in edits:
        at = int(share**2 * len(made))  # more often near the start, where headers are
        if edit == "byte":
            made[at : at + 1] = bytes([byte])
        elif edit == "word":
            made[at : at + 4] = struct.pack("<I", word)
        elif edit == "cut":
            del made[at:]
        elif edit == "drop":
            del made[at : at + byte]
        elif edit == "insert":
            made[at:at] = bytes([byte]) * (word % 64)
        else:
            made[at:at] = made[at : at + byte]
    return bytes(made)


def refused(what: str, call: Any, *arguments: Any) -> Any:
    """What a call gives; None where it is a BenchError, which has to say something."""
    drawn[what] += 1
    try:
        return call(*arguments)
    except BenchError as error:
        assert str(error).strip()
        return None


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A real clip of each kind: formats, rates, channels and lengths."""
    folder = tmp_path_factory.mktemp("sounds")
    wave = 0.3 * np.sin(np.arange(800) / 5)
    kinds = [("a.wav", 16_000, 1, "PCM_16"), ("b.wav", 44_100, 2, "PCM_24"), ("c.wav", 8_000, 1, "FLOAT"), ("d.wav", 8_000, 1, "ULAW"),
             ("e.flac", 16_000, 1, "PCM_16"), ("f.ogg", 22_050, 1, "VORBIS"), ("g.wav", 16_000, 1, "IMA_ADPCM")]
    for name, rate, channels, subtype in kinds:
        soundfile.write(folder / name, np.stack([wave] * channels, axis=1), rate, subtype)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@fuzz
@given(st.data())
def test_damaged_audio_is_heard_or_refused(sounds: dict[str, bytes], tmp_path: Path, data: Any) -> None:
    name = data.draw(st.sampled_from(sorted(sounds)))
    path = tmp_path / data.draw(st.sampled_from([name, "x.wav", "x.raw", "x"]))
    path.write_bytes(data.draw(st.one_of(EDITS.map(lambda edits: damaged(sounds[name], edits)), st.binary(max_size=100))))
    found = refused("audio", audio.read, path)
    path_measured = refused("audio headers", audio.measured, path)
    if found:
        waveform, rate = found
        assert waveform.ndim == 1 and waveform.dtype == np.float32 and 1_000 <= rate <= 768_000 and path_measured
        space = FeatureSpace(features=(ZeroCrossingRate(), Energy()), join="channels", duration_s=0.1)
        features = refused("features", space.extract, waveform, rate, space.samples(0))
        assert features is None or np.isfinite(features).all()


def table_bytes(head: list[str], lines: list[list[str]], sign: str, encoding: str) -> bytes:
    return "\n".join(sign.join(cells) for cells in (head, *lines)).encode(encoding)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two clips and a table of them."""
    folder = tmp_path_factory.mktemp("clips")
    for name in "ab":
        tone(folder / f"{name}.wav")
    return folder


HEAD = ["path", "emotion", "speaker", "age", "sex", "note"]
LINES = [["a.wav", "joy", "s1", "30", "f", "x"], ["b.wav", "sad", "s2", "41", "m", '"y, z"']]


@fuzz
@given(st.data())
def test_any_table_of_a_folder_is_read_or_refused(clips: Path, data: Any) -> None:
    head = data.draw(st.one_of(st.just(HEAD), st.lists(st.one_of(st.sampled_from(HEAD), TEXT), max_size=7)))
    lines = [data.draw(st.one_of(st.just(line), st.lists(CELL, min_size=len(head), max_size=len(head)))) for line in LINES]
    content = table_bytes(head, lines, data.draw(st.sampled_from(",;\t")), data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"])))
    (clips / "labels.csv").write_bytes(data.draw(st.one_of(st.just(content), EDITS.map(lambda edits: damaged(content, edits)))))
    corpus = refused("tables of a folder", Folder().load, clips)
    if corpus:
        assert len(corpus.labels) == len(corpus.clips) and corpus.fingerprint
        assert all((clips / "x").resolve().parent in clip.path.resolve().parents for clip in corpus.clips if clip.path)


NAMES = "Stimulus_Number,Filename\n1,1001_IEO_ANG_HI\n2,1001_IEO_SAD_LO\n3,1001_XXX_YYY_HI\n"
PEOPLE = "ActorID,Age,Sex,Race,Ethnicity\n1001,51,Male,Caucasian,Not Hispanic\n1002,21,Female,Caucasian,Not Hispanic\n"
VOTES = '"","A","D","F","H","N","S","fileName"\n"100001",3,1,0,0,5,2,"1001_IEO_ANG_HI"\n"100002",1,1,0,0,5,2,"1001_IEO_SAD_LO"\n'
TABLES = {"SentenceFilenames.csv": NAMES, "VideoDemographics.csv": PEOPLE, "processedResults/tabulatedVotes.csv": VOTES}


@fuzz
@given(st.sampled_from(sorted(TABLES)), EDITS)
def test_damaged_tables_of_crema_d_are_read_or_refused(tmp_path: Path, which: str, edits: list[Any]) -> None:
    for name in ("1001_IEO_ANG_HI", "1001_IEO_SAD_LO", "1001_XXX_YYY_HI"):
        if not (tmp_path / "AudioWAV" / f"{name}.wav").exists():
            tone(tmp_path / "AudioWAV" / f"{name}.wav")
    for name, text in TABLES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(damaged(text.encode(), edits) if name == which else text.encode())
    corpus = refused("tables of CREMA-D", CremaD().load, tmp_path)
    if corpus:
        assert len(corpus.labels) == len(corpus.clips)


SOURCE = TINY.read_bytes()
PIECES = st.sampled_from(["STUDY = 1", "STUDY = None", "raise SystemExit(3)", "import sys; sys.exit()", "1/0", "raise KeyError", "x = (",
                          "\0", "# coding: latin-1\n'\xe9'", "def f(:", "raise UnicodeDecodeError('utf-8', b'', 0, 1, '')", "f()",
                          "from nowhere import x", "class STUDY: pass", "raise BaseExceptionGroup('x', [ValueError()])", "assert False"])


@fuzz
@given(st.one_of(PIECES.map(lambda text: text.encode("latin-1")), st.binary(max_size=60),
                 TEXT.map(lambda text: repr(text).encode()),  # never free text: it would be run
                 st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda cut: b"\n".join(
                     line for i, line in enumerate(SOURCE.splitlines()) if i not in cut))))
def test_any_study_file_is_loaded_or_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "own.py"
    path.write_bytes(content)
    found = refused("study files", files.load, str(path))
    assert found is None or found.name == "own"


FIELDS = ["training.epochs", "training.learning_rate", "training.optimizer", "training.early_stopping", "plain_1d.filters",
          "plain_1d.dense",
          "feature_space.duration_s", "feature_space.sample_rate", "feature_space.features", "random_80_20.seed", "zcr.hop_length",
          "energy.frame_length", "architecture.filters", "split.seed", "feature_space.join"]


@fuzz
@given(st.one_of(st.sampled_from(FIELDS), TEXT), st.one_of(VALUE.map(repr), TEXT, st.sampled_from(["{[]: 1}", "(" * 300, "-" * 3_000])))
def test_any_setting_is_taken_or_refused(name: str, value: str) -> None:
    fixed = refused("--set values", settings_of, Namespace(set=[f"{name}={value}"]))
    if fixed:
        cells = refused("plans", plan, STUDY, "clips", fixed)
        assert cells is None or all(cell.key for cell in cells)


LABELS = [(kind, name) for kind in KINDS for name in names(kind)]


@fuzz
@given(st.sampled_from(LABELS),
       st.one_of(st.sampled_from(["seed", "fold", "n_mels", "n_fft", "hop_length", "filters", "csv", "speakers", "corpora", "lowest_snr_db",
                                  "share", "copies", "units"]), TEXT), VALUE.map(repr), TEXT)
def test_any_label_of_a_component_is_made_or_refused(known: tuple[str, str], field: str, value: str, text: str) -> None:
    kind, name = known
    for label in (f"{name}[{field}={value}]", f"{name}{text}", text):
        refused("component labels", files.parse_component, kind, label)


EMOTIONS = ("ANG", "SAD")
GOOD = "clip,speaker,truth,ANG,SAD\nc1,s1,ANG,0.7,0.3\nc2,s2,SAD,0.4,0.6\n"


@fuzz
@given(st.one_of(EDITS.map(lambda edits: damaged(GOOD.encode(), edits)), st.binary(max_size=80),
                 st.lists(st.lists(CELL, max_size=6), max_size=4).map(lambda lines: "\n".join(map(",".join, lines)).encode())))
def test_any_table_of_predictions_is_read_or_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "predictions.csv"
    path.write_bytes(content)
    said = refused("tables of predictions", read, path)
    if said:
        assert 0 <= said.scores.uar <= 1 and len(said.speakers) == len(said.clips)


PRINTABLE = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8)


@fuzz
@given(st.lists(st.tuples(PRINTABLE, PRINTABLE, st.integers(0, 1), st.floats(0, 1)), min_size=1, max_size=5))
def test_predictions_come_back_as_they_were_written(tmp_path: Path, lines: list[tuple[str, str, int, float]]) -> None:
    drawn["predictions written and read"] += 1
    ids, speakers, truth, shares = (np.array(column) for column in zip(*lines, strict=True))
    said = Predictions(EMOTIONS, ids, truth, np.stack([shares, 1 - shares], axis=1), {"speaker": speakers})
    said.write(tmp_path / "p.csv")
    back = read(tmp_path / "p.csv")
    assert back.clips.tolist() == ids.tolist() and back.speakers.tolist() == speakers.tolist() and back.truth.tolist() == truth.tolist()
    np.testing.assert_allclose(back.probabilities, said.probabilities, atol=1e-9)


@fuzz
@given(st.lists(st.tuples(st.one_of(PRINTABLE, st.sampled_from(["a", "a/b", "a//b", "../x", "/x", "x/", "A"])), st.binary(max_size=40)),
                max_size=4), EDITS)
def test_any_archive_is_unpacked_below_its_folder_or_refused(tmp_path: Path, entries: list[tuple[str, bytes]], edits: list[Any]) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in dict(entries).items():
            archive.writestr(name, content)
    drawn["archives"] += 2
    for content in (buffer.getvalue(), damaged(buffer.getvalue(), edits)):
        (tmp_path / "x.zip").write_bytes(content)
        with contextlib.suppress(NotAsPublished):
            unpack(tmp_path / "x.zip", tmp_path / "deep" / "out")
        assert {path.name for path in tmp_path.iterdir()} <= {"x.zip", "deep"}
        assert not (tmp_path / "deep").exists() or {path.name for path in (tmp_path / "deep").iterdir()} <= {"out"}


@fuzz
@given(st.text(max_size=40))
def test_any_text_becomes_harmless(text: str) -> None:
    drawn["texts"] += 1
    cell = escape(text)
    assert "<" not in cell and len(cell.splitlines()) <= 1 and "|" not in cell.replace("\\\\", "").replace("\\|", "")
    assert len(code(text).splitlines()) <= 1 and "\x1b" not in printable(text) and mask_secrets(mask_secrets(text)) == mask_secrets(text)
    assert "/" not in safe_file_name(text) and safe_file_name(text) not in ("", ".", "..")
