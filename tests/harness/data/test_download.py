"""Downloads: what is fetched is whole and as published, or is not there; nothing is fetched twice."""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import signal
import stat
import subprocess
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests
from calls import bench, eventually, free_port, start
from requests.adapters import BaseAdapter
from web_of_corpora import ARCHIVE, CLIPS, LISTING, MEDIA, REPOSITORY, WORDS, Web, noise, pointer, serve, zipped

from harness.console import Console
from harness.data.availability import availability
from harness.data.download import BLOCK, pull, session
from registry.corpora import ravdess
from registry.corpora.ravdess import Ravdess
from registry.errors import BenchError
from registry.source import Source, source_named

ALWAYS = itertools.repeat
CLIP = f"{MEDIA}/AudioWAV/{CLIPS[2]}.wav"
LIST = f"{REPOSITORY}/SentenceFilenames.csv"
FIRST = "/api/access/datafile/0"  # the first clip of TESS
Publish = Callable[..., bytes]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three attempts in this process, without the pauses between them."""
    monkeypatch.setattr("harness.data.download.TRIES", 3)
    monkeypatch.setattr("harness.data.download.PAUSE_S", 0.01)


@pytest.fixture
def web() -> Iterator[Web]:
    served = Web()
    server = serve(served)
    yield served
    served.gate.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def publish_ravdess(web: Web, monkeypatch: pytest.MonkeyPatch) -> Publish:
    """Serves an archive that counts as the published one in this process; returns it."""
    def publish(archive: bytes | None = None, size: int | None = None) -> bytes:
        content = web.offer_ravdess(archive)
        file = replace(ravdess.ARCHIVE, checksum=f"md5:{hashlib.md5(content).hexdigest()}", size=size or len(content))
        monkeypatch.setattr(Ravdess, "source", Source(title="RAVDESS", files=(file,)))
        return content
    return publish


def get(name: str, data: Path, web: Web) -> None:
    pull(source_named(name), data, Console(quiet=True), web.address)


def files(folder: Path) -> dict[str, bytes]:
    """Every visible file below a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*"))
            if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)}


# the three corpora


def test_crema_d_comes_with_its_tables_into_the_layout_that_its_loader_reads(web: Web, tmp_path: Path) -> None:
    clips = web.offer_crema_d()
    get("crema_d", tmp_path, web)
    fetched = files(tmp_path / "CREMA-D")
    assert {name: content for name, content in fetched.items() if name.endswith(".wav")} == \
        {f"AudioWAV/{clip}.wav": content for clip, content in clips.items()}
    assert fetched["LICENSE.txt"] == b"Open Database License\n" and "processedResults/tabulatedVotes.csv" in fetched
    there = availability("crema_d", tmp_path)
    assert (there.clips, there.state, there.folder) == ("8 of 7,442", "partial", "CREMA-D/AudioWAV")
    assert there.bytes == sum(map(len, clips.values()))


def test_ravdess_is_unpacked_whole_and_its_archive_is_not_kept(web: Web, tmp_path: Path, publish_ravdess: Publish) -> None:
    publish_ravdess()
    get("ravdess", tmp_path, web)
    there = availability("ravdess", tmp_path)
    assert (there.clips, there.state, there.bytes) == ("1,440 of 1,440", "complete", 1_440 * 300)
    assert not list(tmp_path.rglob("*.zip*")) and not (tmp_path / "RAVDESS" / ".bench-download").exists()


def test_ravdess_completes_a_folder_that_is_there_and_replaces_what_differs(web: Web, tmp_path: Path, publish_ravdess: Publish) -> None:
    publish_ravdess()
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
        web.misbehave(f"{MEDIA}/AudioWAV/{clip}.wav", ["together"])  # none of the four is answered before all are requested
    get("crema_d", tmp_path, web)
    assert {Path(name).stem: content for name, content in files(tmp_path / "CREMA-D" / "AudioWAV").items()} == clips


# nothing twice


@pytest.mark.parametrize("name", ["crema_d", "ravdess", "tess"])
def test_a_second_pull_sends_no_request(web: Web, tmp_path: Path, name: str, publish_ravdess: Publish) -> None:
    web.offer_crema_d(), publish_ravdess(), web.offer_tess()
    get(name, tmp_path, web)
    requests_sent = len(web.asked)
    get(name, tmp_path, web)
    assert len(web.asked) == requests_sent > 0


def test_only_what_was_removed_or_changed_since_is_fetched_again(web: Web, tmp_path: Path) -> None:
    clips, audio = web.offer_crema_d(), tmp_path / "CREMA-D" / "AudioWAV"
    get("crema_d", tmp_path, web)
    (audio / f"{CLIPS[0]}.wav").unlink()
    (audio / f"{CLIPS[1]}.wav").write_bytes(clips[CLIPS[1]][::-1])  # of the same size
    (audio / f"{CLIPS[2]}.wav").touch()  # another time, the same content
    web.asked.clear()
    get("crema_d", tmp_path, web)
    assert sorted(path for path, _ in web.asked) == [LIST, *(f"{MEDIA}/AudioWAV/{clip}.wav" for clip in CLIPS[:2])]
    assert {Path(name).stem: content for name, content in files(audio).items()} == clips


def test_clips_that_were_there_before_are_checked_and_pointers_of_a_clone_replaced(web: Web, tmp_path: Path) -> None:
    clips, audio = web.offer_crema_d(), tmp_path / "CREMA-D" / "AudioWAV"
    audio.mkdir(parents=True)
    (audio / f"{CLIPS[0]}.wav").write_bytes(clips[CLIPS[0]])
    (audio / f"{CLIPS[1]}.wav").write_bytes(pointer(clips[CLIPS[1]]))
    get("crema_d", tmp_path, web)
    assert web.sent[f"{MEDIA}/AudioWAV/{CLIPS[0]}.wav"] == 0
    assert (audio / f"{CLIPS[1]}.wav").read_bytes() == clips[CLIPS[1]]


@pytest.mark.parametrize("content", ['{"finished": true, "fil', "[]", '{"finished": true, "files": {"a.wav": {}}}'])
def test_a_damaged_stamp_is_written_again_without_fetching_a_clip(web: Web, tmp_path: Path, content: str) -> None:
    web.offer_crema_d()
    get("crema_d", tmp_path, web)
    stamp = tmp_path / "CREMA-D" / ".bench-download.json"
    stamp.write_text(content)
    sent = web.sent[CLIP]
    get("crema_d", tmp_path, web)
    assert web.sent[CLIP] == sent and json.loads(stamp.read_text())["finished"] is True


def test_a_file_that_its_source_replaced_is_fetched_again(web: Web, tmp_path: Path) -> None:
    web.offer_tess()
    get("tess", tmp_path, web)
    (tmp_path / "TESS" / f"{WORDS[0]}.wav").unlink()  # so that the list is requested again
    web.files = {}
    renewed = web.offer_tess("OAF_dog_sad")
    get("tess", tmp_path, web)
    assert files(tmp_path / "TESS") == renewed


# broken connections


def test_a_download_that_broke_off_continues_where_it_was(web: Web, tmp_path: Path, publish_ravdess: Publish) -> None:
    archive = publish_ravdess()
    web.misbehave(ARCHIVE, ["break", "break"])
    get("ravdess", tmp_path, web)
    begins = [int(wanted[6:-1]) if wanted else 0 for path, wanted in web.asked if path == ARCHIVE]
    assert begins[0] == 0 < begins[1] < begins[2]
    assert len(archive) <= web.sent[ARCHIVE] <= len(archive) + 2 * BLOCK  # each break loses a block at most
    assert availability("ravdess", tmp_path).state == "complete"


def test_a_later_pull_continues_what_an_earlier_one_left(web: Web, tmp_path: Path, publish_ravdess: Publish) -> None:
    archive = publish_ravdess()
    web.misbehave(ARCHIVE, ["break", "503", "503", "503"])
    with pytest.raises(BenchError, match=r"also after 3 attempts \(too many 503 error.*same command continues"):
        get("ravdess", tmp_path, web)
    assert availability("ravdess", tmp_path).state == "absent" and files(tmp_path) == {}
    get("ravdess", tmp_path, web)
    assert len(archive) <= web.sent[ARCHIVE] <= len(archive) + BLOCK and availability("ravdess", tmp_path).state == "complete"


def test_a_server_that_ignores_ranges_is_read_from_the_beginning(web: Web, tmp_path: Path, publish_ravdess: Publish) -> None:
    archive = publish_ravdess()
    web.misbehave(ARCHIVE, ["break", "no range"])
    get("ravdess", tmp_path, web)
    assert web.sent[ARCHIVE] == len(archive) // 2 + len(archive)
    assert availability("ravdess", tmp_path).state == "complete"


def test_a_server_that_ignores_ranges_and_always_breaks_off_is_given_up(web: Web, tmp_path: Path, publish_ravdess: Publish) -> None:
    archive = publish_ravdess()
    web.misbehave(ARCHIVE, ALWAYS("break no range"))
    with pytest.raises(BenchError, match=r"can't be fetched, also after 3 attempts \(.*IncompleteRead"):
        get("ravdess", tmp_path, web)
    assert web.sent[ARCHIVE] == 3 * (len(archive) // 2) and files(tmp_path) == {}


@pytest.mark.parametrize("size", [1_000, 10_000_000])
def test_what_lay_there_and_is_no_beginning_of_the_file_is_fetched_anew(
        web: Web, tmp_path: Path, size: int, publish_ravdess: Publish) -> None:
    archive = publish_ravdess()
    staging = tmp_path / "RAVDESS" / ".bench-download"
    staging.mkdir(parents=True)
    (staging / "Audio_Speech_Actors_01-24.zip.part").write_bytes(noise(size, 7))
    get("ravdess", tmp_path, web)
    assert availability("ravdess", tmp_path).state == "complete" and web.sent[ARCHIVE] >= len(archive)


def test_a_busy_server_gets_as_many_requests_as_there_are_tries(web: Web, tmp_path: Path) -> None:
    web.offer_tess()
    web.misbehave(LISTING, ["503", "503"])
    get("tess", tmp_path, web)
    assert [path for path, _ in web.asked].count(LISTING) == 3
    web.offer_crema_d()
    web.misbehave(LIST, ALWAYS("503"))
    with pytest.raises(BenchError, match=r"can\'t be fetched, also after 3 attempts \(too many 503 error responses\)"):
        get("crema_d", tmp_path, web)
    assert [path for path, _ in web.asked].count(LIST) == 3


def test_without_a_network_the_message_says_what_to_check(tmp_path: Path) -> None:
    for name in ("crema_d", "ravdess", "tess"):
        with pytest.raises(BenchError, match=r"can't be fetched, .*refused.*check the connection.* a proxy \(HTTPS_PROXY\)"):
            pull(source_named(name), tmp_path, Console(quiet=True), f"http://127.0.0.1:{free_port()}/")
    assert files(tmp_path) == {}


# wrong files


@pytest.mark.parametrize(("fault", "message"), [
    ("wrong", "not what was published: .* expected sha256:[0-9a-f]{64} but got"), ("shorter", "not what was published"),
    ("endless", "sends more bytes"), ("404", "answers 404 Not Found"), ("403", "answers 403"), ("elsewhere", "not followed")])
def test_a_file_that_is_refused_leaves_nothing_and_the_others_are_kept(web: Web, tmp_path: Path, fault: str, message: str) -> None:
    clips = web.offer_crema_d()
    web.misbehave(CLIP, [fault] * 3)
    with pytest.raises(BenchError, match=rf"(?s)1 of 13 files are not there as published.*{CLIPS[2]}.*{message}"):
        get("crema_d", tmp_path, web)
    fetched = files(tmp_path / "CREMA-D" / "AudioWAV")
    assert sorted(fetched) == sorted(f"{clip}.wav" for clip in clips if clip != CLIPS[2])
    web.asked.clear()
    web.faults.clear()
    get("crema_d", tmp_path, web)
    assert {path for path, _ in web.asked if "AudioWAV" in path} == {CLIP, CLIP.removeprefix("/media")}
    assert (tmp_path / "CREMA-D" / "AudioWAV" / f"{CLIPS[2]}.wav").read_bytes() == clips[CLIPS[2]]


def test_a_file_that_is_announced_to_be_longer_costs_another_request_and_its_checksum_decides(web: Web, tmp_path: Path) -> None:
    clips = web.offer_crema_d()
    web.misbehave(CLIP, ["longer"])
    get("crema_d", tmp_path, web)
    assert (tmp_path / "CREMA-D" / "AudioWAV" / f"{CLIPS[2]}.wav").read_bytes() == clips[CLIPS[2]]


def test_a_table_without_a_length_is_refused_since_nothing_tells_whether_it_is_whole(web: Web, tmp_path: Path) -> None:
    web.offer_crema_d()
    web.misbehave(f"{REPOSITORY}/LICENSE.txt", ["chunked"])
    with pytest.raises(BenchError, match=r"LICENSE\.txt comes without a length"):
        get("crema_d", tmp_path, web)
    assert "LICENSE.txt" not in files(tmp_path / "CREMA-D")


def test_an_archive_other_than_the_published_one_is_refused(web: Web, tmp_path: Path) -> None:
    web.offer_ravdess()
    with pytest.raises(BenchError, match="expected md5:bc696df654c87fed845eb13823edef8a but got"):
        get("ravdess", tmp_path, web)
    assert files(tmp_path) == {}


def test_a_page_in_place_of_a_list_or_a_pointer_is_an_error_that_says_so(web: Web, tmp_path: Path) -> None:
    web.offer_crema_d()
    login = b"<html>Please log in</html>"
    web.files |= {LISTING: login, f"{REPOSITORY}/AudioWAV/{CLIPS[2]}.wav": login}
    for name, message in (("tess", "another form than expected .*JSON"), ("crema_d", "not a Git LFS pointer but '<html>")):
        with pytest.raises(BenchError, match=message):
            get(name, tmp_path, web)
    assert len(files(tmp_path / "CREMA-D" / "AudioWAV")) == len(CLIPS) - 1, "the other clips are there"
    web.files |= {LISTING: b'{"data": {}}', LIST: login}
    for name, message in (("tess", r"another form than expected .*latestVersion"), ("crema_d", "names no clips")):
        with pytest.raises(BenchError, match=message):
            get(name, tmp_path / "other", web)


def test_a_listed_name_that_would_leave_the_folder_is_not_fetched(web: Web, tmp_path: Path) -> None:
    web.offer_tess("../evil")
    with pytest.raises(BenchError, match=r"'\.\./evil\.wav', which would leave its folder"):
        get("tess", tmp_path / "data", web)
    assert files(tmp_path) == {}


class Redirecting(BaseAdapter):
    """A server behind TLS whose every answer leads to a plain address."""

    def send(self, request: requests.PreparedRequest, *args: object, **more: object) -> requests.Response:
        response = requests.Response()
        response.status_code, response.request, response.url, response.raw = 302, request, str(request.url), io.BytesIO()
        response.headers["Location"] = "http://plain.example/clip.wav"
        return response

    def close(self) -> None:
        """Nothing to close."""


def test_a_redirect_from_an_encrypted_to_a_plain_address_is_not_followed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def redirected(stop: threading.Event, encrypted: bool) -> requests.Session:
        opened = session(stop, encrypted)
        opened.mount("https://", Redirecting())
        return opened

    monkeypatch.setattr("harness.data.download.session", redirected)
    with pytest.raises(BenchError, match=r"leads to an address that is not followed: .*http://plain\.example"):
        pull(source_named("ravdess"), tmp_path, Console(quiet=True))
    assert files(tmp_path) == {}
    session(threading.Event(), encrypted=False).get_adapter("http://mirror.example")  # one that the user named


# archives


def linked() -> bytes:
    """A zip file with a symbolic link out of its folder."""
    buffer = io.BytesIO(zipped({"Actor_01/a.wav": b"a"}))
    entry = zipfile.ZipInfo("Actor_01/link.wav")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(entry, b"../..")
    return buffer.getvalue()


FINE = zipped({f"Actor_01/{i}.wav": noise(500, i) for i in range(4)})


@pytest.mark.parametrize(("archive", "message"), [
    (zipped({"Actor_01/a.wav": b"a", "../evil.wav": b"e"}), "leaves the folder"),
    (zipped({"/evil.wav": b"e"}), "leaves the folder"),
    (zipped({"Actor_01/../../../evil.wav": b"e"}), "leaves the folder"),
    (zipped({"C:evil.wav": b"e"}), "leaves the folder"),
    (zipped({"..\\evil.wav": b"e"}), "leaves the folder"),
    (linked(), "is a link"),
    (FINE[:-30], "not a zip file"),
    (FINE.replace(noise(500, 2), noise(500, 9)), "Bad CRC-32")])
def test_an_archive_that_is_damaged_or_would_do_harm_is_refused_whole(
        web: Web, tmp_path: Path, archive: bytes, message: str, publish_ravdess: Publish) -> None:
    publish_ravdess(archive)
    with pytest.raises(BenchError, match=f"can't be unpacked: .*{message}.*nothing of it was kept"):
        get("ravdess", tmp_path / "deep" / "data", web)
    assert [path for path in tmp_path.rglob("*") if path.suffix in (".wav", ".zip", ".part") or path.is_symlink()] == []


# room


def test_a_disk_without_room_is_reported_before_anything_is_fetched(web: Web, tmp_path: Path, publish_ravdess: Publish) -> None:
    publish_ravdess(size=10**17)
    with pytest.raises(BenchError, match=r"MB free, and 100,000,000,052 MB are needed"):
        get("ravdess", tmp_path, web)
    assert web.sent[ARCHIVE] == 0


def test_a_disk_without_room_for_what_an_archive_holds_is_reported_before_it_is_unpacked(
        web: Web, tmp_path: Path, publish_ravdess: Publish, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = publish_ravdess()
    monkeypatch.setattr("harness.data.download.shutil.disk_usage", lambda folder: SimpleNamespace(free=(50 << 20) + len(archive)))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as grown:
        grown.writestr("Actor_01/a.wav", bytes(3_000_000))
    publish_ravdess(buffer.getvalue())
    with pytest.raises(BenchError, match="MB free, and 55 MB are needed"):
        get("ravdess", tmp_path, web)
    assert files(tmp_path) == {}


def test_a_disk_that_fills_up_meanwhile_is_reported_in_words(web: Web, tmp_path: Path) -> None:
    web.offer_tess()
    staging = tmp_path / "TESS" / ".bench-download"
    staging.mkdir(parents=True)
    (staging / f"{WORDS[0]}.wav.part").symlink_to("/dev/full")
    with pytest.raises(BenchError, match=r"disk of .* is full; make room"):
        get("tess", tmp_path, web)
    assert not (tmp_path / "TESS" / f"{WORDS[0]}.wav").exists()


# the command


def test_a_pull_that_is_killed_leaves_nothing_that_looks_complete_and_is_continued(web: Web, tmp_path: Path) -> None:
    clips = web.offer_tess(size=600_000)
    web.misbehave(FIRST, ["stall"])
    with start("data", "pull", "tess", "--data", tmp_path, "--mirror", web.address) as process:
        part = tmp_path / "TESS" / ".bench-download" / f"{WORDS[0]}.wav.part"
        eventually(lambda: part.exists() and part.stat().st_size > 0)
        process.kill()
    left = part.stat().st_size
    assert f"{WORDS[0]}.wav" not in files(tmp_path / "TESS")
    get("tess", tmp_path, web)
    assert (FIRST, f"bytes={left}-") in web.asked and 0 < left < 600_000 and files(tmp_path / "TESS") == clips


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
    assert {path for path, _ in web.asked if "AudioWAV" in path} <= {CLIP}


def test_two_pulls_of_a_corpus_do_not_run_at_once(web: Web, tmp_path: Path) -> None:
    web.offer_tess()
    web.misbehave(FIRST, ["stall"])
    with start("data", "pull", "tess", "--data", tmp_path, "--mirror", web.address) as process:
        eventually(lambda: web.sent[FIRST] > 0)
        second = bench("data", "pull", "tess", "--data", tmp_path, "--mirror", web.address)
        process.kill()
    assert second.code == 1 and "TESS is being pulled into" in second.err


def test_sigterm_ends_a_pull_like_ctrl_c(web: Web, tmp_path: Path) -> None:
    web.offer_tess()
    for i in range(12):
        web.misbehave(f"/api/access/datafile/{i}", ["stall"])
    process: subprocess.Popen[str] = start("data", "pull", "tess", "--data", tmp_path, "--mirror", web.address)
    eventually(lambda: web.sent[FIRST] > 0)
    process.terminate()
    web.gate.set()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130 and "Traceback" not in err and files(tmp_path) == {}


def test_the_command_says_what_it_brought_and_ends_with_0(web: Web, tmp_path: Path, publish_ravdess: Publish) -> None:
    publish_ravdess(), web.offer_tess()
    outcome = bench("data", "pull", "ravdess", "tess", "--data", tmp_path, "--mirror", web.address)
    assert outcome.code == 0
    assert f"ravdess: 1,440 of 1,440 clips in {tmp_path / 'RAVDESS'}: complete" in outcome.out
    assert f"tess: 12 of 2,800 clips in {tmp_path / 'TESS'}: incomplete (" in outcome.out
    assert "CC BY-NC-SA 4.0" in outcome.err and "Livingstone" in outcome.err
    assert "nothing to fetch" in bench("data", "pull", "tess", "--data", tmp_path, "--mirror", web.address).err


def test_a_pull_that_fails_ends_with_1_and_without_a_traceback(web: Web, tmp_path: Path) -> None:
    outcome = bench("data", "pull", "tess", "--data", tmp_path, "--mirror", web.address)
    assert outcome.code == 1 and "answers 404 Not Found" in outcome.err and "Traceback" not in outcome.err
    (tmp_path / "file").write_text("")
    assert bench("data", "pull", "tess", "--data", tmp_path / "file", "--mirror", web.address).code == 1


def test_savee_says_how_to_ask_for_it_and_ends_with_1(tmp_path: Path) -> None:
    for arguments, folder in ((("--data", tmp_path), tmp_path / "SAVEE"), ((), "DIR/SAVEE")):
        outcome = bench("data", "pull", "savee", *arguments)
        assert outcome.code == 1 and "kahlan.eps.surrey.ac.uk/savee" in outcome.err and f"{folder}/AudioData/DC" in outcome.err


@pytest.mark.parametrize(("arguments", "message"), [(("pull",), "needs the corpora"), (("pull", "tess"), "BENCH_DATA"),
                                                    (("pull", "tes", "--data", "x"), "Did you mean 'tess'"), (("fetch",), "usage: bench")])
def test_a_wrong_call_ends_with_2(arguments: tuple[str, ...], message: str) -> None:
    outcome = bench("data", *arguments)
    assert outcome.code == 2 and message in outcome.err
