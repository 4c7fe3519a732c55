"""A sealed file comes back as it was; a changed byte is found, and what is no bundle is refused with what to do."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path

import pytest

from harness.evaluation.sealed_zip import MANIFEST, seal, unseal
from registry.errors import BenchError

FILES = {"record.json": b'{"a": 1}', "runs/1/test.csv": b"clip,truth\n" * 50}


def test_files_come_back_and_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    digests = [seal(tmp_path / name, files, {"study": "s"}) for name, files in (("a.zip", FILES), ("b.zip", dict(reversed(FILES.items()))))]
    sealed = unseal(tmp_path / "a.zip")
    assert dict(sealed.files) == FILES and sealed.about["study"] == "s" and sealed.faults == ()
    assert digests[0] == digests[1] == hashlib.sha256((tmp_path / "b.zip").read_bytes()).hexdigest()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None and archive.namelist() == [MANIFEST, *sorted(FILES)]


def test_any_changed_byte_is_found_wherever_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    seal(path, FILES, {"study": "s"})
    content = path.read_bytes()
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        try:
            assert unseal(path).faults, place
        except BenchError:
            continue


def test_a_changed_file_is_named_though_the_archive_was_packed_again(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    seal(path, FILES, {"study": "s"})
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (contents | {"record.json": b'{"a": 2}', "more.txt": b""}).items():
            if name != "runs/1/test.csv":
                archive.writestr(name, content)
    assert unseal(path).faults == (
        "the archive has no SHA-256 of itself: it was packed again by another program, or its end was changed",
        "runs/1/test.csv is missing", "more.txt is not in the manifest.json",
        "record.json has another SHA-256 than the manifest.json says")


def archive_of(*entries: tuple[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in entries:
            archive.writestr(name, text)
    return packed.getvalue()


def manifest(**fields: object) -> tuple[str, str]:
    return MANIFEST, json.dumps({"format": "bench bundle", "version": 1, "files": {}, **fields})


@pytest.mark.parametrize(("content", "message"), [
    (b"hello", "is no zip file .*: give the FILE.zip that `bench bundle` wrote"), (b"", "is no zip file"),
    (archive_of(manifest())[:-30], "is cut short or damaged at its end .*: get it again"),
    (archive_of(("a.txt", "")), "is no bundle: it has no manifest.json"),
    (archive_of((MANIFEST, "[]")), "was changed or is damaged"), (archive_of((MANIFEST, "{")), "was changed or is damaged"),
    (archive_of(manifest(format="other")), "is no bundle of bench: its manifest.json is of the format 'other'"),
    (archive_of(manifest(version=2, bench="9.9")), "bundle of version 2, made by bench 9.9, and this bench reads version 1: update bench"),
    (archive_of(manifest(), ("../../etc/passwd", "")), "has the name '../../etc/passwd', which leads out of it"),
    (archive_of(manifest(), ("/etc/passwd", "")), "leads out of it"), (archive_of(manifest(), ("C:x", "")), "leads out of it"),
    (archive_of(manifest(), ("a\\..\\b", "")), "leads out of it")])
def test_a_file_that_is_no_bundle_of_this_version_says_what_to_do(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    with pytest.raises(BenchError, match=message):
        unseal(path)


def test_a_file_that_is_not_there_or_is_a_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"No such file or directory; give the FILE\.zip"):
        unseal(tmp_path / "none.zip")
    with pytest.raises(BenchError, match="is a folder"):
        unseal(tmp_path)


def test_an_archive_that_would_fill_the_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seal(tmp_path / "a.zip", FILES, {})
    monkeypatch.setattr("harness.evaluation.sealed_zip.LARGEST", 100)
    with pytest.raises(BenchError, match="would unpack to"):
        unseal(tmp_path / "a.zip")
