"""`bench run` refuses what is wrong before it writes anything; `bench cache` lists and deletes features."""

from __future__ import annotations

from pathlib import Path

import pytest
from calls import TINY, bench, study_file
from failing_study import FAILING

from harness.data.corpora import Workspace
from harness.data.features import features


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
    (("--study", TINY, "--split", "speaker_folds[2]"), "not of the form NAME or NAME[field=value"),
    (("--study", TINY, "--split", "speaker_folds[fold=2"), "not of the form NAME or NAME[field=value"),
    (("--study", TINY, "--corpus", "crema_d", "--cell", "typo", "--dry-run"), "no cell 'typo'")])
def test_a_wrong_call_ends_with_code_2_says_what_is_meant_and_writes_nothing(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    outcome = bench("run", *arguments, "--home", tmp_path / "home")
    assert outcome.code == 2 and said in outcome.err and outcome.out == ""
    assert "Traceback" not in outcome.err and not (tmp_path / "home").exists()


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


@pytest.mark.slow
def test_a_run_of_which_no_cell_has_a_final_fails_and_names_them_although_others_have_some(tmp_path: Path) -> None:
    file = study_file(tmp_path, "architectures=(Plain1D(filters=(4,), dense=()), Raises()), splits=STUDY.splits[1:], seeds=(0,), trials=1",
                      preamble=FAILING)
    space = "zcr+energy duration_s=1.0"
    good = bench("run", "--study", file, "--home", tmp_path, "--cell", f"{space} × plain_1d[filters=(4,), dense=()]")
    assert good.code == 0 and "without a final" not in good.out, good.err
    bad = bench("run", "--study", file, "--home", tmp_path, "--cell", f"{space} × raises")
    assert bad.code == 1 and f"without a final: {space} × raises on unseen_speakers_80_20\n" in bad.out, bad.err


def test_cache_lists_what_a_run_left_and_clear_frees_it(tmp_path: Path) -> None:
    from tiny_study import STUDY


    features(STUDY.corpus.load(), STUDY.feature_spaces[0], Workspace(home=tmp_path).cache, workers=1)
    listed = bench("cache", "--home", tmp_path)
    assert listed.code == 0 and "zcr+energy duration_s=1.0" in listed.out and "48 × 32 × 2" in listed.out and "1 entries" in listed.out
    cleared = bench("cache", "--clear", "--home", tmp_path)
    assert cleared.code == 0 and cleared.out.startswith("freed ")
    assert "0 entries" in bench("cache", "--home", tmp_path).out
