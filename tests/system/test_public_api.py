"""The public Python API: studies are run, and read as data, from a script or a notebook as the documents show it."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import numpy as np
import pytest
from calls import run_python
from tiny_study import STUDY

import harness
from harness import BenchError, Execution, Study, UsageError
from harness.study.trial import Trial
from harness.tracking.store import Store
from harness.training.result import Result
from registry.feature_space import FeatureSpace
from registry.feature_spaces.energy import Energy

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
CODE = re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
NOTEBOOK = ROOT / "docs" / "first_study.ipynb"
MINE = dataclasses.replace(STUDY, splits=STUDY.splits[1:], architectures=STUDY.architectures[:1])  # one cell


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which a study was run that lies in no file."""
    folder = tmp_path_factory.mktemp("mine")
    boards = harness.run(MINE, home=folder, question="Is a file needed?", quiet=True)
    assert [len(board.rows) for board in boards] == [1]
    return folder


def test_a_study_that_lies_in_no_file_runs_and_is_reported(home: Path) -> None:
    text = (home / "reports" / "mine.md").read_text()
    assert text.startswith("# mine: Is a file needed?\n")
    assert "mine.md" in (home / "reports" / "README.md").read_text()
    assert "`bench run --study mine.py " in text  # where it would have to be saved


def test_the_same_call_again_trains_nothing_and_a_fixed_setting_makes_another_row(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = len(harness.trials("mine", home=home))
    harness.run(MINE, home=home)
    assert "0 to do" in capsys.readouterr().err
    assert len(harness.trials("mine", home=home)) == before == 2


def test_results_are_a_frame_of_a_row_a_cell(home: Path) -> None:
    frame = harness.results("mine", home=home)
    row = frame.loc[0]
    assert (row["study"], row["corpus"], row["protocol"]) == ("mine", "synthetic", "unseen_speakers_80_20")
    assert (row["seeds"], row["trials"], bool(row["chosen"]), bool(row["shares_speakers"])) == (2, 2, True, False)
    assert row["feature_space"] in row["cell"] and "synthetic" in row["marks"] and "**" not in row["marks"]
    assert 0 <= row["test_uar"] <= 1 and row["test_uar_sd"] >= 0 and np.isnan(row["test_uar_low"])  # one test speaker: no interval
    assert frame["rank"].isna().all() and len(row["runs"]) == 2


def test_trials_are_a_frame_of_a_row_a_trial_with_the_settings_that_vary(home: Path) -> None:
    frame = harness.trials("mine", home=home)
    assert frame["state"].tolist() == ["finished", "finished"]
    assert frame["training.learning_rate"].tolist()[0] == 0.01 and frame["training.learning_rate"].between(1e-3, 1e-1).all()
    assert frame["validation_uar"].between(0, 1).all() and (frame["seconds"] > 0).all() and frame["epochs"].tolist() == [2, 2]


def test_predictions_are_a_frame_of_a_row_a_clip_and_give_the_figures_of_the_leaderboard(home: Path) -> None:
    frame = harness.predictions("mine", home=home)
    emotions = sorted(set(frame["truth"]))
    assert frame[emotions].sum(axis=1).to_numpy() == pytest.approx(1, abs=1e-6)
    assert (frame[emotions].idxmax(axis=1) == frame["predicted"]).all()
    right = (frame["truth"] == frame["predicted"]).groupby([frame["seed"], frame["truth"]]).mean()
    assert right.mean() == pytest.approx(harness.results("mine", home=home)["test_uar"][0])
    one = harness.predictions("mine", cell=frame["key"][0], protocol=frame["protocol"][0], seed=1, part="validation", home=home)
    assert set(one["seed"]) == {1} and not set(one["clip"]) & set(frame["clip"])


def test_a_rows_model_predicts_a_waveform(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    row = harness.leaderboard("mine", home=home)[0].chosen
    assert row is not None
    corpus = MINE.corpus.load()
    waveform, sample_rate = corpus.read_clip(corpus.clips[0])
    frames = [harness.load_model(which, home=home).predict(waveform[None, :], {"sample_rate": sample_rate})
              for which in (row, kept(home, row.seed_runs), "mine")]  # a study stands for its chosen row
    assert list(frames[0]) == ["emotion", *corpus.emotions] and frames[0].equals(frames[1]) and frames[0].equals(frames[2])
    assert frames[0][list(corpus.emotions)].sum(axis=1)[0] == pytest.approx(1, abs=1e-5)


def kept(home: Path, runs: tuple[str, ...]) -> str:
    """The one of these runs whose model was kept."""
    def has_model(run: str) -> bool:
        try:
            return bool(harness.load_model(run, home=home))
        except BenchError as error:
            assert "best_models" in str(error)
            return False
    return next(run for run in runs if has_model(run))


def test_rows_are_compared_and_audited_and_a_report_is_written_again(home: Path) -> None:
    row = harness.leaderboard("mine", home=home)[0].rows[0]
    difference = harness.compare(row, row, home=home).scores["uar"].difference
    assert difference == 0 == harness.compare(*row.seed_runs[:1] * 2, home=home).scores["uar"].difference
    audited = harness.audit("mine", home=home)
    assert len(audited) == 2 and not any(run.failed for run in audited)
    page = home / "reports" / "mine.md"
    before = page.read_bytes()
    page.unlink()
    assert harness.report("mine", home=home) == page.resolve() and page.read_bytes() == before


@pytest.mark.parametrize(("call", "arguments", "words"), [
    ("leaderboard", {"study": "mien"}, "Did you mean 'mine'?"), ("results", {"study": "mien"}, "Did you mean 'mine'?"),
    ("trials", {"study": "mien"}, "Did you mean 'mine'?"), ("report", {"study": "mien"}, "Did you mean 'mine'?"),
    ("audit", {"which": "mien"}, "Did you mean 'mine'?"), ("predictions", {"study": "mine", "part": "tset"}, "Did you mean 'test'?"),
    ("predictions", {"study": "mine", "protocol": "unseen"}, "unseen_speakers_80_20"),
    ("predictions", {"study": "mine", "cell": "mel"}, "plain_1d"), ("predictions", {"study": "mine", "seed": 7}, "All: 0, 1"),
    ("load_model", {"which": "nothing"}, "or run in the store is called"),
    ("compare", {"a": "x", "b": "y"}, "or run in the store is called"),
    ("run", {"study": "cnn3d"}, "Did you mean 'cnn2d'"), ("run", {"study": 3}, "not 3"),
    ("run", {"study": MINE, "settings": {"training.epoch": 1}}, "Did you mean 'training.epochs'")])
def test_a_name_that_is_not_there_is_an_error_with_the_near_names(home: Path, call: str, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=re.escape(words)):
        getattr(harness, call)(**arguments, home=home)


def test_a_home_without_runs_is_an_error_and_stays_empty(tmp_path: Path) -> None:
    for call in (harness.leaderboard, harness.results, harness.trials, harness.predictions, harness.report, harness.load_model):
        with pytest.raises(BenchError, match="there are no runs in"):
            call("mine", home=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_row_of_another_home_says_so(home: Path, tmp_path: Path) -> None:
    row = harness.leaderboard("mine", home=home)[0].rows[0]
    Store(tmp_path).experiment("other")
    with pytest.raises(UsageError, match="give the home of its leaderboard"):
        harness.load_model(row, home=tmp_path)


def failed(trial: Trial, *_: Any, **__: Any) -> Result:
    """A trial that fails at once."""
    return Result(trial, state="failed", reason="on purpose")


def test_a_study_file_keeps_its_name_the_home_comes_from_the_environment_and_a_run_without_finals_is_an_error(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_HOME", str(tmp_path))
    path = ROOT / "tests" / "support" / "tiny_study.py"
    assert harness.load_study(path) == STUDY and isinstance(harness.load_study("cnn2d"), Study)
    with pytest.raises(BenchError, match=r"no cell of tiny_study came to a final: trials\('tiny_study'\) and .*tiny_study.md say why"):
        harness.run(path, settings={"training.epochs": 1}, execution=Execution(in_process=True, objective=failed), quiet=True)
    assert (tmp_path / "reports" / "tiny_study.md").exists()
    frame = harness.trials("tiny_study")
    assert set(frame["state"]) == {"failed"} and set(frame["reason"]) == {"on purpose"} and len(frame) == 4
    rows = harness.results("tiny_study")
    assert rows["seeds"].tolist() == [0, 0] and rows["test_uar"].isna().all() and not rows["chosen"].any()
    assert set(rows["settings"]) == {"--set training.epochs=1"}
    with pytest.raises(BenchError, match="no finals yet"):
        harness.predictions("tiny_study")


def test_a_feature_that_lies_in_no_file_of_its_own_is_refused_where_a_model_would_need_it(tmp_path: Path) -> None:
    own = type("Loud", (Energy,), {"__module__": "__main__"})
    study = dataclasses.replace(MINE, feature_spaces=(FeatureSpace(features=(own(),), join="channels"),))
    with pytest.raises(UsageError, match=r"move it to a file of its own and import it, or set best_models=0"):
        harness.run(study, home=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_importing_harness_loads_nothing_and_every_public_name_is_there() -> None:
    code = "import sys, harness; print([name for name in sys.modules if name.startswith(('harness.', 'registry', 'mlflow', 'pandas'))])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
    assert set(harness.__all__) <= set(dir(harness))
    assert all(callable(getattr(harness, name)) for name in harness.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Stduy'"):
        harness.Stduy  # type: ignore[attr-defined]  # noqa: B018


def test_every_public_function_says_what_it_takes_gives_and_raises() -> None:
    functions = [getattr(harness, name) for name in harness.__all__ if name.islower()]
    assert len(functions) >= 10
    for function in functions:
        assert all(word in function.__doc__ for word in ("Returns:", "Raises:", "Example:")), function.__name__
        assert f"{function.__name__}(" in PAGE, f"docs/python.md does not show {function.__name__}"


@pytest.fixture(scope="module")
def as_on_the_page(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder in which the code of docs/python.md was run, and what it printed."""
    folder = tmp_path_factory.mktemp("page")
    return folder, run_python("\n".join(CODE), folder)


def test_the_code_of_the_page_on_python_runs_as_it_stands(as_on_the_page: tuple[Path, str]) -> None:
    folder, printed = as_on_the_page
    assert (folder / "my_runs" / "reports" / "first.md").exists()
    assert "noisy selection: " in printed
    assert re.search(r"^[+-]\.?\d.*, p = \d", printed, flags=re.MULTILINE)
    assert printed.strip().splitlines()[-2].split() == ["emotion", "ANG", "DIS", "FEA", "HAP", "NEU", "SAD"]


def test_the_notebook_runs_the_same_study_and_is_kept_without_outputs(as_on_the_page: tuple[Path, str], tmp_path: Path,
                                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert cells[0].source == CODE[0].strip()  # so that nothing has to be trained again here
    assert all(cell.outputs == [] and cell.execution_count is None for cell in cells)
    for variable in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    folder = as_on_the_page[0]
    nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute()
    shown = [output for cell in cells for output in cell.outputs if output.output_type == "execute_result"]
    assert len(shown) == len(cells) - 1
    assert "text/html" in shown[0].data and "emotion" in shown[-1].data["text/plain"]
