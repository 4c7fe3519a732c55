"""Documents: what README, CONTRIBUTING and the help tell people to type is what works."""

from __future__ import annotations

import argparse
import re
import runpy
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import soundfile
from calls import run_python
from packaging.specifiers import SpecifierSet
from PIL import Image

from harness.cli.entry import main, parser
from registry.corpora.synthetic import EMOTIONS, Synthetic

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md"))}
SUBCOMMANDS = next(action.choices for action in parser()._actions if isinstance(action, argparse._SubParsersAction))
ONE_MACHINE = re.compile(r"(?<![\w.~])/(?:root|home|Users|work|mnt)/\w")
REGISTRY_HOST = re.compile(r"\bpypi\.(?:org|io)\b|\bpythonhosted\b|\bconda\.anaconda\b|--(?:extra-)?index-url")


def commands(text: str) -> list[str]:
    """Every `bench …` of a Markdown text: code spans and indented lines, without comments and variables before them."""
    spans = re.findall(r"`(bench [^`\n]+)`", text)
    lines = re.findall(r"^ {4}.*?(?<![\w./-])(bench [^#\n]+)", text, flags=re.MULTILINE)
    return [command.strip() for command in (*spans, *lines)]


def examples(help_text: str) -> list[str]:
    """The commands below `examples:`, up to an empty line, without the words beside them."""
    lines = help_text.partition("examples:\n")[2].partition("\n\n")[0].splitlines()
    return [re.split(r" {2,}", line.strip())[0] for line in lines if line.strip()]


def parse(command: str) -> argparse.Namespace:
    words = shlex.split(command)
    assert words[0] == "bench"
    return parser().parse_args(words[1:])


def sections() -> dict[str, str]:
    """File of each example in CONTRIBUTING -> its code."""
    found = re.findall(r"^## [^\n]*`([^`\n]+\.py)`\n.*?^```python\n(.*?)^```", CONTRIBUTING, flags=re.MULTILINE | re.DOTALL)
    return dict(found)


def bare(command: str) -> bool:
    """Whether a command is only named, as in "listed by `bench check`", or shows its help."""
    return len(command.split()) == 2 or command.endswith(" --help")


def test_every_command_in_the_readme_parses() -> None:
    found = commands(README)
    assert len(found) >= 5
    for command in found:
        assert command.split()[1] in SUBCOMMANDS, command
        if not bare(command):
            assert callable(parse(command).command), command


def test_every_command_in_the_docs_parses_and_every_test_they_name_is_there() -> None:
    found = [command for text in PAGES.values() for command in commands(text) if "…" not in command]
    assert len(found) >= 50
    assert all(bare(command) or callable(parse(command).command) for command in found)
    tests = {name for path in (ROOT / "tests").rglob("test_*.py") for name in re.findall(r"^def (test_\w+)\(", path.read_text(), re.M)}
    named = set(re.findall(r"\b(test_\w+)`", "\n".join(text for page, text in PAGES.items() if page != "record.md")))  # it has fields
    assert len(named) > 40 and named - tests == set()


def test_every_subcommand_has_an_example_on_the_page_of_commands() -> None:
    shown = {command.split()[1] for command in commands(PAGES["commands.md"]) if not bare(command)}
    assert set(SUBCOMMANDS) - shown == set()


def test_the_readme_is_short_and_leads_to_the_pages() -> None:
    assert len(README.split()) <= 900
    assert len(set(re.findall(r"\(docs/(\w[\w-]*\.md)\)", README))) >= 15


def test_the_figures_of_the_readmes_leaderboard_are_those_of_the_reports_that_it_links() -> None:
    rows = re.findall(r"^\| [^|]+ \| (\.\d+ \[[^|]+) \| (\.\d+ \[[^|]+) \| \[\w+\]\(([^)]+)\) \|$", README, flags=re.MULTILINE)
    assert len(rows) >= 6
    for *figures, page in rows:
        text = re.sub(r"\b0(?=\.\d)| ± [\d.]+", "", (ROOT / page).read_text(encoding="utf-8"))
        assert [figure for figure in figures if figure not in text] == [], page


def test_the_readmes_picture_was_drawn_from_its_table() -> None:
    drawing = runpy.run_path(str(ROOT / "docs" / "pictures" / "leaderboard.py"))
    with Image.open(drawing["PICTURE"]) as picture:
        assert picture.info["Description"] == repr(drawing["rows"]()), "the table changed: run python docs/pictures/leaderboard.py"


def test_the_main_help_shows_commands_that_parse() -> None:
    found = examples(parser().format_help())
    assert len(found) >= 3
    assert all(callable(parse(command).command) for command in found)


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_each_subcommands_help_shows_an_example_of_itself_that_parses(name: str) -> None:
    found = examples(SUBCOMMANDS[name].format_help())
    assert found
    assert {command.split()[1] for command in found} == {name}
    assert all(callable(parse(command).command) for command in found)


def test_the_readme_begins_with_the_two_make_commands() -> None:
    assert re.findall(r"^ {4}(make \w+)", README, flags=re.MULTILINE)[:2] == ["make demo", "make test"]
    targets = set(re.findall(r"^([\w-]+):(?!=)", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    mentioned = set(re.findall(r"\bmake (demo|test|lint|types|docs|benchmark|clean)\b", "\n".join((README, CONTRIBUTING, *PAGES.values()))))
    assert {"demo", "test", "lint", "docs", "benchmark"} <= mentioned <= targets


def python_of(version: tuple[int, int], folder: Path) -> Path:
    """An interpreter that takes itself for another version, as what `make` and `.ci/run` ask it goes."""
    path = folder / f"python{version[0]}.{version[1]}"
    path.write_text(f'#!/bin/sh\ncase "$1" in --version) echo Python {version[0]}.{version[1]}.0;;\n'
                    f'*) exec {sys.executable} -c "import sys; sys.version_info = {(*version, 0)}; $2";; esac\n', encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("version", [(3, 10), (3, 14)])
def test_a_python_that_tensorflow_has_no_wheels_for_is_refused_by_make_and_ci_before_anything_is_installed(
        version: tuple[int, int], tmp_path: Path) -> None:
    python, number = python_of(version, tmp_path), ".".join(map(str, version))
    for file in ("pyproject.toml", "constraints.txt"):
        (tmp_path / file).touch()
    made = subprocess.run(["make", "-f", ROOT / "Makefile", "demo", f"PYTHON={python}"], cwd=tmp_path, capture_output=True, text=True)
    assert made.returncode == 2 and not (tmp_path / ".venv").exists()
    assert f"bench needs Python 3.11, 3.12 or 3.13 (TensorFlow has no wheels for 3.14), and {python} is Python {number}.0" in made.stdout
    for tool in ("bash", "dirname"):
        (tmp_path / tool).symlink_to(shutil.which(tool) or "")
    checked = subprocess.run([ROOT / ".ci" / "run"], env={"PATH": str(tmp_path), "PYTHON": str(python)}, capture_output=True, text=True)
    assert (checked.returncode, "found no Python 3.11, 3.12 or 3.13 (TensorFlow" in checked.stderr) == (1, True)


def test_pip_refuses_the_same_pythons() -> None:
    allowed = SpecifierSet(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"])
    assert [minor for minor in range(8, 18) if f"3.{minor}.1" in allowed] == [11, 12, 13]


def test_contributing_has_an_example_of_each_kind() -> None:
    folders = sorted(str(Path(file).parent) for file in sections())
    assert folders == ["experiments", "registry/architectures", "registry/augmentations", "registry/corpora",
                       "registry/feature_spaces", "registry/splits"]


@pytest.mark.parametrize("file", [file for file in sections() if file.startswith("registry/")])
def test_contributings_components_keep_their_contracts(file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = tmp_path / Path(file).name
    written.write_text(sections()[file], encoding="utf-8")
    record_lab(tmp_path)
    kind = Path(file).parent.name.replace("_", "-")
    assert main(["check", str(written), "--kind", kind, "--data", str(tmp_path)]) == 0
    assert f"keeps every contract of {kind}" in capsys.readouterr().out


def record_lab(folder: Path) -> None:
    """Half a second of noise of two speakers in the layout of CONTRIBUTING's corpus."""
    rng = np.random.default_rng(0)
    for speaker in ("anna", "bert"):
        (folder / "lab" / speaker).mkdir(parents=True)
        for emotion in ("ANG", "HAP", "NEU", "SAD"):
            soundfile.write(folder / "lab" / speaker / f"kids_{emotion}.wav", rng.normal(0, 0.1, 8_000), 16_000)


def test_contributings_study_plans_its_cells(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = tmp_path / "octaves.py"
    study.write_text(sections()["experiments/octaves.py"], encoding="utf-8")
    assert main(["run", "--study", str(study), "--corpus", "synthetic", "--dry-run"]) == 0
    shown = capsys.readouterr().out
    assert "2 cells × 8 trials + 6 finals = 22 trainings" in shown
    assert "under random_80_20, unseen_speakers_80_20" in shown and shown.count("rms.hop_length, training.learning_rate") == 1


@pytest.mark.slow
@pytest.mark.usefixtures("no_cost")
def test_a_saved_model_predicts_a_waveform_as_the_page_on_models_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = Synthetic().load().clips[0]
    soundfile.write(tmp_path / "clip.wav", *Synthetic().read_clip(clip))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    cell = "mel[n_mels=24] duration_s=3.5 × plain_1d[filters=(24, 32, 48)]"
    assert main(["run", "--study", "quickstart", "--corpus", "synthetic", "--split", "random_80_20", "--trials", "1", "--seeds", "0",
                 "--cell", cell, "--set", "training.epochs=1", "--quiet", "--in-process", "--home", str(tmp_path)]) == 0
    code = re.findall(r"^```python\n(.*?)^```", PAGES["models.md"], flags=re.MULTILINE | re.DOTALL)[0]
    *shown, heading, row = run_python(code, tmp_path).strip().splitlines()
    assert "test_uar" in shown[0] and shown[1].endswith("True")  # the only row is the one that is chosen
    assert heading.split() == ["emotion", *EMOTIONS]
    _, emotion, *probabilities = row.split()
    assert sum(map(float, probabilities)) == pytest.approx(1, abs=1e-4)
    assert emotion == EMOTIONS[int(np.argmax([float(p) for p in probabilities]))]


def test_no_file_names_a_path_of_one_machine_or_a_registrys_host() -> None:
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True,
                            check=True).stdout.splitlines()
    assert len(listed) > 80
    texts = {name: (ROOT / name).read_text(encoding="utf-8", errors="ignore") for name in listed if (ROOT / name).is_file()}
    assert [name for name, text in texts.items() if ONE_MACHINE.search(text)] == []
    assert [name for name, text in texts.items() if REGISTRY_HOST.search(text)] == []


def test_the_patterns_find_what_they_look_for() -> None:
    assert ONE_MACHINE.search("data in /" + "home/anna") and not ONE_MACHINE.search("https://example.org/" + "home/anna")
    assert REGISTRY_HOST.search("from pypi" + ".org") and not REGISTRY_HOST.search("a copy of it")


def test_constraints_hold_names_and_exact_versions_only() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert len(lines) > 80
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line)] == []
    pinned = {line.partition("==")[0].lower().replace("_", "-") for line in lines}
    declared = re.findall(r'"([A-Za-z0-9._-]+)(?:\[[\w-]+\])?>=', (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    optional = {"jax", "torch", "transformers", "setuptools"}
    assert {name.lower().replace("_", "-") for name in declared} - optional - pinned == set()
