"""Commands say what they do, end with the code that fits, and never show a user a traceback."""

from __future__ import annotations

import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest
import soundfile
from calls import SOON_S, TINY, Ran, bench, eventually, free_port, start, study_file
from failing_study import FAILING

from harness.study.files import chosen_study, component, shipped
from registry.architectures.plain_1d import Plain1D
from registry.core import KINDS, names, short_label
from registry.corpora.synthetic import Synthetic

COMMANDS = ("list", "show", "run", "report", "compare", "ui", "data", "check", "audit", "leakage", "cache")


@pytest.mark.parametrize(("arguments", "said"), [
    (("--study", "nope"), "no study is called 'nope'"),
    (("--study", "cnn3d"), "Did you mean 'cnn"),
    (("--study", "nope.py"), "no study file nope.py"),
    (("--study", TINY, "--corpus", "nope"), "no corpus is called 'nope'"),
    (("--study", TINY, "--corpus", "sinthetic"), "Did you mean 'synthetic'"),
    (("--study", TINY, "--split", "random_8020"), "Did you mean 'random_80_20'"),
    (("--study", TINY, "--set", "training.epoch=3"), "Did you mean 'training.epochs'"),
    (("--study", TINY, "--set", "training.epochs=many"), "epochs must be int, not 'many'"),
    (("--study", TINY, "--set", "nonsense"), "SETTING=VALUE"),
    (("--study", TINY, "--trials", "-1"), "trials must be 0 or more"),
    (("--study", TINY, "--cell", "mel × nothing"), "no cell 'mel × nothing'"),
    (("--study", TINY, "--split", "speaker_folds[2]"), "not written as NAME or NAME[field=value"),
    (("--study", TINY, "--split", "speaker_folds[fold=2"), "not written as NAME or NAME[field=value"),
    (("--study", TINY, "--corpus", "crema_d", "--cell", "typo", "--dry-run"), "no cell 'typo'")])
def test_a_wrong_call_ends_with_code_2_says_what_is_meant_and_writes_nothing(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    outcome = bench("run", *arguments, "--home", tmp_path / "home")
    assert outcome.code == 2 and said in outcome.err and outcome.out == ""
    assert "Traceback" not in outcome.err and not (tmp_path / "home").exists()


@pytest.mark.parametrize("arguments", [(), ("run",), ("nope",), ("list", "nope"), ("run", "--study", "quickstart", "--trials", "many"),
                                       ("run", "--study", "quickstart", "--workers", "-7"),
                                       ("run", "--study", "quickstart", "--trial-timeout", "soon"),
                                       ("run", "--study", "quickstart", "--scheduler", "tcp://nowhere"),
                                       ("check", "synthetic", "--feature-workers", "-7"),
                                       ("show", "quickstart", "--feature-workers", "two")])
def test_a_call_that_the_parser_refuses_ends_with_code_2_and_the_usage(arguments: tuple[str, ...]) -> None:
    outcome = bench(*arguments)
    assert outcome.code == 2 and outcome.err.startswith("usage: bench")


def test_a_data_folder_without_the_corpus_ends_with_code_1_and_says_what_was_looked_for(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    outcome = bench("run", "--study", TINY, "--corpus", "crema_d", "--data", tmp_path / "data", "--home", tmp_path / "home")
    assert outcome.code == 1 and "CREMA-D" in outcome.err and str(tmp_path / "data") in outcome.err
    assert "Traceback" not in outcome.err and not (tmp_path / "home").exists()


@pytest.mark.parametrize(("text", "said"), [("STUDY = Study(", "SyntaxError"), ("import nowhere_to_be_found", "ModuleNotFoundError"),
                                            ("STUDY = 3", "defines no STUDY"), ("", "defines no STUDY"),
                                            ("from harness.study import Study\nSTUDY = Study(trails=2)", "Did you mean 'trials'"),
                                            ("STUDY = Stduy()", "NameError: name 'Stduy'")])
def test_a_study_file_that_is_wrong_is_named_with_the_reason(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "broken.py").write_text(text)
    outcome = bench("run", "--study", tmp_path / "broken.py", "--home", tmp_path / "home")
    assert outcome.code == 2 and "broken.py" in outcome.err and said in outcome.err
    assert "Traceback" not in outcome.err and not (tmp_path / "home").exists()


def test_a_typo_in_a_search_key_is_found_before_anything_is_written(tmp_path: Path) -> None:
    file = study_file(tmp_path, "search={'training.learning_rte': FloatDistribution(0.1, 1.0)}")
    outcome = bench("run", "--study", file, "--home", tmp_path / "home")
    assert outcome.code == 2 and "Did you mean 'training.learning_rate'" in outcome.err and not (tmp_path / "home").exists()


def test_debug_shows_where_a_fault_lies() -> None:
    with pytest.raises(Exception, match="no study is called 'nope'"):
        bench("run", "--study", "nope", "--debug")


def test_no_library_and_no_traceback_stands_between_a_user_and_the_message() -> None:
    program = "import sys; from harness.cli import main; code = main(['run', '--study', 'nope']); " \
              "print(sorted({'keras', 'tensorflow', 'mlflow', 'librosa', 'optuna'} & set(sys.modules))); sys.exit(code)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=SOON_S, check=False)
    assert done.returncode == 2 and done.stderr.startswith("bench: no study is called 'nope'") and done.stderr.count("\n") == 1
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_has_an_example_that_begins_with_it(command: str) -> None:
    outcome = bench(command, "--help")
    assert outcome.code == 0 and f"examples:\n  bench {command}" in outcome.out


def test_the_help_lists_every_command() -> None:
    outcome = bench("--help")
    assert outcome.code == 0 and all(f"\n    {command} " in outcome.out for command in COMMANDS)


def test_list_names_every_component_and_study_with_a_line_on_each() -> None:
    outcome = bench("list")
    assert outcome.code == 0 and all(name in outcome.out for kind in KINDS for name in names(kind))
    assert all(name in outcome.out for name in shipped())
    only = bench("list", "splits").out
    assert "unseen_sentences" in only and "plain_1d" not in only
    assert bench("list", "feature_spaces").out == bench("list", "feature-spaces").out != only


@pytest.mark.parametrize("kind", list(KINDS))
def test_show_gives_the_fields_and_the_documentation_of_every_component(kind: str) -> None:
    for name in names(kind):
        outcome = bench("show", name)
        assert outcome.code == 0 and outcome.out.startswith(f"{name} ({KINDS[kind]})"), outcome.err
    assert "n_mels" in bench("show", "mel").out and "default" in bench("show", "mel").out


def test_show_of_a_name_that_stands_for_nothing_gives_the_near_ones() -> None:
    outcome = bench("show", "mell")
    assert outcome.code == 2 and "Did you mean 'mel'" in outcome.err


def test_show_and_dry_run_give_the_cells_and_the_cost_of_a_study_and_write_nothing(tmp_path: Path) -> None:
    shown = bench("show", TINY)
    dry = bench("run", "--study", TINY, "--dry-run", "--home", tmp_path / "home", "--trials", 5, "--set", "training.epochs=10")
    assert shown.code == dry.code == 0
    assert "2 cells × 2 trials + 4 finals = 8 trainings, at most 16 epochs" in shown.out
    assert "2 cells × 5 trials + 4 finals = 14 trainings, at most 140 epochs" in dry.out
    assert "declined: " in dry.out and "use join='image'" in dry.out
    assert not (tmp_path / "home").exists()


def test_show_of_a_file_gives_the_study_in_it_or_the_component_or_says_that_it_has_neither(tmp_path: Path) -> None:
    component = tmp_path / "peak.py"
    component.write_text('"""Peaks."""\nfrom registry.core import register\n@register("peak")\nclass Peak:\n'
                         '    """Largest magnitude."""\n    hop_length: int = 512\n')
    shown = bench("show", component)
    assert shown.code == 0 and shown.out.startswith(f"peak ({component}): Peaks.") and "hop_length" in shown.out and "512" in shown.out
    assert "2 cells × 2 trials" in bench("show", study_file(tmp_path, "seeds=(0,)")).out
    (tmp_path / "neither.py").write_text("x = 1")
    neither = bench("show", tmp_path / "neither.py")
    assert neither.code == 2 and "neither a STUDY = Study(…) nor a class that is decorated with @register('neither')" in neither.err


@pytest.mark.parametrize("command", [("show", "cnn2d"), ("run", "--study", "cnn2d", "--dry-run")])
def test_a_dry_run_refuses_what_the_run_would_refuse_of_a_corpus(tmp_path: Path, command: tuple[str, ...]) -> None:
    absent = bench(*command, "--data", tmp_path / "nowhere")
    assert absent.code == 1 and "which is not a folder" in absent.err and absent.out == ""
    clips = tmp_path / "CREMA-D" / "AudioWAV"
    clips.mkdir(parents=True)
    for sentence in ("DFA", "TIE"):
        soundfile.write(clips / f"1001_{sentence}_ANG_XX.wav", np.zeros(1600), 16_000)
    table = tmp_path / "CREMA-D" / "VideoDemographics.csv"
    table.write_text("ActorID,Age\n1001,51\n")
    damaged = bench(*command, "--data", tmp_path)
    assert damaged.code == 1 and f"{table} can't be read as a table" in damaged.err and damaged.out == ""
    table.unlink()
    broken = bench(*command, "--data", tmp_path)
    assert broken.code == 1 and "crema_d is broken" in broken.err and "--allow-missing" in broken.err
    allowed = bench(*command, "--data", tmp_path, "--allow-missing")
    assert allowed.code == 1 and "every cell of the study is declined" in allowed.err and allowed.out == ""


def test_a_dry_run_of_cells_that_are_all_declined_fails_with_the_reasons(tmp_path: Path) -> None:
    outcome = bench("run", "--study", study_file(tmp_path, "architectures=STUDY.architectures[1:]"), "--dry-run")
    assert outcome.code == 1 and "every cell of the study is declined" in outcome.err and "use join='image'" in outcome.err


def test_labels_of_the_study_s_own_corpus_and_splits_choose_these(tmp_path: Path) -> None:
    (tmp_path / "halves.py").write_text("from registry.core import register\n@register('halves')\nclass Halves:\n    share: float = 0.5\n")
    file = study_file(tmp_path, f"splits=(*STUDY.splits, get('splits', {str(tmp_path / 'halves.py')!r})(share=0.4), SpeakerFolds(fold=3))",
                      preamble="from registry.core import get\nfrom registry.splits.speaker_folds import SpeakerFolds")
    labels = ["halves[share=0.4]", "speaker_folds[fold=3]", "speaker_folds[fold=2]"]
    for corpus in ("synthetic", "synthetic[n_speakers=4, n_sentences=2]"):
        chosen = chosen_study(str(file), corpus=corpus, splits=labels).study
        assert chosen.corpus == Synthetic(n_speakers=4, n_sentences=2) and [short_label(split) for split in chosen.splits] == labels
    assert chosen_study(str(file), corpus="synthetic[n_speakers=6]").study.corpus == Synthetic(n_speakers=6)


def test_a_comma_inside_a_tuple_parts_no_fields() -> None:
    assert component("architectures", "plain_1d[filters=(4, 8), dense=()]") == Plain1D(filters=(4, 8), dense=())


def test_every_shipped_study_can_be_shown_without_its_corpus() -> None:
    for name in shipped():
        outcome = bench("show", name)
        assert outcome.code == 0 and "trainings, at most" in outcome.out, outcome.err


def test_check_of_the_synthetic_corpus_finds_nothing_that_a_run_refuses() -> None:
    outcome = bench("check", "synthetic")
    assert outcome.code == 0 and "synthetic: 432 clips: synthetic" in outcome.out and "a run takes it as it is" in outcome.out


def test_check_of_a_component_of_one_s_own_wants_its_kind_and_names_the_rule_it_breaks(tmp_path: Path) -> None:
    good = '"""Peak of each clip."""\nimport numpy as np\nfrom registry.core import register\n\n@register("peak")\nclass Peak:\n' \
           '    """Largest magnitude."""\n    version = 1\n    def __call__(self, waveform, sample_rate):\n        return {}\n'
    (tmp_path / "peak.py").write_text(good.format("np.full((1, 1), abs(waveform).max() * np.nan, dtype=np.float32)"))
    assert bench("check", tmp_path / "peak.py").code == 2
    outcome = bench("check", tmp_path / "peak.py", "--kind", "feature-spaces")
    assert outcome.code == 1 and "peak breaks the rule" in outcome.err
    assert bench("check", tmp_path / "peak.py", "--kind", "feature_spaces").err == outcome.err


def test_cache_lists_what_a_run_left_and_clear_frees_it(tmp_path: Path) -> None:
    from tiny_study import STUDY

    from harness.data.corpora import Workspace
    from harness.data.features import features

    features(STUDY.corpus.load(), STUDY.feature_spaces[0], Workspace(home=tmp_path).cache, workers=1)
    listed = bench("cache", "--home", tmp_path)
    assert listed.code == 0 and "zcr+energy duration_s=1.0" in listed.out and "48 × 32 × 2" in listed.out and "1 entries" in listed.out
    cleared = bench("cache", "--clear", "--home", tmp_path)
    assert cleared.code == 0 and cleared.out.startswith("freed ")
    assert "0 entries" in bench("cache", "--home", tmp_path).out


def test_report_shows_the_leaderboard_and_where_it_was_written(ran: Ran) -> None:
    outcome = bench("report", "--home", ran.home, "--study", "tiny_study")
    assert outcome.code == 0 and "random_80_20: Chosen by validation UAR" in outcome.out and "shared" in outcome.out
    assert f"Report: {ran.home / 'reports' / 'tiny_study.md'}" in outcome.out and f"bench ui --home {ran.home}" in outcome.out


def test_report_where_nothing_was_run_says_so(tmp_path: Path) -> None:
    outcome = bench("report", "--home", tmp_path)
    assert outcome.code == 1 and "no runs" in outcome.err and "run a study first" in outcome.err
    assert bench("report", "--home", tmp_path, "--study", "cnn2d").code == 1 and list(tmp_path.iterdir()) == []


def test_report_of_a_study_without_runs_gives_the_near_names(ran: Ran) -> None:
    outcome = bench("report", "--home", ran.home, "--study", "tiny_studdy")
    assert outcome.code == 2 and "no study with runs is called 'tiny_studdy'. Did you mean 'tiny_study'" in outcome.err


@pytest.mark.slow
def test_a_run_of_which_no_cell_has_a_final_fails_and_names_them_although_others_have_some(tmp_path: Path) -> None:
    file = study_file(tmp_path, "architectures=(Plain1D(filters=(4,), dense=()), Raises()), splits=STUDY.splits[1:], seeds=(0,), trials=1",
                      preamble=FAILING)
    space = "zcr+energy duration_s=1.0"
    good = bench("run", "--study", file, "--home", tmp_path, "--cell", f"{space} × plain_1d[filters=(4,), dense=()]")
    assert good.code == 0 and "without a final" not in good.out, good.err
    bad = bench("run", "--study", file, "--home", tmp_path, "--cell", f"{space} × raises")
    assert bad.code == 1 and f"without a final: {space} × raises on unseen_speakers_80_20\n" in bad.out, bad.err


@pytest.mark.slow
def test_a_terminated_run_ends_like_one_that_ctrl_c_stops(tmp_path: Path) -> None:
    process = start("run", "--study", TINY, "--home", tmp_path, "--set", "training.epochs=500", "--set", "training.early_stopping=None")
    try:
        assert process.stderr and any("to do" in line for line in process.stderr)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=SOON_S)
        assert process.returncode == 130 and "stopped; everything finished is kept" in err and "Traceback" not in err
    finally:
        process.kill()
        process.communicate(timeout=SOON_S)


def test_ui_answers_over_the_home_s_store_and_stops_on_ctrl_c(ran: Ran) -> None:
    port = free_port()
    process = start("ui", "--home", ran.home, "--port", port)

    def answers() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                return answer.status == 200 and b"MLflow" in answer.read()
        except (urllib.error.URLError, OSError):
            return False

    def gone() -> bool:
        return not answers()

    try:
        eventually(answers)
        taken = bench("ui", "--home", ran.home, "--port", port)
        assert taken.code == 1 and f"port {port} can't be used" in taken.err
        process.send_signal(signal.SIGINT)
        assert process.wait(SOON_S) == 0
        assert gone()
    finally:
        process.kill()
        process.communicate(timeout=SOON_S)


def test_an_mlflow_that_goes_away_is_no_fault_of_bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlflow.exceptions import MlflowException

    def away(*_: object) -> int:
        raise MlflowException("the line to http://anna:S3cr-et@h:5000 broke")

    monkeypatch.setattr("harness.cli.run.sync_command", away)
    outcome = bench("sync", "--home", tmp_path)
    assert outcome.code == 1 and "MLflow refuses, or went away: the line to http://***@h:5000 broke" in outcome.err
    assert "the same command continues" in outcome.err and "fault of bench" not in outcome.err
