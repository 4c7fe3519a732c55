"""Everything that is checked and computed before the first trial: corpus, cells, declined pairs, features."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from harness.console import Console
from harness.data.copies_before_split import refuse_leaks
from harness.data.corpora import Workspace, open_corpus, readable_corpus
from harness.data.cut_clips import cut_lines
from harness.data.feature_workers import DamagedClips
from harness.data.features import features, padded_samples
from harness.data.partner_clips import reason_without
from harness.evaluation.parts import lacking_in_training, parts_of
from harness.evaluation.validation_folds import fold_lines
from harness.execution.auto_precision import resolved
from harness.study.cells import TARGET, VOTES, Cell, chosen_cells, plan
from harness.study.definition import Study
from harness.study.folds import protocol_label, with_all_folds
from harness.training.targets import target_reason, vote_lines
from registry.architecture import decline, is_shipped
from registry.augmentation import acts_on
from registry.core import label_of, short_label
from registry.corpus import Corpus
from registry.errors import BenchError, Declined
from registry.estimator import is_estimator
from registry.own_layers import reason_not_kept
from registry.validation_fold import validation_folds


@dataclass(frozen=True)
class Prepared:
    """The corpus of a run and the cells that can work.

    Args:
        study: with all folds of its protocols, where they are to be run.
        declined: protocol, or pair of feature space and architecture -> why it can't work.
    """

    study: Study
    corpus: Corpus
    workspace: Workspace
    cells: list[Cell]
    declined: dict[str, str]


def prepare(study: Study, workspace: Workspace, settings: dict[str, Any], only_cell: str | None, allow_missing: bool,
            console: Console, leaks_allowed: bool = False, all_folds: bool = False) -> Prepared:
    """Check the study and its corpus and compute the features of its cells, each once.

    Args:
        leaks_allowed: whether the study may have the corpus and split of `copies_before_split`.
        all_folds: run every fold of each protocol that has folds.
    Raises: UsageError where it has leaks and may not, or no folds and should; BenchError for a broken corpus (unless `allow_missing`), a
        setting that does not exist, or when every cell is declined.
    """
    if not leaks_allowed:
        refuse_leaks(study)
    corpus, workspace, lines = readable_corpus(study.corpus, workspace, allow_missing)
    for line in lines:
        console.say(line)
    expanded = with_all_folds(study, corpus) if all_folds else study
    kept, declined = feasible(expanded, corpus, settings, only_cell, all_folds)
    for where, reason in declined.items():
        console.say(f"declined: {where}: {reason}")
    for parts in parts_of([cell.base.split for cell in kept], corpus):
        for warning in parts.warnings():
            console.say(f"⚠ {warning}")
    for line in (*fold_lines(kept, corpus), *vote_lines(kept, corpus)):
        console.say(line)
    readable, workspace = _readable(study, corpus, workspace, kept, allow_missing, console)
    if readable is not corpus:
        corpus = readable
        expanded = with_all_folds(study, corpus) if all_folds else study
        kept, declined = feasible(expanded, corpus, settings, only_cell, all_folds)
    for line in cut_lines(corpus, [cell.base.feature_space for cell in kept], workspace.cache):
        console.say(f"cut: {line}")
    kept = chosen_cells(resolved(kept, corpus, workspace.home, console.say), only_cell)  # a precision may make two cells the same
    return Prepared(expanded, corpus, workspace, kept, declined)


def feasible(study: Study, corpus: Corpus, settings: dict[str, Any], only_cell: str | None = None,
             all_folds: bool = False) -> tuple[list[Cell], dict[str, str]]:
    """The cells that can work, and why the others can't: each pair and protocol is tried without computing or training anything.

    Args: all_folds: the study has all folds of its protocols, none of which may be missing.
    Raises: BenchError with the reasons when every cell is declined, or one of all folds.
    """
    cells = chosen_cells(plan(study, corpus.fingerprint, settings, corpus.votes_fingerprint), only_cell)
    protocols = {short_label(cell.base.split): cell for cell in cells}
    pairs = {cell.label: cell for cell in cells}
    reasons = {**{label: split_reason(cell.base.split, corpus, cell.base.validation_folds) for label, cell in protocols.items()},
               **{label: pair_reason(cell, corpus) or (model_reason(cell, corpus) if study.best_models else None)
                  for label, cell in pairs.items()},
               **{_where(cell, corpus, all_folds): cell_reason(cell) for cell in cells},
               **{_trained(cell): target_reason(cell, corpus) for cell in cells}}
    declined = {label: reason for label, reason in reasons.items() if reason}
    folds = [label for label, cell in protocols.items() if label in declined and hasattr(cell.base.split, "number_of_folds")]
    if all_folds and folds:
        raise BenchError(f"not all folds can be run, so that no row would be whole: {folds[0]}: {declined[folds[0]]}")
    kept = [cell for cell in cells if not {cell.label, short_label(cell.base.split), _where(cell, corpus, all_folds), _trained(cell)}
            & declined.keys()]
    if not kept:
        raise BenchError("every cell of the study is declined: " + "; ".join(f"{where}: {why}" for where, why in declined.items()))
    return kept, declined


def _readable(study: Study, corpus: Corpus, workspace: Workspace, cells: list[Cell], allow_missing: bool,
              console: Console) -> tuple[Corpus, Workspace]:
    """The corpus with every feature space computed; without the damaged clips where the user allowed that."""
    for label, space in {cell.base.feature_space.label: cell.base.feature_space for cell in cells}.items():
        try:
            with console.progress(), console.bar(f"features {label}", len(corpus)) as bar:
                features(corpus, space, workspace.cache, workspace.workers, bar.update)
        except DamagedClips as damaged:
            if not allow_missing:
                raise
            console.say(f"left out, as --allow-missing says: {damaged}")
            workspace = dataclasses.replace(workspace, left_out=tuple(sorted({*workspace.left_out, *damaged.clips})))
            corpus = open_corpus(study.corpus, workspace.data, workspace.left_out)
            return _readable(study, corpus, workspace, cells, allow_missing, console)
    return corpus, workspace


def split_reason(protocol: Any, corpus: Corpus, folds: int = 1) -> str | None:
    """Why a protocol, or one of its validation folds, does not fit a corpus; None when it does."""
    try:
        lacking = lacking_in_training(protocol(corpus), corpus)
        for fold in validation_folds(protocol, folds) if folds > 1 and not lacking else ():
            fold(corpus)
        return lacking or None
    except Declined as reason:
        return str(reason)


def _where(cell: Cell, corpus: Corpus, all_folds: bool) -> str:
    """A cell and its protocol: the same for all folds of one, of which the reason is the same."""
    return f"{cell.label} on {protocol_label(cell.base, corpus if all_folds else None)}"


def _trained(cell: Cell) -> str:
    return f"{cell.label}, {TARGET}={VOTES if cell.may_take_votes else cell.base.training.target}"


def cell_reason(cell: Cell) -> str | None:
    """Why the cell's feature space does not go with its protocol; None when it does."""
    if cell.base.feature_space.normalise != "per_speaker" or hasattr(cell.base.split, "enrolled"):
        return None
    return ("normalise='per_speaker' uses clips of every speaker that are known without labels, and this protocol knows none: list "
            f"KnownSpeakers(protocol={type(cell.base.split).__name__}()) of registry.splits.known_speakers")


def pair_reason(cell: Cell, corpus: Corpus) -> str | None:
    """Why the cell's architecture can't take its feature space or its augmentation; None when it can."""
    architecture, space, on_the_fly = cell.base.architecture, cell.base.feature_space, cell.base.augmentation.on_the_fly
    if on_the_fly and is_estimator(architecture):
        return (f"{label_of(type(architecture))} is fitted at once, without batches in which {label_of(type(on_the_fly[0]))} could act: "
                "list augmentations of waveforms under copies")
    if space.normalise == "per_speaker" and cell.base.augmentation.copies:
        return "normalise='per_speaker' has no statistics of altered copies: leave the copies out, or normalise otherwise"
    pairs = [label_of(type(copy)) for copy in cell.base.augmentation.copies if acts_on(copy) == "pair"]
    if pairs and (reason := reason_without(corpus)):
        return f"{pairs[0]} can't be made: {reason}"
    return decline(architecture, space.silent_shape(padded_samples(corpus, space)))


def model_reason(cell: Cell, corpus: Corpus) -> str | None:
    """Why no model of the cell could be kept, as one whose layers can't be loaded again; None when it can. Bench's own are tested."""
    architecture, space = cell.base.architecture, cell.base.feature_space
    if is_shipped(architecture):
        return None
    return reason_not_kept(architecture, space.silent_shape(padded_samples(corpus, space)), len(corpus.emotions))
