"""What MLflow holds of a run, typed: every tag of `bench` is written and read here, and nowhere else."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from harness.tracking.environment import environment_tags
from registry.errors import BenchError

if TYPE_CHECKING:
    from mlflow.entities import Run

    from harness.training.result import Result

PREFIX = "bench."  # of every tag in the store
COMPARED = "compared."  # of a tag that `bench leakage` puts on a final, before the id of the comparison


@dataclass(frozen=True, kw_only=True)
class RunTags:
    """What a run says of itself beside its figures; a field that is empty, 0 or None is no tag.

    Args:
        recipe, feature_space, architecture, augmentation, split: labels of its cell's components; cell: the cell's key.
        signature: of its trial; signatures: of the seeds of a final. corpus: its name; corpus_label: the corpus with its fields.
        coverage: how much of the corpus was there, as `Corpus.coverage` says it. shares_speakers: between training and test.
        settings: what the command line fixed, as it is written there. allow_missing: that flag, where it was given.
        epochs: at most. backend: of Keras. clips, speakers: part -> how many. training_classes: emotion -> clips of the training part.
        reason: why it did not finish. audit: what the leak audit found; leaks: the checks that failed.
        requested_at: when a final was last asked for, in seconds since 1970. study_file: the study's name or file, as it was given.
        declined: what can't work, a line each. question: of the study. model: address of the saved model.
        compared: id of a comparison of `bench leakage` -> the protocols that the final stands for in it.
        uid: of the piece of work. coordinator: of the start of `bench run` that it belongs to; host, pid, started: of its process.
    """

    recipe: str = ""
    feature_space: str = ""
    architecture: str = ""
    augmentation: str = ""
    split: str = ""
    cell: str = ""
    signature: str = ""
    signatures: tuple[str, ...] = ()
    corpus: str = ""
    corpus_label: str = ""
    corpus_fingerprint: str = ""
    split_fingerprint: str = ""
    coverage: str = ""
    synthetic: bool | None = None
    shares_speakers: bool | None = None
    settings: str = ""
    allow_missing: str = ""
    epochs: int = 0
    backend: str = ""
    clips: dict[str, int] = field(default_factory=dict)
    speakers: dict[str, int] = field(default_factory=dict)
    training_classes: dict[str, int] = field(default_factory=dict)
    state: str = ""
    reason: str = ""
    audit: str = ""
    leaks: str = ""
    requested_at: float = 0.0
    study_file: str = ""
    question: str = ""
    declined: tuple[str, ...] = ()
    model: str = ""
    commit: str = ""
    hardware: str = ""
    python: str = ""
    versions: str = ""
    uid: str = ""
    coordinator: str = ""
    host: str = ""
    pid: str = ""
    started: str = ""
    compared: dict[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Its cell as people read it: its recipe's name, or what it is made of."""
        return self.recipe or " × ".join(part for part in (self.feature_space, self.architecture, self.augmentation) if part)

    @property
    def process(self) -> dict[str, str]:
        """What identifies the process that it belongs to, as `process_identity` takes it; empty where that is not known."""
        return {key: text for key, text in (("host", self.host), ("pid", self.pid), ("started", self.started)) if text}

    def to_tags(self) -> dict[str, str]:
        """As plain texts, without the prefix that they have in the store."""
        written = {NAMES.get(each.name, each.name): _written(each.name, getattr(self, each.name)) for each in dataclasses.fields(self)
                   if each.name != "compared"}
        return {name: text for name, text in {**written, **{COMPARED + key: text for key, text in self.compared.items()}}.items() if text}

    @classmethod
    def from_tags(cls, tags: Mapping[str, str]) -> RunTags:
        """From texts, with or without the prefix; others are passed over. Raises: BenchError for one that can't be read."""
        own = {name.removeprefix(PREFIX): text for name, text in tags.items()}
        values: dict[str, Any] = {}
        for each in dataclasses.fields(cls):
            text = own.get(NAMES.get(each.name, each.name), "")
            try:
                values |= {each.name: _read(each.name, str(each.type), text)} if text else {}
            except (ValueError, TypeError) as error:
                raise BenchError(f"the tag {PREFIX}{each.name} of a run can't be read: {text!r}; set it right or delete the run in the "
                                 "MLflow UI") from error
        values["compared"] = {name.removeprefix(COMPARED): text for name, text in own.items() if name.startswith(COMPARED)}
        return cls(**values)


NAMES = {"requested_at": "asked_at", "study_file": "asked"}
"""Fields whose tag is called otherwise, as homes of earlier versions have it."""
SEPARATORS = {"signatures": " ", "declined": "\n"}


def _written(name: str, value: Any) -> str:
    if isinstance(value, tuple):
        return SEPARATORS[name].join(value)
    if name == "training_classes":
        return json.dumps(value) if value else ""
    if isinstance(value, dict):
        return counts_in_words(value)
    if isinstance(value, float):
        return f"{value:.3f}" if value else ""
    return "" if value in (None, 0, "") and value is not False else str(value)


def _read(name: str, kind: str, text: str) -> Any:
    if kind.startswith("tuple"):
        return tuple(part for part in text.split(SEPARATORS[name]) if part)
    if name == "training_classes":
        return {str(emotion): int(clips) for emotion, clips in json.loads(text).items()}
    if kind.startswith("dict"):
        return counts_from_words(text)
    return text == "True" if kind.startswith("bool") else {"int": int, "float": float, "str": str}[kind](text)


def counts_in_words(counts: Mapping[str, int]) -> str:
    """`train 100, validation 20, test 30`: the form that tags and reports have.

    >>> counts_in_words({"train": 100, "test": 30})
    'train 100, test 30'
    """
    return ", ".join(f"{part} {count}" for part, count in counts.items())


def counts_from_words(text: str) -> dict[str, int]:
    """Part -> count, from what `counts_in_words` gave. Raises: ValueError for anything else.

    >>> counts_from_words("train 100, left out 3")
    {'train': 100, 'left out': 3}
    """
    pairs = (part.rpartition(" ") for part in text.split(", ") if part)
    return {part: int(count) for part, _, count in pairs}


@dataclass(frozen=True)
class RunRecord:
    """One MLflow run as plain data.

    Args:
        kind: `study`, `trial`, `final` (a cell, with the aggregates over its seeds) or `seed` (one sealed test).
        state: `running`, `finished`, `pruned`, `failed` or `killed`. tags: as the store has them; `about` is how to read them.
    """

    run_id: str
    name: str
    kind: str
    state: str
    params: dict[str, str]
    metrics: dict[str, float]
    tags: dict[str, str]

    @classmethod
    def of(cls, run: Run) -> RunRecord:
        """The record of a run of MLflow's client."""
        tags = dict(run.data.tags)
        state = "running" if run.info.status == "RUNNING" else tags.get(f"{PREFIX}state", run.info.status.lower())
        return cls(run.info.run_id, run.info.run_name, tags.get(f"{PREFIX}kind", ""), state, dict(run.data.params), dict(run.data.metrics),
                   tags)

    @cached_property
    def about(self) -> RunTags:
        """Its tags, typed. Raises: BenchError for one that can't be read."""
        try:
            return RunTags.from_tags(self.tags)
        except BenchError as error:
            raise BenchError(f"run {self.run_id} ({self.name}): {error}") from error

    @property
    def parent(self) -> str:
        """The id of the run that it hangs below; empty without one."""
        return self.tags.get("mlflow.parentRunId", "")

    @property
    def seed(self) -> str:
        """The seed of a final's training; empty for other runs."""
        return self.params.get("seed", "")

    @property
    def opened_test(self) -> bool:
        """Whether the sealed test part was scored in it."""
        return "test/uar" in self.metrics

    @property
    def ended_by_itself(self) -> bool:
        """Whether it finished or was pruned: what has its signature is not trained again."""
        return self.state in ("finished", "pruned")


def result_tags(result: Result) -> RunTags:
    """What a run's tags say of its result."""
    return dataclasses.replace(RunTags.from_tags(environment_tags()), state=result.state, reason=result.reason[:4000],
                               split_fingerprint=result.split_fingerprint, clips=result.counts, speakers=result.speakers,
                               training_classes=result.training_classes)


def flat_metrics(result: Result) -> dict[str, float]:
    """The figures of the kept epoch under names of their own, beside the curves; how many epochs, and their best validation WA."""
    metrics = {f"seconds/{phase}": seconds for phase, seconds in result.seconds.items()}
    if result.validation:
        curve = result.history.get("validation_wa", [])
        metrics |= {**result.validation.flat("validation"), "best_epoch": float(result.best_epoch), "parameters": float(result.parameters),
                    **({"epochs": float(len(curve)), "validation/best_wa": max(curve)} if curve else {})}
    if result.test:
        metrics |= result.test.flat("test")
    return metrics


def datasets(result: Result) -> list[dict[str, str]]:
    """The parts that a trial was trained and scored on, as plain data."""
    parts = ("train", "validation", *(["test"] if result.test else [])) if result.split_fingerprint else ()
    return [{"part": part, "name": f"{result.trial.corpus.name}/{part}", "digest": result.split_fingerprint[:16],
             "source": f'{{"corpus": "{result.trial.corpus.name}", "split": "{result.trial.split.name}"}}',
             "profile": f'{{"clips": {result.counts[part]}, "speakers": {result.speakers[part]}}}'} for part in parts]
