"""Where corpora are published: real hosts, checksums that can be computed, names that stay in their folder."""

from __future__ import annotations

import pytest

from registry.core import names
from registry.errors import BenchError, UsageError
from registry.source import NotAsPublished, RemoteFile, source_named, sources

FILE = RemoteFile(url="https://a.example/a.wav", path="AudioWAV/a.wav", pointer="https://b.example/a.wav")


def test_every_published_address_is_encrypted_and_an_archive_has_a_checksum() -> None:
    assert list(sources()) == ["crema_d", "emodb", "iemocap", "ravdess", "savee", "tess"]
    for source in sources().values():
        addresses = [source.listing, *(file.url for file in source.files)]
        assert all(address.startswith("https://") for address in addresses if address)
        assert bool(any(addresses)) != bool(source.on_request)
        assert all(file.checksum and file.size for file in source.files if file.path.endswith(".zip"))


def test_a_corpus_without_a_source_is_named_with_those_that_have_one() -> None:
    assert source_named("tess").title == "TESS" and "synthetic" in names("corpora")
    with pytest.raises(UsageError, match=r"no corpus to pull is called 'synthetic'.*All: crema_d, emodb, iemocap, ravdess, savee, tess"):
        source_named("synthetic")


def test_a_git_lfs_pointer_gives_checksum_and_size() -> None:
    oid = "0" * 64
    pointed = FILE.pointed_to(f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 12\n")
    assert (pointed.checksum, pointed.size, pointed.url) == (f"sha256:{oid}", 12, FILE.url)
    for text in ("", "<html>Please log in</html>", f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}"):
        with pytest.raises(NotAsPublished, match=r"b\.example/a\.wav is not a Git LFS pointer"):
            FILE.pointed_to(text)


@pytest.mark.parametrize("path", ["../a.wav", "/a.wav", "a/../../a.wav", "C:a.wav", "..\\a.wav", "a\0.wav", ""])
def test_a_name_that_would_leave_its_folder_is_refused(path: str) -> None:
    with pytest.raises(BenchError, match="would leave its folder"):
        RemoteFile(url="https://a.example", path=path)


def test_a_checksum_of_a_kind_that_is_not_known_is_refused() -> None:
    with pytest.raises(BenchError, match="checksum of the kind 'crc99'"):
        RemoteFile(url="https://a.example", path="a.wav", checksum="crc99:1")
