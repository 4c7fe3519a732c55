"""What a transfer matrix will train and test, and why it can't, known before anything is trained."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

from harness.analyses.transfer.options import TransferOptions
from harness.console import Console
from harness.data.corpora import Workspace, open_corpus, readable_corpus
from harness.execution.prepare import pair_reason, split_reason
from harness.study.cells import Cell, chosen_cells, plan
from harness.study.definition import Recipe, Study
from harness.study.files import StudyFile, chosen_study, parse_component
from harness.study.settings import has_setting
from harness.training.targets import target_reason
from registry.core import get, label_of, short_label
from registry.corpora.combined import CALM, Combined
from registry.corpus import Corpus
from registry.errors import BenchError, require

UNTOUCHED_HZ = 48_000  # of the joined corpora the highest rate: nothing above a clip's own is lost
PROTOCOLS = ("unseen_speakers_80_20", "unseen_sentences")  # the first that fits; the second shares speakers


@dataclass(frozen=True, eq=False)
class TransferCorpus:
    """One of the corpora.

    Args:
        name: as the command line gives it. loader: of its clips without calm ones.
        split: the protocol that it is trained under; None: it is only tested on.
    """

    name: str
    loader: Any
    corpus: Corpus
    split: Any

    def study(self, cell: Cell, study: Study) -> Study:
        """The cell alone on this corpus; every model is kept, to be tested on the other corpora, later ones too."""
        base = cell.base
        recipe = Recipe(name=cell.label, feature_space=base.feature_space, architecture=base.architecture, splits=(self.split,),
                        training=base.training, augmentation=base.augmentation)
        return Study(corpus=self.loader, recipes=(recipe,), trials=0, seeds=study.seeds, best_models=10_000, measure_cost=False)


@dataclass(frozen=True, eq=False)
class TransferPlan:
    """One cell of a study and the corpora that it is trained and tested on, which share emotions and no clips."""

    file: StudyFile
    cell: Cell
    settings: dict[str, Any]
    corpora: tuple[TransferCorpus, ...]

    @property
    def sources(self) -> list[TransferCorpus]:
        """The corpora that are trained on."""
        return [corpus for corpus in self.corpora if corpus.split is not None]

    def part(self, source: TransferCorpus) -> tuple[Study, dict[str, Any]]:
        """What is run on one corpus, and the settings of the command line that its cell has."""
        part = source.study(self.cell, self.file.study)
        return part, {key: value for key, value in self.settings.items() if any(has_setting(cell.base, key) for cell in plan(part, ""))}

    def pairs(self) -> list[tuple[TransferCorpus, TransferCorpus]]:
        """Trained on, tested on: where at least two emotions are in both."""
        return [(source, target) for source in self.sources for target in self.corpora if len(shared_emotions(source, target)) > 1]


def planned(options: TransferOptions, workspace: Workspace, console: Console) -> TransferPlan:
    """The plan of a call. Raises: BenchError for all that must be fixed first; nothing is written."""
    file = chosen_study(options.study, seeds=list(options.seeds))
    cell = chosen_cells(plan(file.study, "", options.settings), options.cell)[0]
    corpora = tuple(_corpus(name, cell, workspace, console) for name in options.corpora)
    if all(corpus.split is None for corpus in corpora):
        raise BenchError(f"none of {', '.join(options.corpora)} can be split for training: the lines above have the reasons")
    made = TransferPlan(file, cell, options.settings, corpora)
    _refuse_strangers(made, console)
    for source in made.sources:
        if reason := pair_reason(cell, source.corpus) or target_reason(cell, source.corpus):
            raise BenchError(f"{cell.label} can't be trained on {source.name}: {reason}")
    for other, one in itertools.combinations(corpora, 2):
        both = set(one.corpus.digests) & set(other.corpus.digests)
        require(not both, f"{other.name} and {one.name} share {len(both):,} clips: a network would be tested on what it was trained on. "
                "Name corpora of different clips")
    return made


def shared_emotions(source: TransferCorpus, target: TransferCorpus) -> list[str]:
    """The emotions that a network of one corpus knows and clips of the other have, in the order of its outputs."""
    present = {clip.emotion for clip in target.corpus.clips}
    return [emotion for emotion in source.corpus.emotions if emotion in present]


def _refuse_strangers(made: TransferPlan, console: Console) -> None:
    """Refuse corpora that are in no pair with another one; say which pairs are not tested."""
    pairs = {(source.name, target.name) for source, target in made.pairs()}
    partners = {name for pair in pairs if pair[0] != pair[1] for name in pair}
    strangers = [corpus.name for corpus in made.corpora if corpus.name not in partners]
    listed = "\n".join(f"  {corpus.name}: {', '.join(corpus.corpus.emotions)}" for corpus in made.corpora)
    if strangers:
        raise BenchError(
            f"{' and '.join(strangers)} share{'s'[len(strangers) > 1 :]} fewer than two emotions with every other corpus, so that no "
            f"network could be tested across them; nothing was trained. The emotions are:\n{listed}\nName them alike, or leave corpora "
            "out. A table's words are mapped by 'folder[emotions=common]', those that the common set lacks by "
            "'folder[emotions=joy:HAP+rage:ANG]'")
    for source, target in itertools.product(made.sources, made.corpora):
        if (source.name, target.name) not in pairs:
            console.say(f"{source.name} → {target.name}: not tested, there are not two emotions that both have")


def _corpus(name: str, cell: Cell, workspace: Workspace, console: Console) -> TransferCorpus:
    """A corpus without its calm clips, where it is a registered one, and the strictest protocol that fits it."""
    loader = parse_component("corpora", name)
    corpus = open_corpus(loader, workspace.data)
    if CALM in corpus.emotions and loader == type(loader)() and label_of(type(loader)) not in ("folder", "combined"):
        loader = Combined(corpora=(label_of(type(loader)),), calm="left_out", sample_rate=UNTOUCHED_HZ)
    corpus, _, lines = readable_corpus(loader, workspace, allow_missing=False)
    for line in lines:
        console.say(line)
    splits = [get("splits", protocol)() for protocol in PROTOCOLS]
    reasons = [split_reason(split, corpus) for split in splits]
    split = next((split for split, reason in zip(splits, reasons, strict=True) if reason is None), None)
    if reasons[0]:
        instead = f"it is trained under {short_label(split)}, which shares speakers" if split else "it is only tested on"
        console.say(f"{name}: {'; '.join(filter(None, reasons))}: {instead}")
    return TransferCorpus(name, loader, corpus, split)
