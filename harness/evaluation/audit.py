"""Audits what runs left in the store: every final of a study, or one run."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from harness.data.augmented_copies import cached_copies
from harness.data.copies_before_split import OWN
from harness.data.corpora import Workspace, open_corpus
from harness.data.features import cached_features
from harness.evaluation.find_runs import LEAKAGE, STUDY, TRANSFER, chosen_runs
from harness.evaluation.leak_checks import Finding, LeftByRun, audit_trial, identical_clips, summary
from harness.evaluation.row_names import read_rows
from harness.study.rebuild import differences, trial_from
from harness.study.trial import Trial
from harness.tracking.openings import Opening, all_openings, repeated
from harness.tracking.run_record import RunRecord, RunTags
from harness.tracking.store import Store
from harness.tracking.tracker import Tracker
from harness.training.saved_model import normaliser_of
from registry.audit import audit as audit_corpus
from registry.corpus import Corpus
from registry.errors import BenchError, Declined
from registry.feature_space import FeatureSpace


@dataclass(frozen=True)
class AuditedRun:
    """One run and the findings of its audit. Args: cell: as the leaderboard names its row."""

    record: RunRecord
    findings: list[Finding]
    cell: str = ""

    @property
    def checked(self) -> bool:
        """Whether any check could look at anything."""
        return any(finding.state != "unknown" for finding in self.findings)

    @property
    def failed(self) -> bool:
        """Whether any check failed, or none could look at anything: that is no pass."""
        return not self.checked or any(finding.state == "fail" for finding in self.findings)


def audit_runs(text: str, store: Store, workspace: Workspace) -> list[AuditedRun]:
    """Audit every finished final of a study, of a row, or one run (of a final: its seeds).

    Args: text: as `chosen_runs` takes it.
    Raises: UsageError for what the store does not have; BenchError when there is nothing to audit.
    """
    chosen = chosen_runs(store, text, (STUDY, LEAKAGE, TRANSFER))
    if not chosen.runs:
        deleted = sum(not opening.in_store for opening in chosen.tracker.openings(chosen.records))
        raise BenchError(f"{text} has no finished final to audit" + (
            f": its test parts were opened {deleted} time{'s'[: deleted > 1]}, in runs that were deleted; `bench restore "
            f"{chosen.tracker.study_name}` brings back what MLflow still has" if deleted else " yet"))
    names = {row.cell: row.name for row in read_rows(chosen.tracker, chosen.records)}
    return [AuditedRun(run, audit_run(run, chosen.records, chosen.tracker, workspace), names.get(run.about.cell, run.about.label))
            for run in chosen.runs]


def audit_run(record: RunRecord, records: Sequence[RunRecord], tracker: Tracker, workspace: Workspace) -> list[Finding]:
    """Every check of one run; `records` are those of its study.

    Raises: BenchError when the corpus is not there.
    """
    configuration = tracker.configuration(record.run_id)
    if configuration is None:
        return [Finding("configuration", "unknown", "the run has no configuration.json")]
    try:
        trial = trial_from(configuration, OWN, needed=("corpus", "feature_space", "split", "augmentation"))
    except BenchError as error:
        return [Finding("configuration", "unknown", f"the trial can't be rebuilt: {error}")]
    corpus = corpus_of(record, trial, workspace)
    changed = differences(trial, configuration)
    rebuilt = Finding("configuration", "note" if changed else "ok", "; ".join(changed) or f"gives the recorded trial {trial.signature}")
    return [rebuilt, *audit_trial(trial, corpus, _left_by(record, trial, corpus, tracker, workspace.cache)),
            openings(record, records, tracker.openings(records))]


def corpus_of(record: RunRecord, trial: Trial, workspace: Workspace) -> Corpus:
    """The clips of a run as they are now, without damaged ones where the run was allowed to leave them out."""
    corpus = open_corpus(trial.corpus, workspace.data, workspace.left_out)
    if corpus.fingerprint == trial.corpus_fingerprint or not record.about.allow_missing:
        return corpus
    damaged = {problem.subject for problem in audit_corpus(corpus, workspace.workers) if problem.breaks}
    return open_corpus(trial.corpus, workspace.data, tuple(sorted({*workspace.left_out, *damaged})))


def _left_by(record: RunRecord, trial: Trial, corpus: Corpus, tracker: Tracker, cache: Path) -> LeftByRun:
    """The files of a run and what the cache still has of its clips."""
    counts = record.about.clips
    stored = {part: tracker.predictions(record.run_id, part) for part in ("validation", "test")}
    predictions = {part: of_part for part, of_part in stored.items() if of_part}
    if corpus.fingerprint != trial.corpus_fingerprint:
        return LeftByRun(predictions=predictions)  # nothing else can be compared with other clips
    with tempfile.TemporaryDirectory() as folder:
        files = tracker.models.files(record, Path(folder))
        normaliser = normaliser_of(files) if files else None
    return LeftByRun(split_fingerprint=record.about.split_fingerprint, predictions=predictions,
                     recorded_copies=counts.get("copies", 0) if counts else None, normaliser=normaliser,
                     features=cached_features(corpus, trial.feature_space, cache), features_of_copies=_copies(trial, corpus, cache),
                     identical_clips=_identical_clips(corpus, trial.feature_space, cache))


def _copies(trial: Trial, corpus: Corpus, cache: Path) -> list[np.ndarray] | None:
    """Features of the altered copies of exactly the training clips; None where there are none in the cache."""
    if not trial.augmentation.copies:
        return None
    try:
        train = trial.split(corpus).train
    except Declined:
        return None
    return cached_copies(corpus, train, trial.feature_space, trial.augmentation, trial.seed, cache)


@lru_cache(maxsize=4)
def _identical_clips(corpus: Corpus, feature_space: FeatureSpace, cache: Path) -> list[tuple[int, ...]]:
    """Groups of clips with identical audio, computed once for the finals of a study that share corpus and features."""
    return identical_clips(corpus, cached_features(corpus, feature_space, cache))


def openings(record: RunRecord, records: Sequence[RunRecord], ledger: Sequence[Opening] | None = None) -> Finding:
    """How often the test part was scored for a run's cell. Args: ledger: every opening of the study; None: those of the records."""
    cell = [r for r in records if r.about.cell == record.about.cell and r.opened_test]
    opened = [o for o in (all_openings({}, records) if ledger is None else ledger) if o.cell == record.about.cell]
    search, deleted = [r for r in cell if r.kind == "trial"], sum(not o.in_store for o in opened)
    if search:
        return Finding("test openings", "fail", f"{len(search)} trials of the search were scored on the test part")
    as_written = {r.about.signature for r in records if r.kind == "seed" and r.about.as_written}
    seeds = Counter((o.seed, o.signature in as_written) for o in opened)
    total = sum(seeds.values())
    both = ", of the best trial and of the settings as written" * any(written for _, written in seeds)
    numbers = len({seed for seed, _ in seeds})
    opened_in_words = f"the cell's test part was opened {total} time{'s'[: total > 1]} for {numbers} seed{'s'[: numbers > 1]}{both}"
    if deleted:
        return Finding("test openings", "note", f"{opened_in_words}, {deleted} of them in runs that were deleted since: `bench restore` "
                                                "brings back what MLflow still has")
    if max(seeds.values(), default=0) > 1:
        why = "a seed was scored again, as after its run was deleted" if repeated(opened) else "an earlier best trial was scored on it, too"
        return Finding("test openings", "note", f"{opened_in_words}: {why}")
    return Finding("test openings", "ok", f"{total}, once for each seed{both}")


def audit_final(tracker: Tracker, run_id: str, workspace: Workspace) -> tuple[str, ...]:
    """Audit one seed's run and tag it with a summary of the findings; returns the failed checks in words."""
    try:
        records = tracker.records("trial", "seed")
        findings = audit_run(next(r for r in records if r.run_id == run_id), records, tracker, workspace)
        failed = [finding for finding in findings if finding.state == "fail"]
        tracker.tag(run_id, RunTags(audit=summary(findings), leaks=", ".join(finding.check for finding in failed)))
    except Exception as error:  # a final that is trained and scored does not fail for its audit
        with suppress(Exception):
            tracker.tag(run_id, RunTags(audit=f"could not be audited: {type(error).__name__}: {error}"))
        return ()
    return tuple(f"leak audit: {finding.check}: {finding.text}" for finding in failed)
