"""Downloads: what is fetched is whole and as published, or is not there; nothing is fetched twice."""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import signal
import stat
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from calls import bench, eventually, free_port, start
from web_of_corpora import ARCHIVE, CLIPS, LISTING, MEDIA, RECORD, REPOSITORY, WORDS, Web, noise, pointer, serve, zipped

from harness.console import Console
from harness.data.availability import availability
from harness.data.download import BLOCK, Patience, Refused, Remote, _refuse_downgrade, checksum
from harness.data.download import Web as Client
from harness.data.sources import SOURCES, Hosts, pull
from registry.errors import BenchError

QUICK = Patience(tries=3, pause_s=0.01, timeout_s=10)
ALWAYS = itertools.repeat
CLIP = f"{MEDIA}/AudioWAV/{CLIPS[2]}.wav"


@pytest.fixture
def web() -> Iterator[Web]:
    served = Web()
    server = serve(served)
    yield served
    served.gate.set()
    server.shutdown()
    server.server_close()


def get(name: str, data: Path, web: Web, patience: Patience = QUICK) -> None:
    pull(name, data, Console(quiet=True), Hosts.mirrored(web.address), patience)


def files(folder: Path) -> dict[str, bytes]:
    """Every visible file below a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*"))
            if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)}


def test_the_default_addresses_are_the_real_hosts() -> None:
    assert all(address.startswith("https://") for address in vars(Hosts()).values())
    assert sorted(SOURCES) == ["crema_d", "ravdess", "savee", "tess"]


# the three corpora


def test_crema_d_comes_with_its_tables_into_the_layout_that_its_loader_reads(web: Web, tmp_path: Path) -> None:
    clips = web.offer_crema_d()
    get("crema_d", tmp_path, web)
    found = files(tmp_path / "CREMA-D")
    assert {name: content for name, content in found.items() if name.endswith(".wav")} == \
        {f"AudioWAV/{clip}.wav": content for clip, content in clips.items()}
    assert found["LICENSE.txt"] == b"Open Database License\n" and "processedResults/tabulatedVotes.csv" in found
    there = availability("crema_d", tmp_path)
    assert (there.clips, there.state, there.folder) == ("8 of 7,442", "partial", "CREMA-D/AudioWAV")
    assert there.bytes == sum(map(len, clips.values()))


def test_ravdess_is_unpacked_whole_and_its_archive_is_not_kept(web: Web, tmp_path: Path) -> None:
    web.offer_ravdess()
    get("ravdess", tmp_path, web)
    there = availability("ravdess", tmp_path)
    assert (there.clips, there.state, there.bytes) == ("1,440 of 1,440", "complete", 1_440 * 300)
    assert not list(tmp_path.rglob("*.zip*"))


def test_ravdess_completes_a_folder_that_is_there_and_replaces_what_differs(web: Web, tmp_path: Path) -> None:
    web.offer_ravdess()
    own = tmp_path / "RAVDESS" / "Actor_01"
    own.mkdir(parents=True)
    (own / "03-01-01-01-01-01-01.wav").write_bytes(b"wrong")
    (own / "notes.txt").write_bytes(b"mine")
    get("ravdess", tmp_path, web)
    assert availability("ravdess", tmp_path).state == "complete"
    assert (own / "notes.txt").read_bytes() == b"mine" and len((own / "03-01-01-01-01-01-01.wav").read_bytes()) == 300


def test_tess_comes_file_by_file_with_either_kind_of_checksum(web: Web, tmp_path: Path) -> None:
    clips = web.offer_tess()
    get("tess", tmp_path, web)
    assert files(tmp_path / "TESS") == clips
    assert availability("tess", tmp_path).clips == "12 of 2,800"


def test_files_are_fetched_several_at_once(web: Web, tmp_path: Path) -> None:
    clips = web.offer_crema_d()
    for clip in CLIPS[:4]:
        web.misbehave(f"{MEDIA}/AudioWAV/{clip}.wav", ["together"])  # none of the four is answered before all are asked for
    get("crema_d", tmp_path, web)
    assert {Path(name).stem: content for name, content in files(tmp_path / "CREMA-D" / "AudioWAV").items()} == clips


# nothing twice


@pytest.mark.parametrize("name", ["crema_d", "ravdess", "tess"])
def test_a_second_pull_asks_for_nothing(web: Web, tmp_path: Path, name: str) -> None:
    web.offer_crema_d(), web.offer_ravdess(), web.offer_tess()
    get(name, tmp_path, web)
    asked = len(web.asked)
    get(name, tmp_path, web)
    assert len(web.asked) == asked > 0


def test_only_what_was_removed_or_changed_since_is_fetched_again(web: Web, tmp_path: Path) -> None:
    clips, audio = web.offer_crema_d(), tmp_path / "CREMA-D" / "AudioWAV"
    get("crema_d", tmp_path, web)
    (audio / f"{CLIPS[0]}.wav").unlink()
    (audio / f"{CLIPS[1]}.wav").write_bytes(clips[CLIPS[1]][::-1])  # of the same size
    (audio / f"{CLIPS[2]}.wav").touch()  # another time, the same content
    web.asked.clear()
    get("crema_d", tmp_path, web)
    assert sorted(path for path, _ in web.asked) == [f"{MEDIA}/AudioWAV/{clip}.wav" for clip in CLIPS[:2]]
    assert {Path(name).stem: content for name, content in files(audio).items()} == clips


def test_clips_that_were_there_before_are_checked_and_pointers_of_a_clone_replaced(web: Web, tmp_path: Path) -> None:
    clips, audio = web.offer_crema_d(), tmp_path / "CREMA-D" / "AudioWAV"
    audio.mkdir(parents=True)
    (audio / f"{CLIPS[0]}.wav").write_bytes(clips[CLIPS[0]])
    (audio / f"{CLIPS[1]}.wav").write_bytes(pointer(clips[CLIPS[1]]))
    get("crema_d", tmp_path, web)
    assert web.sent[f"{MEDIA}/AudioWAV/{CLIPS[0]}.wav"] == 0
    assert (audio / f"{CLIPS[1]}.wav").read_bytes() == clips[CLIPS[1]]


def test_a_damaged_manifest_is_made_again_without_fetching_a_clip(web: Web, tmp_path: Path) -> None:
    web.offer_crema_d()
    get("crema_d", tmp_path, web)
    (tmp_path / "CREMA-D" / ".bench-download.json").write_text('{"finished": true, "fil')
    sent = web.sent[CLIP]
    get("crema_d", tmp_path, web)
    assert web.sent[CLIP] == sent
    assert json.loads((tmp_path / "CREMA-D" / ".bench-download.json").read_text())["finished"] is True


# broken connections


def test_a_download_that_broke_off_continues_where_it_was(web: Web, tmp_path: Path) -> None:
    archive = web.offer_ravdess()
    web.misbehave(ARCHIVE, ["break", "break"])
    get("ravdess", tmp_path, web)
    begins = [int(asked[6:-1]) if asked else 0 for path, asked in web.asked if path == ARCHIVE]
    assert begins[0] == 0 < begins[1] < begins[2]
    assert len(archive) <= web.sent[ARCHIVE] <= len(archive) + 2 * BLOCK  # each break loses a block at most
    assert availability("ravdess", tmp_path).state == "complete"


def test_a_later_pull_continues_what_an_earlier_one_left(web: Web, tmp_path: Path) -> None:
    archive = web.offer_ravdess()
    web.misbehave(ARCHIVE, ["break", "503", "503"])
    with pytest.raises(BenchError, match=r"answers 503 .*also after 3 attempts.*same command continues"):
        get("ravdess", tmp_path, web)
    assert availability("ravdess", tmp_path).state == "absent" and files(tmp_path) == {}
    get("ravdess", tmp_path, web)
    assert len(archive) <= web.sent[ARCHIVE] <= len(archive) + BLOCK and availability("ravdess", tmp_path).state == "complete"


def test_a_server_that_ignores_ranges_is_asked_from_the_beginning(web: Web, tmp_path: Path) -> None:
    archive = web.offer_ravdess()
    web.misbehave(ARCHIVE, ["break", "no range"])
    get("ravdess", tmp_path, web)
    assert web.sent[ARCHIVE] == len(archive) // 2 + len(archive)
    assert availability("ravdess", tmp_path).state == "complete"


def test_a_server_that_ignores_ranges_and_always_breaks_off_is_given_up(web: Web, tmp_path: Path) -> None:
    archive = web.offer_ravdess(noise(4_000_000))  # half of it is more than what makes an attempt worth while
    web.misbehave(ARCHIVE, ALWAYS("break no range"))
    with pytest.raises(BenchError, match=r"broke off after .* bytes \(.*\), also after 3 attempts"):
        get("ravdess", tmp_path, web)
    assert web.sent[ARCHIVE] <= 4 * len(archive) // 2 and files(tmp_path) == {}


def test_a_large_file_may_break_off_more_often_than_patience_allows(web: Web, tmp_path: Path) -> None:
    web.files["/a.zip"] = content = noise(40_000_000)
    web.misbehave("/a.zip", ["break"] * 4)  # 20, 10, 5 and 2.5 MB: each a gain
    target = tmp_path / "a.zip"
    Client(QUICK).save(Remote(url=f"{web.address}/a.zip", path=target, size=len(content), checksum=f"sha256:{_sha256(content)}"))
    assert target.read_bytes() == content and [path for path, _ in web.asked] == ["/a.zip"] * 5


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_file_that_its_source_replaced_is_fetched_again(web: Web, tmp_path: Path) -> None:
    web.offer_tess()
    get("tess", tmp_path, web)
    (tmp_path / "TESS" / f"{WORDS[0]}.wav").unlink()  # so that the list is asked for again
    web.files = {}
    renewed = web.offer_tess("OAF_dog_sad")
    get("tess", tmp_path, web)
    assert files(tmp_path / "TESS") == renewed


@pytest.mark.parametrize("size", [1_000, 10_000_000])
def test_what_lay_there_and_is_no_beginning_of_the_file_is_fetched_anew(web: Web, tmp_path: Path, size: int) -> None:
    archive = web.offer_ravdess()
    staging = tmp_path / ".bench-download" / "RAVDESS"
    staging.mkdir(parents=True)
    (staging / "Audio_Speech_Actors_01-24.zip.part").write_bytes(noise(size, 7))
    get("ravdess", tmp_path, web)
    assert availability("ravdess", tmp_path).state == "complete" and web.sent[ARCHIVE] >= len(archive)


def test_a_busy_server_is_asked_again_as_often_as_patience_allows(web: Web, tmp_path: Path) -> None:
    web.offer_tess()
    web.misbehave(LISTING, ["503", "503"])
    get("tess", tmp_path, web)
    assert [path for path, _ in web.asked].count(LISTING) == 3
    web.misbehave(RECORD, ALWAYS("503"))
    with pytest.raises(BenchError, match="answers 503 Service Unavailable, also after 3 attempts"):
        get("ravdess", tmp_path, web)
    assert [path for path, _ in web.asked].count(RECORD) == 3


def test_without_a_network_the_message_says_what_to_check(tmp_path: Path) -> None:
    hosts = Hosts.mirrored(f"http://127.0.0.1:{free_port()}/")
    for name in ("crema_d", "ravdess", "tess"):
        with pytest.raises(BenchError, match=r"can't be reached .*refused.*check the connection or a proxy \(HTTPS_PROXY\)"):
            pull(name, tmp_path, Console(quiet=True), hosts, QUICK)
    assert files(tmp_path) == {}


# wrong files


@pytest.mark.parametrize(("fault", "said"), [("wrong", "expected sha256:[0-9a-f]{64}, got sha256:"), ("longer", "were promised"),
                                             ("shorter", "were promised"), ("endless", "sends more than"), ("404", r"is not there \(404\)"),
                                             ("403", "answers 403"), ("elsewhere", "not followed")])
def test_a_file_that_is_refused_leaves_nothing_and_the_others_are_kept(web: Web, tmp_path: Path, fault: str, said: str) -> None:
    clips = web.offer_crema_d()
    web.misbehave(CLIP, [fault])
    with pytest.raises(BenchError, match=rf"(?s)1 of 8 files were refused.*{CLIPS[2]}.*{said}"):
        get("crema_d", tmp_path, web)
    found = files(tmp_path / "CREMA-D" / "AudioWAV")
    assert sorted(found) == sorted(f"{clip}.wav" for clip in clips if clip != CLIPS[2])
    web.asked.clear()
    get("crema_d", tmp_path, web)
    assert {path for path, _ in web.asked if "AudioWAV" in path} == {CLIP, CLIP.removeprefix("/media")}
    assert (tmp_path / "CREMA-D" / "AudioWAV" / f"{CLIPS[2]}.wav").read_bytes() == clips[CLIPS[2]]


def test_a_file_that_always_ends_early_is_given_up(web: Web, tmp_path: Path) -> None:
    web.offer_ravdess(size=10_000_000)
    web.misbehave(ARCHIVE, ALWAYS("endless"))  # neither the promised bytes nor any word on how many there are
    with pytest.raises(BenchError, match=r"ended after .* of 10,000,000 bytes, also after 3 attempts"):
        get("ravdess", tmp_path, web)
    assert files(tmp_path) == {}


def test_a_page_in_place_of_a_list_or_a_pointer_is_told(web: Web, tmp_path: Path) -> None:
    web.offer_crema_d()
    web.files |= {LISTING: b"<html>Please log in</html>", RECORD: b'{"files": [{"key": "other.zip"}]}',
                  f"{REPOSITORY}/AudioWAV/{CLIPS[2]}.wav": b"<html>Please log in</html>"}
    for name, said in (("tess", "something else than JSON"), ("ravdess", "names none that is needed"), ("crema_d", "no Git LFS pointer")):
        with pytest.raises(BenchError, match=said):
            get(name, tmp_path, web)
    web.files[LISTING] = b'{"data": {}}'
    with pytest.raises(BenchError, match=r"not made as expected .*latestVersion"):
        get("tess", tmp_path, web)


def test_a_listed_name_that_would_leave_the_folder_is_not_fetched(web: Web, tmp_path: Path) -> None:
    web.offer_tess("../evil")
    with pytest.raises(BenchError, match=r"'\.\./evil\.wav', which would leave its folder"):
        get("tess", tmp_path / "data", web)
    assert files(tmp_path) == {}


def test_a_way_from_an_encrypted_to_a_plain_address_is_not_followed() -> None:
    _refuse_downgrade(["https://a.example/1", "https://b.example/1"])
    _refuse_downgrade(["http://a.example/1", "http://b.example/1"])
    with pytest.raises(Refused, match=r"leads to http://b\.example/1, which is not encrypted"):
        _refuse_downgrade(["https://a.example/1", "http://b.example/1", "https://c.example/1"][:2])


# archives


def linked() -> bytes:
    """A zip file with a symbolic link out of its folder."""
    entry = zipfile.ZipInfo("Actor_01/link.wav")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return _with_entry(entry, b"../..")


def _with_entry(entry: zipfile.ZipInfo, content: bytes) -> bytes:
    buffer = io.BytesIO(zipped({"Actor_01/a.wav": b"a"}))
    with zipfile.ZipFile(buffer, "a", compression=zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(entry, content, compress_type=zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


FINE = zipped({f"Actor_01/{i}.wav": noise(500, i) for i in range(4)})


@pytest.mark.parametrize(("archive", "said"), [
    (zipped({"Actor_01/a.wav": b"a", "../evil.wav": b"e"}), "leaves the folder"),
    (zipped({"/evil.wav": b"e"}), "leaves the folder"),
    (zipped({"Actor_01/../../../evil.wav": b"e"}), "leaves the folder"),
    (zipped({"C:evil.wav": b"e"}), "another place"),
    (zipped({"..\\evil.wav": b"e"}), "another place"),
    (zipped({"Actor_01/a.wav": b"a", "actor_01/A.wav": b"b"}), "two entries of the same name"),
    (linked(), "is a link"),
    (_with_entry(zipfile.ZipInfo("Actor_01/b.wav"), bytes(3_000_000)), "more than 25 times"),
    (FINE[:-30], "not a zip file"),
    (FINE.replace(noise(500, 2), noise(500, 9)), "Bad CRC-32")])
def test_an_archive_that_is_damaged_or_would_do_harm_is_refused_whole(web: Web, tmp_path: Path, archive: bytes, said: str) -> None:
    web.offer_ravdess(archive)
    with pytest.raises(BenchError, match=f"can't be unpacked: .*{said}.*nothing of it was kept"):
        get("ravdess", tmp_path / "deep" / "data", web)
    assert [path for path in tmp_path.rglob("*") if path.suffix in (".wav", ".zip", ".part") or path.is_symlink()] == []


# room


def test_a_disk_without_room_is_told_before_anything_is_fetched(web: Web, tmp_path: Path) -> None:
    web.offer_ravdess(size=10**17)
    with pytest.raises(BenchError, match=r"MB free, and 100,000,000,052 MB are needed"):
        get("ravdess", tmp_path, web)
    assert web.sent[ARCHIVE] == 0


def test_a_disk_that_fills_up_meanwhile_is_told_in_words(web: Web, tmp_path: Path) -> None:
    web.files["/a.wav"] = noise(100_000)
    (tmp_path / "a.wav.part").symlink_to("/dev/full")
    with pytest.raises(BenchError, match=r"disk of .* is full; make room"):
        Client(QUICK).save(Remote(url=f"{web.address}/a.wav", path=tmp_path / "a.wav", size=100_000, checksum="md5:" + "0" * 32))
    assert not (tmp_path / "a.wav").exists()


def test_a_checksum_of_a_kind_that_is_not_known_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"abc")
    assert checksum(tmp_path / "a.wav", "md5") == "md5:900150983cd24fb0d6963f7d28e17f72"
    with pytest.raises(BenchError, match="checksum of the kind 'crc99'"):
        checksum(tmp_path / "a.wav", "crc99")


# the command


def test_a_pull_that_is_killed_leaves_nothing_that_looks_complete_and_is_continued(web: Web, tmp_path: Path) -> None:
    archive = web.offer_ravdess()
    web.misbehave(ARCHIVE, ["stall"])
    with start("data", "pull", "ravdess", "--data", tmp_path, "--mirror", web.address) as process:
        part = tmp_path / ".bench-download" / "RAVDESS" / "Audio_Speech_Actors_01-24.zip.part"
        eventually(lambda: part.exists() and part.stat().st_size > 0)
        process.kill()
    kept = part.stat().st_size
    assert files(tmp_path) == {} and availability("ravdess", tmp_path).state == "absent"
    get("ravdess", tmp_path, web)
    assert web.asked[-1] == (ARCHIVE, f"bytes={kept}-") and 0 < kept < len(archive)
    assert availability("ravdess", tmp_path).state == "complete"


def test_ctrl_c_keeps_what_is_complete_and_ends_with_130(web: Web, tmp_path: Path) -> None:
    clips, audio = web.offer_crema_d(), tmp_path / "CREMA-D" / "AudioWAV"
    web.misbehave(CLIP, ["stall"])
    process = start("data", "pull", "crema_d", "--data", tmp_path, "--mirror", web.address)
    eventually(lambda: len(list(audio.glob("*.wav"))) == 7)
    process.send_signal(signal.SIGINT)
    web.gate.set()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130 and "same command continues" in err and "Traceback" not in out + err
    assert all(path.read_bytes() == clips[path.stem] for path in audio.glob("*.wav"))
    web.asked.clear()
    get("crema_d", tmp_path, web)
    assert {path for path, _ in web.asked if "AudioWAV" in path} <= {CLIP, CLIP.removeprefix("/media")}


def test_two_pulls_of_a_corpus_are_not_at_work_at_once(web: Web, tmp_path: Path) -> None:
    web.offer_ravdess()
    web.misbehave(ARCHIVE, ["stall"])
    with start("data", "pull", "ravdess", "--data", tmp_path, "--mirror", web.address) as process:
        eventually(lambda: web.sent[ARCHIVE] > 0)
        second = bench("data", "pull", "ravdess", "--data", tmp_path, "--mirror", web.address)
        process.kill()
    assert second.code == 1 and "another `bench data pull ravdess` is at work" in second.err


def test_the_command_says_what_it_brought_and_ends_with_0(web: Web, tmp_path: Path) -> None:
    web.offer_ravdess(), web.offer_tess()
    outcome = bench("data", "pull", "ravdess", "tess", "--data", tmp_path, "--mirror", web.address)
    assert outcome.code == 0
    assert f"ravdess: 1,440 of 1,440 clips in {tmp_path / 'RAVDESS'}: complete" in outcome.out
    assert f"tess: 12 of 2,800 clips in {tmp_path / 'TESS'}: incomplete" in outcome.out
    assert "CC BY-NC-SA 4.0" in outcome.err and "Livingstone" in outcome.err
    assert "nothing to fetch" in bench("data", "pull", "tess", "--data", tmp_path, "--mirror", web.address).err


def test_a_pull_that_fails_ends_with_1_and_without_a_traceback(web: Web, tmp_path: Path) -> None:
    outcome = bench("data", "pull", "tess", "--data", tmp_path, "--mirror", web.address)
    assert outcome.code == 1 and "is not there (404)" in outcome.err and "Traceback" not in outcome.err
    (tmp_path / "file").write_text("")
    assert bench("data", "pull", "tess", "--data", tmp_path / "file", "--mirror", web.address).code == 1


def test_savee_tells_how_to_ask_for_it_and_ends_with_1(tmp_path: Path) -> None:
    for arguments, folder in ((("--data", tmp_path), tmp_path / "SAVEE"), ((), "DIR/SAVEE")):
        outcome = bench("data", "pull", "savee", *arguments)
        assert outcome.code == 1 and "kahlan.eps.surrey.ac.uk/savee" in outcome.err and f"{folder}/AudioData/DC" in outcome.err


@pytest.mark.parametrize(("arguments", "said"), [(("pull",), "needs the corpora"), (("pull", "tess"), "BENCH_DATA"),
                                                 (("pull", "tes", "--data", "x"), "Did you mean 'tess'"), (("fetch",), "usage: bench"),
                                                 (("status", "nope"), "All: crema_d, ravdess, savee, synthetic, tess")])
def test_a_wrong_call_ends_with_2(arguments: tuple[str, ...], said: str) -> None:
    outcome = bench("data", *arguments)
    assert outcome.code == 2 and said in outcome.err


def test_status_tells_complete_partial_incomplete_unreadable_and_absent(web: Web, tmp_path: Path) -> None:
    web.offer_ravdess(), web.offer_crema_d(), web.offer_tess()
    for name in ("ravdess", "crema_d", "tess"):
        get(name, tmp_path, web)
    rows = {line.split()[1]: line for line in bench("data", "status", "--data", tmp_path).out.splitlines() if line.startswith("│")}
    assert {name: row.split("│")[4].strip() for name, row in rows.items()} == {
        "crema_d": "partial", "ravdess": "complete", "tess": "incomplete", "savee": "absent", "synthetic": "always there"}
    (tmp_path / "CREMA-D" / "SentenceFilenames.csv").write_text("nonsense")
    outcome = bench("data", "status", "crema_d", "--data", tmp_path)
    assert outcome.code == 0 and "unreadable" in outcome.out and "SentenceFilenames.csv can't be read" in outcome.out


def test_status_reads_no_audio_and_needs_no_folder(real_corpora: Path) -> None:
    rows = {line.split()[1]: line for line in bench("data", "status", "--data", real_corpora).out.splitlines() if line.startswith("│")}
    for name, clips in (("crema_d", "7,442 of 7,442"), ("ravdess", "1,440 of 1,440"), ("savee", "480 of 480"), ("tess", "2,800 of 2,800")):
        assert clips in rows[name] and "complete" in rows[name]
    assert "no folder was given" in bench("data", "status").out


def test_sigterm_ends_a_pull_like_ctrl_c(web: Web, tmp_path: Path) -> None:
    web.offer_ravdess()
    web.misbehave(ARCHIVE, ["stall"])
    process: subprocess.Popen[str] = start("data", "pull", "ravdess", "--data", tmp_path, "--mirror", web.address)
    eventually(lambda: web.sent[ARCHIVE] > 0)
    process.terminate()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130 and "Traceback" not in err and files(tmp_path) == {}
