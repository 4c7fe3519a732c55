"""A run in MLflow as typed data: every tag and figure of `bench` gets its name here, and is read here."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from harness.tracking.environment import environment_tags
from registry.errors import BenchError

if TYPE_CHECKING:
    from mlflow.entities import Run

    from harness.training.result import Result

PREFIX = "bench."  # of every tag in the store
FOLD = "validation/uar_fold_"  # and the place of a validation fold, from 1: a metric
BEFORE_PROTOCOL = " · "  # in the name of a run, where its study has several
LONGEST_TAG = 4_900  # characters; MLflow refuses a tag of more than 5,000 in some of its versions
COMPARED = "compared."  # of a tag that `bench leakage` puts on a final, before the id of the comparison


@dataclass(frozen=True, kw_only=True)
class RunTags:
    """What is known of a run beside its figures; a field that is empty, 0 or None has no tag.

    Args:
        recipe, feature_space, architecture, augmentation, split: labels of its cell's components; cell: the cell's key.
        pooled_split, pooled_cell: label of the protocol and key of the row into which all its folds, `folds` of them, are pooled;
            fold: which one it is.
        signature: of its trial; signatures: of the seeds of a final. corpus: its name; corpus_label: the corpus with its fields.
        coverage: how much of the corpus was there, as `Corpus.coverage` puts it. shares_speakers: between training and test.
        second_objective: what its search seeks beside validation UAR, where it does.
        validation_folds: on how many folds each trial of its search was validated, where these were several.
        settings: those that the command line fixed, as written there. allow_missing: that flag, where it was given.
        as_written: of a seed that was trained with the settings as written, beside the best trial's; of a final whose best trial has them.
        ranges: searched setting -> its range, as `harness.search.ranges` notes it; empty where that would be too long.
        epochs: at most. backend: of Keras. clips, speakers: part -> how many. training_classes: emotion -> clips of the training part.
        target: what it was trained on, where that is not the intended emotion: `votes`.
        cut: which clips the feature space does not hear whole, in words. family: of the feature space; pretrained: name of each model in it
            -> what is known of it.
        reason: why it did not finish. audit: the outcome of the leak audit; leaks: the checks that failed.
        requested_at: when a final was last requested, in seconds since 1970. study_file: the study's name or file, as it was given.
        declined: pairs that can't work, a line each. clip_notes: what was done about the clips' names and files, a line each.
        standing: of a final, `current` where a leaderboard has it, `superseded` where a later final of its row took its place.
        colour: of its architecture in MLflow's charts, as `#1f77b4`; not read back.
        question, baseline: of the study. model: address of the saved model.
        compared: id of a comparison of `bench leakage` -> the protocols that the final stands for in it.
        command: the latest call of the study; planned: what it asked for: `cells` (their keys), `trials` of each, `seeds`.
        uid: of the job. coordinator: of the start of `bench run` that it belongs to; host, pid, started: of its process.
    """

    recipe: str = ""
    feature_space: str = ""
    architecture: str = ""
    augmentation: str = ""
    split: str = ""
    cell: str = ""
    pooled_split: str = ""
    pooled_cell: str = ""
    fold: int = 0
    folds: int = 0
    validation_folds: int = 0
    second_objective: str = ""
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
    as_written: bool | None = None
    ranges: dict[str, Any] = field(default_factory=dict)
    allow_missing: str = ""
    epochs: int = 0
    backend: str = ""
    clips: dict[str, int] = field(default_factory=dict)
    speakers: dict[str, int] = field(default_factory=dict)
    training_classes: dict[str, int] = field(default_factory=dict)
    target: str = ""
    cut: str = ""
    family: str = ""
    pretrained: dict[str, dict[str, str]] = field(default_factory=dict)
    state: str = ""
    reason: str = ""
    audit: str = ""
    leaks: str = ""
    requested_at: float = 0.0
    study_file: str = ""
    question: str = ""
    baseline: str = ""
    command: str = ""
    planned: dict[str, Any] = field(default_factory=dict)
    standing: str = ""
    colour: str = ""
    declined: tuple[str, ...] = ()
    clip_notes: tuple[str, ...] = ()
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
        """Its cell for people: its recipe's name, or its components."""
        return self.recipe or " × ".join(part for part in (self.feature_space, self.architecture, self.augmentation) if part)

    @property
    def process(self) -> dict[str, str]:
        """The identity of its process, as `process_identity` gives it; empty where that is not known."""
        return {key: text for key, text in (("host", self.host), ("pid", self.pid), ("started", self.started)) if text}

    def to_tags(self) -> dict[str, str]:
        """As texts, without the prefix that they have in the store."""
        texts = {NAMES.get(name, name): FORMS.get(name, PLAIN)[0](value) for name, value in vars(self).items()
                 if name != "compared" and (value or value is False)}
        return {**texts, **{COMPARED + key: text for key, text in self.compared.items()}}

    @classmethod
    def from_tags(cls, tags: Mapping[str, str]) -> RunTags:
        """From texts without the prefix; others are ignored. Raises: BenchError for one that can't be read."""
        compared = {name.removeprefix(COMPARED): text for name, text in tags.items() if name.startswith(COMPARED)}
        texts = {each.name: tags.get(NAMES.get(each.name, each.name), "") for each in dataclasses.fields(cls)}
        return cls(**{**{name: _read(name, text) for name, text in texts.items() if text}, "compared": compared})


def _read(name: str, text: str) -> Any:
    try:
        return FORMS.get(name, PLAIN)[1](text)
    except (ValueError, TypeError, KeyError) as error:
        raise BenchError(f"the tag {PREFIX}{NAMES.get(name, name)} can't be read: {text!r}; correct it or delete the run in the MLflow "
                         "UI") from error


def counts_in_words(counts: Mapping[str, int]) -> str:
    """Counts as tags and reports have them: `train 100, validation 20, test 30`.

    >>> counts_in_words({"train": 100, "test": 30})
    'train 100, test 30'
    """
    return ", ".join(f"{part} {count}" for part, count in counts.items())


def counts_from_words(text: str) -> dict[str, int]:
    """Part -> count, from the words of `counts_in_words`. Raises: ValueError for anything else.

    >>> counts_from_words("train 100, left out 3")
    {'train': 100, 'left out': 3}
    """
    pairs = (part.rpartition(" ") for part in text.split(", ") if part)
    return {part: int(count) for part, _, count in pairs}


COUNTS = (counts_in_words, counts_from_words)
BOOLEAN = (str, {"True": True, "False": False}.__getitem__)
PLAIN = (str, str)
WHOLE = (str, int)
FORMS: dict[str, tuple[Callable[[Any], str], Callable[[str], Any]]] = {
    "signatures": (" ".join, lambda text: tuple(text.split())),
    **dict.fromkeys(("declined", "clip_notes"), (lambda lines: "\n".join(lines)[:LONGEST_TAG], lambda text: tuple(text.split("\n")))),
    **dict.fromkeys(("synthetic", "shares_speakers", "as_written"), BOOLEAN),
    **dict.fromkeys(("epochs", "fold", "folds", "validation_folds"), WHOLE),
    "requested_at": ("{:.3f}".format, float), **dict.fromkeys(("planned", "ranges", "pretrained"), (json.dumps, json.loads)),
    "clips": COUNTS, "speakers": COUNTS,
    "training_classes": (json.dumps, lambda text: {str(emotion): int(clips) for emotion, clips in dict(json.loads(text)).items()})}
"""How a field that is not a text becomes one, and is read from it."""
NAMES = {"requested_at": "asked_at", "study_file": "asked"}
"""Fields whose tag has another name, as homes of earlier versions have it."""


@dataclass(frozen=True)
class RunRecord:
    """One MLflow run as plain data.

    Args:
        kind: `study`, `trial`, `final` (a cell, with the aggregates over its seeds) or `seed` (one sealed test).
        state: `running`, `finished`, `pruned`, `failed` or `killed`. tags: as the store has them; `about` reads them.
        started_at, ended_at: in seconds since 1970; 0 while MLflow does not have the run, and while it runs.
    """

    run_id: str
    name: str
    kind: str
    state: str
    params: dict[str, str]
    metrics: dict[str, float]
    tags: dict[str, str]
    started_at: float = 0.0
    ended_at: float = 0.0

    @classmethod
    def of(cls, run: Run) -> RunRecord:
        """The record of a run of MLflow's client."""
        tags = dict(run.data.tags)
        state = "running" if run.info.status == "RUNNING" else tags.get(f"{PREFIX}state", run.info.status.lower())
        return cls(run.info.run_id, run.info.run_name, tags.get(f"{PREFIX}kind", ""), state, dict(run.data.params), dict(run.data.metrics),
                   tags, (run.info.start_time or 0) / 1000, (run.info.end_time or 0) / 1000)

    @cached_property
    def about(self) -> RunTags:
        """Its tags, typed. Raises: BenchError for one that can't be read."""
        try:
            return RunTags.from_tags({name.removeprefix(PREFIX): text for name, text in self.tags.items() if name.startswith(PREFIX)})
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
    def kind_in_words(self) -> str:
        """Its kind; of a seed with the settings as written, which is part of no row, that too."""
        return "seed as written" if self.kind == "seed" and self.about.as_written else self.kind

    @property
    def opened_test(self) -> bool:
        """Whether the sealed test part was scored in it; a final repeats what its seeds reached."""
        return self.kind != "final" and "test/uar" in self.metrics

    def uar(self, part: str) -> float | None:
        """On a part; of a final the mean over its seeds, which finals of earlier versions have under another name."""
        return self.metrics.get(f"{part}/uar", self.metrics.get(f"{part}/uar_mean"))

    @property
    def validation_uar(self) -> float | None:
        """At the kept epoch, by which trials and models are chosen; None where no epoch was scored."""
        return self.metrics.get("validation/uar")

    @property
    def mean_of_folds(self) -> float | None:
        """The mean validation UAR of the validation folds that were trained; None without any."""
        folds = [value for key, value in self.metrics.items() if key.startswith(FOLD)]
        return sum(folds) / len(folds) if folds else None

    @property
    def seconds(self) -> float:
        """All phases together."""
        return sum(value for key, value in self.metrics.items() if key.startswith("seconds/"))

    @property
    def ended_by_itself(self) -> bool:
        """Whether it finished or was pruned: what has its signature is not trained again."""
        return self.state in ("finished", "pruned")


def result_tags(result: Result) -> RunTags:
    """The tags that a result and its environment give a run."""
    return dataclasses.replace(RunTags.from_tags(environment_tags()), state=result.state, reason=result.reason[:4000],
                               split_fingerprint=result.split_fingerprint, clips=result.counts, speakers=result.speakers,
                               training_classes=result.training_classes, cut=result.cut)


def flat_metrics(result: Result) -> dict[str, float]:
    """The figures of a run beside its curves: scores of the kept epoch, best validation WA, size, epochs, seconds of each phase."""
    metrics = {f"seconds/{phase}": seconds for phase, seconds in result.seconds.items()}
    curve = result.history.get("validation_wa", [])
    metrics |= {"epochs": float(len(curve))} if curve else {}  # also of a trial that was pruned or failed
    if result.validation:
        metrics |= {**result.validation.flat("validation"), "best_epoch": float(result.best_epoch), "parameters": float(result.parameters),
                    **({"validation/best_wa": max(curve)} if curve else {})}
    if result.folds:
        metrics |= {f"{FOLD}{place}": fold.scores.uar for place, fold in enumerate(result.folds, 1)}
        metrics["epochs"] = float(sum(fold.epochs for fold in result.folds))
    if result.test:
        metrics |= result.test.flat("test")
    return metrics


def datasets(result: Result) -> list[dict[str, str]]:
    """The parts that a trial was trained and scored on, as MLflow's datasets take them."""
    parts = ("train", "validation", *(["test"] if result.test else [])) if result.split_fingerprint else ()
    return [{"part": part, "name": f"{result.trial.corpus.name}/{part}", "digest": result.split_fingerprint[:16],
             "source": json.dumps({"corpus": result.trial.corpus.name, "split": result.trial.split.name}),
             "profile": json.dumps({"clips": result.counts[part], "speakers": result.speakers[part]})} for part in parts]
