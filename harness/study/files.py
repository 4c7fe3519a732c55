"""Studies by name or path: a study is one Python file with a `STUDY` in it."""

from __future__ import annotations

import ast
import dataclasses
import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.study.definition import Study, specification_text
from registry.core import describe, field_types, get, label_of, load_file, short_label
from registry.errors import UsageError, require, unknown


def shipped() -> dict[str, Path]:
    """The studies that come with the package, in subfolders too: name -> file, sorted."""
    spec = importlib.util.find_spec("experiments")
    folders = list(spec.submodule_search_locations or []) if spec else []
    return {path.stem: path for folder in folders for path in sorted(Path(folder).rglob("*.py")) if not path.stem.startswith("_")}


def list_studies() -> list[tuple[str, str]]:
    """Names and first docstring lines of the shipped studies, without importing them."""
    return [(name, describe(path)) for name, path in shipped().items()]


def study_path(name: str) -> Path:
    """The file of a study given by name or by path. Raises BenchError with the near names."""
    if name.endswith(".py"):
        require(Path(name).is_file(), f"there is no study file {name}")
        return Path(name)
    if name not in shipped():
        raise unknown("study", name, shipped())
    return shipped()[name]


@dataclass(frozen=True)
class StudyFile:
    """A study with its name, question and source; read once and passed on.

    Args:
        name: of its MLflow experiment and its report. question: first line of its docstring.
        source: its name or file, as a command line that repeats it must give it.
    """

    name: str
    question: str
    source: str
    study: Study


def load(source: str) -> StudyFile:
    """The study in a file, given by name or by path. Raises BenchError when the file is wrong."""
    path = study_path(source)
    study = getattr(load_file(path), "STUDY", None)
    if not isinstance(study, Study):
        raise UsageError(f"{path} defines no STUDY = Study(…)")
    return StudyFile(path.stem, describe(path), source, study)


def load_study(source: str | Path) -> Study:
    """A study that is shipped, by name, or one in a file, by path; `dataclasses.replace` gives one with other fields.

    Returns: the `STUDY` of the file.
    Raises: UsageError with the near names when there is none.
    Example: `replace(load_study("quickstart"), corpus=Synthetic(), trials=1)`.
    """
    return load(str(source)).study


def as_study_file(study: Study | str | Path, name: str, question: str) -> StudyFile:
    """What a script or a notebook runs; a Study that lies in no file is named as if it did, since reports say how to repeat it.

    Raises: UsageError for anything else, and for a feature that lies in no file.
    """
    if isinstance(study, Study):
        _require_files_of_features(study)
        name = name or "mine"
        return StudyFile(name, question, f"{name}.py", study)
    require(isinstance(study, str | Path), f"run takes a Study, or the name or path of one, not {study!r}")
    file = load(str(study))
    return dataclasses.replace(file, name=name or file.name, question=question or file.question)


def _require_files_of_features(study: Study) -> None:
    """Raises: UsageError for a feature that a saved model could not take along, since it lies in no file that can be read alone."""
    features = {type(feature) for row in study.rows for feature in row.feature_space.features}
    own = sorted(label_of(feature) for feature in features if feature.__module__ == "__main__")
    require(not own or not (study.best_models or study.measure_cost),
            f"a saved model takes the file of each feature along, and {' and '.join(own)} is defined in a notebook or in the program that "
            "was started: move it to a file of its own and import it, or set best_models=0 and measure_cost=False")


def chosen_study(name: str, corpus: str | None = None, splits: list[str] | None = None, trials: int | None = None,
                 seeds: list[int] | None = None) -> StudyFile:
    """A study with the changes of the command line; a label means a component of the study first, then a registered one."""
    file = load(name)
    study = file.study
    own = {short_label(split): split for split in study.protocols}
    chosen = tuple(own[text] if text in own else parse_component("splits", text) for text in splits or ())
    changes: dict[str, Any] = {"trials": trials, "seeds": tuple(seeds) if seeds else None}
    if corpus and corpus not in (short_label(study.corpus), label_of(type(study.corpus))):
        changes["corpus"] = parse_component("corpora", corpus)
    if chosen and study.recipes:
        replaced = (dataclasses.replace(recipe, splits=chosen) for recipe in study.recipes)
        changes["recipes"] = tuple({specification_text(recipe): recipe for recipe in replaced}.values())
    elif chosen:
        changes["splits"] = chosen
    changed = dataclasses.replace(study, **{key: value for key, value in changes.items() if value is not None})
    return dataclasses.replace(file, study=changed)


def parse_component(kind: str, text: str) -> Any:
    """A component from `name` or `name[field=value, …]`, as reports write it. Raises UsageError for anything else.

    >>> parse_component("splits", "speaker_folds[fold=2]").fold
    2
    >>> parse_component("corpora", "folder[name=2024]").name
    '2024'
    >>> parse_component("splits", "known_speakers[protocol=random_70_30[seed=1], enrolment=5]").protocol
    Random7030(seed=1)
    """
    match = re.fullmatch(r"([^\[\]]+)(?:\[(.+)\])?", text)
    pairs = [field.partition("=") for field in _fields(match[2])] if match and match[2] else []
    if not match or not all(key.strip() and equals and value.strip() for key, equals, value in pairs):
        raise UsageError(f"{text!r} is not of the form NAME or NAME[field=value, …], such as 'speaker_folds[fold=2]'")
    component = get(kind, match[1])
    return component(**{key.strip(): _field_value(kind, component, key.strip(), value.strip()) for key, _, value in pairs})


def _fields(text: str) -> list[str]:
    """The texts `field=value` between commas; a comma inside a tuple or another component separates none."""
    commas = [match for match in re.finditer(r",\s*(?=\w+\s*=)", text)
              if sum(text.count(sign, 0, match.start()) for sign in "[(") == sum(text.count(sign, 0, match.start()) for sign in "])")]
    starts, ends = [0, *(comma.end() for comma in commas)], [*(comma.start() for comma in commas), len(text)]
    return [text[start:end] for start, end in zip(starts, ends, strict=True)]


def _field_value(kind: str, component: type[Any], key: str, text: str) -> Any:
    """The value of a field; of one that takes texts, a number is the text that it was, as in `folder[csv=1]`.

    Of one that holds a component of the same kind, it is that component.
    """
    if dataclasses.is_dataclass(getattr(component, key, None)):  # its default
        return parse_component(kind, text)
    value = parse_value(text)
    of_text = dataclasses.is_dataclass(component) and field_types(component).get(key) in (str, str | None)
    return text if of_text and value is not None and not isinstance(value, str) else value


def parse_value(text: str) -> Any:
    """The Python value of a literal; any other text as it is."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):  # the last two: nested beyond what Python parses
        return text
