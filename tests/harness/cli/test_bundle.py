"""`bench bundle` says what it wrote, `bench verify` what matches, with exit codes."""

from __future__ import annotations

from pathlib import Path

from bundled import packed
from calls import bench
from untrained_finals import finals


def test_a_bundle_is_written_and_verified_anywhere(tmp_path: Path) -> None:
    finals(tmp_path / "home", "width", {2: 0.8}, seeds=1)
    outcome = bench("bundle", "width", "--to", tmp_path / "w.zip", "--home", tmp_path / "home")
    assert outcome.code == 0 and "SHA-256 " in outcome.out and f"bench verify {tmp_path / 'w.zip'}" in outcome.out, outcome.err
    found = bench("verify", tmp_path / "w.zip", "--home", tmp_path / "elsewhere")
    assert found.code == 0 and "width: everything matches" in found.out and "FAULT" not in found.out
    assert not (tmp_path / "elsewhere").exists()


def test_a_bundle_that_does_not_match_ends_with_code_1_and_says_where(tmp_path: Path) -> None:
    outcome = bench("verify", packed(tmp_path / "w.zip", {"record.json": b"{}"}))
    assert outcome.code == 1 and "FAULT: 0 figures could be computed again" in outcome.out and "don't rely on its figures" in outcome.out


def test_a_wrong_call_says_what_is_needed(tmp_path: Path) -> None:
    outcome = bench("bundle", "width", "--to", tmp_path / "w.tar")
    assert outcome.code == 2 and "--to needs a file that ends in .zip, such as width.zip" in outcome.err
    assert bench("verify", tmp_path / "none.zip").code == 1
