"""How much of each corpus is there: `bench data status`, by what the loaders find."""

from __future__ import annotations

from pathlib import Path

from calls import bench
from corpus_trees import tones

from harness.data.availability import Availability, availability, status
from registry.corpora import ravdess, savee, tess

SPEAKER = {"ravdess": [name for name in ravdess.EXPECTED if name.endswith("-01")], "savee": [n for n in savee.EXPECTED if n[:2] == "DC"],
           "tess": [name for name in tess.EXPECTED if name.startswith("OAF")]}


def printed(*arguments: object) -> dict[str, list[str]]:
    """The cells of each corpus in the table of `bench data status`."""
    lines = [line for line in bench("data", "status", *arguments).out.splitlines() if line.startswith("│")]
    return {cells[0]: cells[1:] for cells in ([cell.strip() for cell in line.strip("│").split("│")] for line in lines)}


def test_whole_partial_incomplete_unreadable_and_absent_corpora_are_told_apart(tmp_path: Path) -> None:
    for name in ravdess.EXPECTED:
        (tmp_path / "RAVDESS").mkdir(exist_ok=True)
        (tmp_path / "RAVDESS" / f"{name}.wav").write_bytes(b"any content")
    tones(tmp_path / "SAVEE", *SPEAKER["savee"])
    tones(tmp_path / "TESS", *SPEAKER["tess"][:3])
    tones(tmp_path / "CREMA-D" / "AudioWAV", "1001_DFA_ANG_XX")
    (tmp_path / "CREMA-D" / "SentenceFilenames.csv").write_text("nonsense")
    assert {one.name: (one.state, one.clips) for one in status(tmp_path, [])} == {
        "crema_d": ("unreadable", "0 of 7,442"), "emodb": ("absent", "0 of 535"), "iemocap": ("absent", "0 of 5,531"),
        "ravdess": ("complete", "1,440 of 1,440"), "savee": ("partial", "120 of 480"),
        "tess": ("incomplete", "3 of 2,800"), "synthetic": ("always there", "432 of 432")}
    assert availability("tess", None) == Availability(name="tess", folder="", clips="0 of 2,800", state="absent", bytes=0)
    assert availability("ravdess", tmp_path).bytes == 1_440 * len(b"any content")


def test_the_table_is_followed_by_what_is_wrong(tmp_path: Path) -> None:
    tones(tmp_path / "TESS", *SPEAKER["tess"][:3])
    tones(tmp_path / "CREMA-D" / "AudioWAV", "1001_DFA_ANG_XX")
    (tmp_path / "CREMA-D" / "SentenceFilenames.csv").write_text("nonsense")
    outcome = bench("data", "status", "crema_d", "tess", "--data", tmp_path)
    assert outcome.code == 0 and "unreadable" in outcome.out and "SentenceFilenames.csv can't be read" in outcome.out
    assert "tess: 1 findings, see `bench check tess`" in outcome.out


def test_what_a_pull_has_not_verified_yet_is_absent(tmp_path: Path) -> None:
    tones(tmp_path / "RAVDESS" / ".bench-download" / "unpacked", *SPEAKER["ravdess"])
    assert availability("ravdess", tmp_path).state == "absent"


def test_status_reads_no_audio_and_needs_no_folder(real_corpora: Path) -> None:
    rows = printed("--data", real_corpora)
    for name, clips in (("crema_d", "7,442 of 7,442"), ("ravdess", "1,440 of 1,440"), ("savee", "480 of 480"), ("tess", "2,800 of 2,800")):
        assert rows[name][1:3] == [clips, "complete"]
    assert "no folder was given" in bench("data", "status").out


def test_a_corpus_whose_size_is_not_known_is_an_error_with_the_names_of_the_others() -> None:
    outcome = bench("data", "status", "nope")
    assert outcome.code == 2 and "All: crema_d, emodb, iemocap, ravdess, savee, synthetic, tess" in outcome.err
