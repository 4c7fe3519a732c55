"""From a study's records to the rows of its leaderboards: a pure function of what MLflow holds."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from harness.evaluation.intervals import SCORES, mean_sd
from harness.tracking.openings import Opening, all_openings
from harness.tracking.run_record import RunRecord
from harness.training.cost import cost_of

COPIED = ("corpus", "corpus_fingerprint", "coverage", "split", "feature_space", "architecture", "settings", "clips", "speakers",
          "commit", "hardware", "backend", "corpus_label", "allow_missing", "recipe", "augmentation", "epochs", "leaks", "training_classes",
          "study_file", "cut", "family", "pretrained", "target")
"""Tags of a run that are fields of its row."""

KNOWING = " normalise=per_speaker"  # in the label of a feature space
NO_FIGURE = (math.nan, math.nan)


@dataclass(frozen=True)
class Row:
    """One cell of a study on one corpus.

    Args:
        settings: what the command line fixed, and in what else the row differs from others of its page, as `--set` takes it.
        validation_folds: on how many each trial of its search was validated, where these were several.
        settings_of_label: what its command fixes beside `settings`, since other versions of the study have other values.
        otherwise: in what it differs from them that `--set` can't change. coverage: how much of the corpus was there, in words.
        seeds: number of finals; scores are (mean, sd) over them, sd NaN for one. trials: end state -> count.
        test_openings: how often the cell's sealed test part was scored, finals of earlier best trials included; deleted_openings: how
            many of these in runs that the store no longer has.
        backend: of Keras. corpus_label: the corpus with its fields. allow_missing: the flag, where it was given.
        recipe: the name of the study's recipe, where it lists any. augmentation: of the training clips. epochs: at most;
            epochs_trained: fewer where training stopped early, mean over seeds. best_epoch: kept in the first seed.
        audit: summaries of the leak audits of the finals, each wording once; leaks: the checks that failed.
        clips, speakers: part -> how many. training_classes: emotion -> clips of the training part; empty in runs that did not record it.
        cut: which clips the feature space does not hear whole, in words; empty where it hears all, or the run did not record it.
        family: of its feature space: `from scratch`, also where the run did not record it, `functionals` or `pretrained`; pretrained: name
            of each pretrained model -> what is known of it.
        target: what it was trained on, where that is not the intended emotion: `votes`.
        cost: of one clip, by the names of `harness.training.cost.measure`; empty where it was not measured.
        requested_at: when the finals were last requested, in seconds. ended_at: when the last of its seeds was trained; 0: not known.
        seed_runs: MLflow run ids of the finals, by seed. chosen: searched setting -> value of the finals.
        study_file: the study's name or file, as it was given; empty in runs that did not record it.
        pooled_split, pooled_cell: label of the protocol and key of the row into which the folds are pooled, where they are; the pooled
            row itself has no `pooled_cell`. fold: which one it is. folds: of that protocol. folds_done: of a pooled row, those with finals.
    """

    corpus: str
    corpus_fingerprint: str
    coverage: str
    synthetic: bool
    split: str
    shares_speakers: bool
    feature_space: str
    architecture: str
    settings: str
    cell: str
    seeds: int
    test: dict[str, tuple[float, float]]
    validation_uar: tuple[float, float]
    parameters: int
    fit_seconds: float
    trials: dict[str, int]
    test_openings: int
    seed_runs: tuple[str, ...]
    seed_numbers: tuple[str, ...]
    chosen: dict[str, str]
    clips: dict[str, int]
    speakers: dict[str, int]
    split_fingerprint: str
    commit: str
    hardware: str
    backend: str
    corpus_label: str
    allow_missing: str
    recipe: str
    augmentation: str
    epochs: int
    epochs_trained: float
    best_epoch: int
    audit: tuple[str, ...]
    leaks: str
    training_classes: dict[str, int]
    cost: dict[str, float]
    requested_at: float
    study_file: str = ""
    target: str = ""
    cut: str = ""
    family: str = ""
    pretrained: dict[str, dict[str, str]] = field(default_factory=dict)
    otherwise: tuple[str, ...] = ()
    settings_of_label: str = ""
    pooled_split: str = ""
    pooled_cell: str = ""
    fold: int = 0
    folds: int = 0
    folds_done: int = 0
    deleted_openings: int = 0
    validation_folds: int = 0
    ended_at: float = 0.0

    @property
    def name(self) -> str:
        """Its label and what distinguishes it from other rows of the page: no other row of its leaderboard has the same name."""
        return f"{self.label} {self.apart}".strip()

    @property
    def apart(self) -> str:
        """What distinguishes it, beside its components; empty where these do."""
        return " ".join([*([self.settings] if self.settings else []), *([f"({', '.join(self.otherwise)})"] if self.otherwise else [])])

    @property
    def label(self) -> str:
        """The cell as people read it: its recipe's name, or the names of its components."""
        return self.recipe or " × ".join(part for part in (self.feature_space, self.architecture, self.augmentation) if part)

    @property
    def at_once(self) -> bool:
        """Whether it is fitted at once, as estimators are, and not trained by epochs."""
        return fitted_at_once(self.epochs)

    @property
    def folds_in_words(self) -> str:
        """How many folds of a pooled row have finals: `3 of 5 folds`."""
        return f"{self.folds_done} of {self.folds} folds"

    @property
    def knows_speakers(self) -> bool:
        """Whether its features are standardised by clips of the test speakers, without their labels."""
        return KNOWING in self.feature_space

    @property
    def board(self) -> tuple[str, str, str, bool]:
        """What all rows of a leaderboard have in common: corpus, clips, protocol, and whether they know the test speakers."""
        return self.corpus, self.corpus_fingerprint, self.split, self.knows_speakers

    @property
    def protocol(self) -> str:
        """The protocol in words, with what else distinguishes its leaderboard from others."""
        return f"{self.split}, speaker known" if self.knows_speakers else self.split

    def marks(self, coverage: str) -> list[str]:
        """What a reader must know before comparing the row with others, as plain texts.

        Args: coverage: the words for a corpus that is not whole or no human speech.
        """
        unknown = bool(self.speakers) and not any(self.speakers.values())
        marks = {f"pretrained: {', '.join(self.pretrained)}": bool(self.pretrained), "speaker known": self.knows_speakers,
                 f"trained on {self.target}": bool(self.target),
                 f"leak found: {self.leaks}": bool(self.leaks),
                 self.folds_in_words: self.folds_done < self.folds and not self.pooled_cell,
                 "shared speakers": self.shares_speakers and not unknown, "speakers unknown": unknown,
                 coverage: not self.coverage.endswith("whole"), f"cut: {self.cut}": bool(self.cut),
                 f"of {self.test_openings} test openings, {self.deleted_openings} in deleted runs": self.deleted_openings > 0,
                 f"on {self.backend}": self.backend not in ("", "tensorflow")}
        return [text for text, holds in marks.items() if holds]

    def as_json(self) -> dict[str, Any]:
        """Plain data for programs: scores as {mean, sd} over seeds, figures that do not exist as null."""
        fields = asdict(self) | {"test": {score: named(("mean", "sd"), pair) for score, pair in self.test.items()},
                                 "validation_uar": named(("mean", "sd"), self.validation_uar)}
        fields["chosen_settings"] = fields.pop("chosen")  # in a leaderboard `chosen` says which row to take
        del fields["pooled_split"], fields["pooled_cell"], fields["fold"]  # they say how rows come about
        return {key: plain(value) for key, value in fields.items()}


def named(names: Sequence[str], figures: Sequence[float]) -> dict[str, float]:
    """Name -> figure, as JSON has them."""
    return dict(zip(names, figures, strict=True))


def rows(records: list[RunRecord], openings: Sequence[Opening] | None = None) -> list[Row]:
    """Every cell with its figures, best test UAR first within its corpus and protocol; cells without finals last.

    Args: openings: of the study's ledger; None: those of the records.
    """
    openings = all_openings({}, records) if openings is None else openings
    cells: dict[str, list[RunRecord]] = {}
    for record in records:
        if record.kind in ("trial", "final", "seed"):
            cells.setdefault(record.about.cell, []).append(record)
    seeds = {r.about.signature: r for r in records if r.kind == "seed" and r.state == "finished"}
    return sorted((_row(members, seeds, [o for o in openings if o.cell == cell]) for cell, members in cells.items()), key=place)


def place(row: Row) -> tuple[str | float, ...]:
    """Where a row stands among others: best test UAR first within its leaderboard."""
    return *row.board, -row.test.get("uar", (-1.0, 0.0))[0], row.label, row.cell


def by_validation(row: Row) -> tuple[float, int, str]:
    """Sorts rows by validation UAR, the best first; of equals the smallest network, then the first key: rows come sorted by test UAR."""
    return -row.validation_uar[0], row.parameters, row.cell


def _row(members: list[RunRecord], seeds: dict[str, RunRecord], openings: Sequence[Opening]) -> Row:
    """One cell's row. Args: members: its runs. seeds: signature -> finished run, of all cells. openings: of its test part."""
    finals = sorted((r for r in members if r.kind == "final" and r.state == "finished"),
                    key=lambda r: r.about.requested_at)
    signatures = finals[-1].about.signatures if finals else ()
    done = [seeds[s] for s in signatures if s in seeds]
    source = (done or members)[-1]
    metrics = [r.metrics for r in done]
    about, latest = source.about, (finals or members)[-1].about  # seeds may be another cell's, all folds may be requested later
    return Row(
        **{name: getattr(about, name) for name in COPIED},
        synthetic=bool(about.synthetic), shares_speakers=bool(about.shares_speakers), seeds=len(done),
        test={score: mean_sd([m[f"test/{score}"] for m in metrics]) for score in SCORES if metrics},
        validation_uar=mean_sd([m["validation/uar"] for m in metrics]) if metrics else NO_FIGURE,
        parameters=int(source.metrics.get("parameters", 0)),
        fit_seconds=mean_sd([m["seconds/fit"] for m in metrics])[0] if metrics else math.nan,
        trials=dict(sorted(Counter(r.state for r in members if r.kind == "trial").items())),
        test_openings=len(openings), deleted_openings=sum(not opening.in_store for opening in openings),
        seed_runs=tuple(r.run_id for r in done), seed_numbers=tuple(r.seed for r in done),
        audit=tuple(dict.fromkeys(text for r in done if (text := r.about.audit))),
        best_epoch=int(metrics[0].get("best_epoch", 0)) if metrics else 0,
        epochs_trained=statistics.fmean(m.get("epochs", math.nan) for m in metrics) if metrics else math.nan,
        cost=cost_of(metrics), requested_at=finals[-1].about.requested_at if finals else 0.0, chosen=finals[-1].params if finals else {},
        split_fingerprint=about.split_fingerprint[:16], pooled_split=latest.pooled_split, pooled_cell=latest.pooled_cell,
        fold=latest.fold, folds=latest.folds, cell=latest.cell, validation_folds=latest.validation_folds,
        ended_at=last_end(r.ended_at for r in done))


def fitted_at_once(epochs: int) -> bool:
    """Whether what had so many epochs, at most, is an estimator, which is fitted at once; a network of a single one counts as such."""
    return epochs == 1


def last_end(times: Iterable[float]) -> float:
    """The last of some ends, in seconds; 0 where one of them is not known, or there is none.

    >>> last_end([1.5, 3.0]), last_end([0.0, 3.0]), last_end([])
    (3.0, 0.0, 0.0)
    """
    ends = list(times)
    return max(ends, default=0.0) if all(ends) else 0.0


def plain(value: Any) -> Any:
    """Data for JSON: NaN becomes null, also inside dictionaries and lists."""
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    return [plain(v) for v in value] if isinstance(value, (tuple, list)) else value
