"""What comes from outside runs no code, leaves no folder, and stays text in reports and on the terminal."""

from __future__ import annotations

import ast
import itertools
import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
from calls import Ran, bench
from drawn_pictures import DrawnPictures
from folder_clips import HEADER, loaded, tone
from made_records import final, known, record
from source_trees import PACKAGES, ROOT, sources

from harness.console import Console
from harness.data.corpora import Workspace
from harness.evaluation.audit import audit_runs
from harness.evaluation.leaderboard import leaderboards
from harness.evaluation.rows import rows
from harness.reports.index import index_markdown
from harness.reports.markdown import code, escape
from harness.reports.study_report import study_markdown, write_report
from harness.safe_text import printable
from harness.study.files import shipped
from harness.study.rebuild import trial_from
from harness.tracking.run_record import RunTags
from harness.tracking.store import Store
from harness.training import saved_model
from registry import audio, own_layers
from registry.corpora.combined import Combined
from registry.corpora.folder import Folder
from registry.errors import BenchError, UsageError

EVIL = "from pathlib import Path\nPath({!r}).write_text('it ran')\nSTUDY = None\n"
NASTY = ("a|b", "<script>alert(1)</script>", "`rm`", "'\"", "one\ntwo", "../up", "/etc/up", "..", "![x](http://a.example/x)", "a\\|b", "")


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A file that exists as soon as `evil.py` beside it has been run."""
    marker = tmp_path / "it-ran"
    (tmp_path / "evil.py").write_text(EVIL.format(str(marker)))
    return marker


def test_every_test_that_the_page_on_security_names_is_there() -> None:
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_\w+)`", page))
    texts = "".join(path.read_text() for path in sorted((ROOT / "tests").rglob("*.py")))
    defined = set(re.findall(r"^def (test_\w+)", texts, re.MULTILINE))
    assert len(named) > 15 and named <= defined


# code


def test_a_study_file_is_run_only_when_the_user_names_it(ran: Ran, trap: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = trap.parent
    (folder / "experiments").mkdir()
    for name in ("cnn2d.py", "tiny_study.py", "experiments/evil.py", "experiments/tiny_study.py"):
        (folder / name).write_text((folder / "evil.py").read_text())
    monkeypatch.chdir(folder)
    for call in (("list",), ("list", "studies"), ("report", "--home", ran.home), ("show", "cnn2d"), ("cache", "--home", ran.home)):
        assert bench(*call).code == 0
    assert "evil" not in shipped() and not trap.exists()
    assert bench("show", "evil.py").code == 2 and trap.exists()


def test_a_configuration_from_the_store_cannot_have_a_file_run(ran: Ran, trap: Path, tmp_path: Path) -> None:
    tracker = Store(ran.home).experiment("tiny_study")
    path = tracker.files(tracker.records("seed")[0].run_id, "configuration.json", tmp_path)
    assert path
    configuration = json.loads(path.read_text())
    for part in ("split", "corpus", "architecture"):
        with pytest.raises(UsageError, match="is called"):
            trial_from({**configuration, part: {"component": str(trap.parent / "evil.py"), "version": 1}})
    with pytest.raises(UsageError, match="is called"):
        Combined(corpora=("synthetic", str(trap.parent / "evil.py"))).load(tmp_path)
    assert not trap.exists()


@pytest.mark.parametrize("name", ["evil.py", "../evil", "{}", "evil\n", "os.path"])
def test_a_saved_model_runs_no_file_but_its_own(trap: Path, name: str) -> None:
    model = trap.parent / "model"
    model.mkdir()
    with pytest.raises(BenchError):
        saved_model.space_from({"component": "FeatureSpace", "version": 1, "join": "channels",
                                "features": [{"component": name.format(trap.parent / "evil")}]}, model)
    assert not trap.exists()


@pytest.mark.parametrize("listed", ["packages", "imports"])
@pytest.mark.parametrize("module", ["evil", "...evil", "../evil", "{}", "own_parts.evil"])
def test_a_saved_model_s_list_of_its_own_source_leads_to_no_other_file(
        trap: Path, module: str, listed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(trap.parent)
    source = trap.parent / "model" / "source"
    (source / "0").mkdir(parents=True)
    (source / "0" / "own_parts.py").write_text("")
    names = {module.format(trap.parent / "evil"): {}}
    (source / "objects.json").write_text(json.dumps({"packages": [names if listed == "packages" else {}],
                                                     "imports": names if listed == "imports" else {}}))
    with pytest.raises(BenchError, match="can't be run here"):
        own_layers.read(source.parent)
    assert not trap.exists()


def test_a_network_that_holds_code_is_refused(trap: Path) -> None:
    import keras

    marker = str(trap)
    layer = keras.layers.Lambda(lambda x: x * len(str(__import__("pathlib").Path(marker).write_text("1"))), output_shape=(4, 1))
    network = keras.Sequential([keras.Input((4, 1)), layer])
    trap.unlink(missing_ok=True)
    folder = trap.parent / "model"
    folder.mkdir()
    network.save(folder / "model.keras")
    (folder / "listening.json").write_text("{}")
    with pytest.raises(BenchError, match="safe mode does not run"):
        saved_model._load_pyfunc(str(folder))
    assert not trap.exists()
    keras.models.load_model(folder / "model.keras", safe_mode=False)(np.zeros((1, 4, 1)))
    assert trap.exists(), "outside safe mode it would have run"


def test_the_normaliser_is_read_without_keras_and_a_file_that_unpacks_to_anything_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b" " * 60_000_000)
    assert path.stat().st_size < 100_000
    with pytest.raises(BenchError, match="describes its network in 60,000,000 bytes"):
        saved_model.normaliser_of(tmp_path)
    for content in (b"", b"no zip", path.read_bytes()[:500]):
        path.write_bytes(content)
        with pytest.raises(BenchError, match="saved model is damaged"):
            saved_model.normaliser_of(tmp_path)


def test_nothing_is_unpickled_or_evaluated_and_arrays_are_loaded_without_objects() -> None:
    refused = {"load", "loads", "Unpickler", "read_pickle"}
    found = []
    for path, tree in sources(*PACKAGES).items():
        for node in ast.walk(tree):
            called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            owner, _, method = called.rpartition(".")
            if called in ("eval", "exec", "compile", "os.system", "os.popen", "yaml.load") or method == "read_pickle":
                found.append(f"{path}: {called}")
            if owner in ("pickle", "cloudpickle", "joblib", "dill", "marshal", "shelve") and method in refused:
                found.append(f"{path}: {called}")
            if called == "np.load":
                assert isinstance(node, ast.Call)
                assert [ast.unparse(k) for k in node.keywords if k.arg == "allow_pickle"] == ["allow_pickle=False"], path
            if isinstance(node, ast.keyword) and node.arg == "shell":
                found.append(f"{path}: shell=")
    assert found == ["registry/own_files.py: compile", "registry/own_files.py: pickle.loads",  # a user's own file; sent to a child
                     "registry/rules/component.py: pickle.loads", "registry/rules/corpus.py: pickle.loads",  # of what they just dumped
                     "harness/execution/dask_worker.py: cloudpickle.loads",  # a job that the coordinator sent: see docs/security.md
                     *(f"harness/training/cost_probe.py: {name}.loads" for name in ("pickle", "cloudpickle"))]  # from its own parent


# folders


def test_a_table_s_paths_stay_in_the_data_folder_unless_the_user_says_otherwise(tmp_path: Path) -> None:
    tone(tmp_path / "private" / "mine.wav", 300)
    tone(tmp_path / "data" / "a.wav", 200)
    (tmp_path / "data" / "link.wav").symlink_to(tmp_path / "private" / "mine.wav")
    data = tmp_path / "data"
    for outside in ("../private/mine.wav", str(tmp_path / "private" / "mine.wav"), "link.wav", r"..\private\mine.wav"):
        with pytest.raises(BenchError, match=r"line 3: the path leads out of .*folder\[anywhere=True\]"):
            loaded(data, f"{HEADER}a.wav,x,s\n{outside},y,s\n")
        assert len(Folder(anywhere=True).load(data)) == 2
    inside = loaded(data, f"{HEADER}./a.wav,x,s\n{tmp_path / 'data' / 'gone.wav'},y,s\n")
    assert [clip.id for clip in inside.clips] == ["a"] and inside.problems[0].kind == "missing"


@pytest.mark.parametrize("text", ["a\0b", "a\rb", '"a\nb"', "a\x1b[2J"])
def test_a_cell_of_a_table_holds_printable_signs_only(tmp_path: Path, text: str) -> None:
    tone(tmp_path / "a.wav")
    with pytest.raises(BenchError, match=r"labels\.csv"):
        loaded(tmp_path, f"{HEADER}a.wav,x,{text}\n")


def test_hours_of_silence_in_a_small_file_and_impossible_rates_are_no_clips(tmp_path: Path) -> None:
    with soundfile.SoundFile(tmp_path / "long.flac", "w", 8_000, 1, "PCM_16") as file:
        for _ in range(21):
            file.write(np.zeros(30 * 8_000, np.int16))
    assert (tmp_path / "long.flac").stat().st_size < 100_000
    with pytest.raises(BenchError, match="at most 600 s long"):
        audio.read(tmp_path / "long.flac")
    for rate in (7, 10_000_000):
        soundfile.write(tmp_path / "odd.wav", np.zeros(100, np.int16), rate)
        with pytest.raises(BenchError, match="sample rate of"):
            audio.read(tmp_path / "odd.wav")


@pytest.mark.parametrize("name", ["..", "../../up", "README", "a|b <script>"])
def test_a_study_of_any_name_writes_below_its_home_and_removes_nothing_there(tmp_path: Path, name: str) -> None:
    home = tmp_path / "deep" / "home"
    tracker = Store(home).experiment(name)
    (home / "mine.txt").write_text("stays")
    tracker.end(tracker.start("trial", "t", None, RunTags(cell="../../../evil", synthetic=True, shares_speakers=False)), "failed")
    path, _ = write_report(Store(home), name)
    assert path.parent == home / "reports" and path.name != "README.md" and (home / "mine.txt").read_text() == "stays"
    assert {entry.name for entry in tmp_path.iterdir()} == {"deep"} and {entry.name for entry in (tmp_path / "deep").iterdir()} == {"home"}


def test_a_model_s_folder_is_removed_only_where_bench_keeps_models(ran: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tracker = Store(ran.home).experiment("tiny_study")
    keeps = next(r for r in tracker.records("seed") if "bench.model" in r.tags)
    (tmp_path / "mine.txt").write_text("stays")
    located = type("Model", (), {"artifact_location": tmp_path.as_uri()})
    monkeypatch.setattr(tracker.models, "client", type("Client", (), {
        "get_logged_model": lambda self, _: located, "delete_logged_model": lambda self, _: None, "delete_tag": lambda self, *_: None})())
    tracker.models.forget(keeps)
    assert (tmp_path / "mine.txt").exists()
    assert Store(ran.home).experiment("tiny_study").record(keeps.run_id).tags["bench.model"]  # the home that other tests share is as it was


@pytest.mark.parametrize("address", ["file:///etc", "http://127.0.0.1:9/x", "/etc", "models:/../x", "runs:/x/y"])
def test_a_model_s_address_from_the_store_is_followed_only_into_the_store(ran: Ran, tmp_path: Path, address: str) -> None:
    tracker = Store(ran.home).experiment("tiny_study")
    record_ = tracker.records("seed")[0]
    record_.tags["bench.model"] = address
    assert tracker.models.files(record_, tmp_path) is None and list(tmp_path.iterdir()) == []


# text


def test_nasty_names_stay_text_in_every_part_of_a_report() -> None:
    name = "|".join(NASTY)
    tags = dict.fromkeys(("feature_space", "architecture", "split", "corpus", "coverage", "settings", "corpus_label",
                          "commit", "hardware", "backend", "augmentation", "leaks", "audit", "reason", "declined", "question"), name)
    made = [record("trial", "evil", **tags), *final("evil", (0.5,), 0.1, **tags), record("study", "evil", **tags)]  # type: ignore[arg-type]
    made_boards = leaderboards(rows(made), known(rows(made)))
    text = study_markdown(name, made, made_boards, DrawnPictures())
    pages = text + index_markdown([], {name: name}, {name: f"{name}.md"}, {f"{name}.md": name}, [f"{name}.md"], [name])
    outside_code = "".join(part for i, part in enumerate(pages.replace("`` ", "\0").replace(" ``", "\0").split("\0")) if i % 2 == 0)
    assert "<script" not in outside_code and "](http" not in outside_code
    assert not [line for line in pages.splitlines() if line.startswith("two")], "a name's line break starts no line of its own"
    tables = [list(lines) for is_table, lines in itertools.groupby(text.splitlines(), key=lambda line: line.startswith("| ")) if is_table]
    assert sum("../up" in line for lines in tables for line in lines) >= 3
    assert all(len({cells(line) for line in lines}) == 1 for lines in tables), "a name opens no cell of its own"


def cells(line: str) -> int:
    """How many cells GitHub sees in a line of a table: a backslash takes the sign after it."""
    plain = line.replace("\\\\", "").replace("\\|", "")
    return plain.count("|") - 1


def test_text_can_neither_end_a_code_span_nor_a_cell() -> None:
    assert code("bench run --cell 'a``b`'") == "``` bench run --cell 'a``b`' ```"
    assert code("a\nb") == "`a b`" and code("plain") == "`plain`"
    assert escape("a\\|b") == "a\\\\\\|b" and escape("[x](javascript:y)") == "[x]\\(javascript:y)" and escape("a\r\nb") == "a\\r b"


def test_control_codes_and_markup_in_names_do_nothing_to_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console()
    console.result("clip \x1b]0;title\x07 [bold]x[/bold]")
    console.say("said \x1b[2J")
    console.table(["[red]h"], [["\x1b[31mcell"]], title="[bold]t")
    shown = capsys.readouterr()
    assert "\x1b" not in shown.out + shown.err and "[bold]x[/bold]" in shown.out and r"\x1b[31mcell" in shown.out
    assert "[red]h" in shown.out and "[bold]t" in shown.out
    assert printable("tab\tline\n") == "tab\tline\n"
    assert "\x1b" not in bench("show", "\x1b[2J").err


def test_names_with_quotes_reach_the_stores_as_names(tmp_path: Path) -> None:
    for name in ("a'b", 'a"b', "a`b", "a' OR '1'='1", "%"):
        tracker = Store(tmp_path).experiment(name)
        run = tracker.start("trial", name, None, RunTags(cell=name))
        assert [r.tags["bench.cell"] for r in tracker.records("trial")] == [name]
        assert [r.run_id for r in Store(tmp_path).experiment(name).records()] == [run]
    with pytest.raises(UsageError, match="or run in the store is called"):
        audit_runs("x' OR '1'='1", Store(tmp_path), Workspace(tmp_path))
