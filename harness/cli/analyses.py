"""`bench replicate`, `leakage`, `noise` and `transfer`: options are the fields of each analysis's options, which hold the defaults."""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING, Any, Literal

from harness.analyses.leakage.options import LeakageOptions
from harness.analyses.noise.options import NoiseOptions
from harness.analyses.published.options import ReplicateOptions
from harness.analyses.transfer.options import TransferOptions
from harness.cli import options

if TYPE_CHECKING:
    from harness.console import Console
    from harness.data.corpora import Workspace


def add_to(subparsers: Any) -> None:
    for add in (_add_replicate, _add_leakage, _add_noise, _add_transfer):
        add(subparsers)


def _add_values(sub: argparse.ArgumentParser, cls: type[Any], name: str, metavar: str, text: str, of: type[Any] = str,
                nargs: Literal["+", "*"] = "+") -> None:
    """An option of one or more values, or with `*` of none, its default the one of the field."""
    default = getattr(cls, name)
    shown = " ".join(str(value).removesuffix(".0") for value in default) or "none"
    sub.add_argument(f"--{name}", type=of, nargs=nargs, default=default, metavar=metavar, help=f"{text} (default {shown})")


def _given(cls: type[Any], args: argparse.Namespace) -> Any:
    """The options of an analysis from the command line."""
    values = vars(args) | ({"settings": options.settings(args)} if "set" in args else {})
    return cls(**{field.name: tuple(values[field.name]) if isinstance(field.default, tuple) else values[field.name]
                  for field in dataclasses.fields(cls)})


def _add_replicate(subparsers: Any) -> None:
    sub = options.add_command(subparsers, "replicate", replicate_command, "run published systems and put claimed beside reproduced",
                              "bench replicate --data ~/corpora", "bench replicate 000 002_rezonet --data ~/corpora --epochs-scale 0.1")
    sub.add_argument("names", nargs="*", metavar="SYSTEM", help="a system (000) or a recipe (002_exponet); default: all published ones")
    sub.add_argument("--epochs-scale", type=float, default=ReplicateOptions.epochs_scale, metavar="SHARE",
                     help="train this share of the published epochs; the report says so (default %(default)g)")
    sub.add_argument("--variants", action="store_true", help="also recipes that correct or restate a published one")
    sub.add_argument("--corpus", metavar="NAME", help="another corpus than the system's; fields as NAME[field=value]")
    sub.add_argument("--split", nargs="+", dest="splits", metavar="NAME", help="other splits than the published one and its twin")
    sub.add_argument("--seeds", type=int, nargs="+", metavar="SEED", help="one training each (default: as in the study file)")
    options.add_allow_missing(sub)
    options.add_training(sub)


def replicate_command(args: argparse.Namespace, console: Console) -> None:
    from harness.analyses.published.report import interval
    from harness.analyses.published.run import replicate
    from harness.analyses.published.verdicts import verdict
    from harness.reports.markdown import brief
    from harness.reports.pages import PUBLISHED

    compared = replicate(_given(ReplicateOptions, args), options.store(args, new=True), options.workspace(args), console,
                         args.allow_missing, options.execution(args))
    console.table(["recipe", "claimed WA", "reproduced WA", "unseen speakers WA", "verdict"],
                  [[c.name, brief(c.claim.wa), interval(c.shared, "wa"), interval(c.unseen, "wa"), verdict(c)] for c in compared],
                  title="claimed and reproduced")
    console.result(f"Report: {args.home / 'reports' / PUBLISHED}")
    console.result(f"MLflow UI: bench ui --home {args.home}")


def _add_leakage(subparsers: Any) -> None:
    sub = options.add_command(subparsers, "leakage", leakage_command,
                              "what each leak is worth: a study's cells under honest and leaking protocols",
                              "bench leakage --study cnn2d --data ~/corpora --seeds 0 1 --set training.epochs=10",
                              "bench leakage --study quickstart --corpus synthetic",
                              "bench leakage --study voices --copies --enrolment 1 2 5 10 20 all --data ~/corpora")
    sub.add_argument("--study", required=True, metavar="NAME|FILE", help="its cells are trained as written there; nothing is searched")
    sub.add_argument("--cell", metavar="LABEL", help="only this feature space × architecture, as the report writes it")
    sub.add_argument("--corpus", metavar="NAME", help="another corpus than the study's; fields as NAME[field=value]")
    _add_values(sub, LeakageOptions, "seeds", "SEED", "one training each", int)
    _add_values(sub, LeakageOptions, "copies", "NAME", "augmentations of cells that make no copies themselves; nothing after it: none, "
                "and no protocols with copies", nargs="*")
    _add_values(sub, LeakageOptions, "enrolment", "K", "also price knowing the speaker: numbers of clips of each that are known without "
                "labels, of any emotion, neutral ones alone, and all but one, such as 1 2 5 10 20 all", nargs="*")
    options.add_allow_missing(sub)
    options.add_training(sub)


def leakage_command(args: argparse.Namespace, console: Console) -> None:
    from harness.analyses.leakage.enrolment_section import number_of
    from harness.analyses.leakage.report import points, uar_with_interval
    from harness.analyses.leakage.run import measure_leakage
    from harness.analyses.leakage.worth import PROTOCOLS
    from harness.reports.pages import LEAKAGE_PAGE

    cells = measure_leakage(_given(LeakageOptions, args), options.store(args, new=True), options.workspace(args), console,
                            args.allow_missing, options.execution(args))
    console.table(["cell", *PROTOCOLS.values()],
                  [[cell.cell, *(uar_with_interval(cell.under.get(protocol)) for protocol in PROTOCOLS)] for cell in cells],
                  title="test UAR by protocol")
    if known := [(cell, each) for cell in cells for each in cell.known]:
        console.table(["cell", "known clips", "of which emotions", "nothing known", "speaker known", "points gained"],
                      [[cell.cell, number_of(each.enrolment), each.of_emotions, uar_with_interval(each.nothing),
                        uar_with_interval(each.knowing), points(each.worth)] for cell, each in known],
                      title="test UAR with clips of the speakers that are known without labels")
    console.result(f"Report: {args.home / 'reports' / LEAKAGE_PAGE}")


def _add_noise(subparsers: Any) -> None:
    sub = options.add_command(subparsers, "noise", noise_command,
                              "recall against noise: saved models of a study, or of one run, predict their test clips in noise",
                              "bench noise cnn2d --data ~/corpora", "bench noise quickstart --levels 20 10 0 --kinds white")
    sub.add_argument("what", metavar="STUDY|RUN", help="a study whose finals kept models, or the start of an MLflow run's id")
    _add_values(sub, NoiseOptions, "levels", "DB", "ratios of the speech's power to the noise's, in dB", float)
    _add_values(sub, NoiseOptions, "kinds", "KIND", "white, babble or both")
    options.add_quiet(sub)
    options.add_data(sub)


def noise_command(args: argparse.Namespace, console: Console) -> None:
    from harness.analyses.noise.report import condition_label
    from harness.analyses.noise.run import measure_noise
    from harness.reports.markdown import with_interval

    chosen = _given(NoiseOptions, args)
    measured, path = measure_noise(chosen, options.store(args), options.workspace(args), console)
    for kind in chosen.kinds:
        rows = [row for row in measured if kind in row.kinds]
        keys = list(dict.fromkeys(key for row in rows for key in row.levels(kind)))
        console.table(["cell", "protocol", *map(condition_label, keys)],
                      [[row.label, row.split, *(with_interval(*row.figure(key, "uar")) for key in keys)] for row in rows],
                      title=f"test UAR in {kind} noise")
    console.result(f"Report: {path}")


def _add_transfer(subparsers: Any) -> None:
    sub = options.add_command(subparsers, "transfer", transfer_command,
                              "the transfer matrix: a cell of a study trained on each corpus and tested on all of them",
                              "bench transfer --study cnn2d --data ~/corpora",
                              "bench transfer --study cnn2d --corpora crema_d savee --seeds 0 --set training.epochs=10 --data ~/corpora")
    sub.add_argument("--study", required=True, metavar="NAME|FILE", help="its cell is trained as written there; nothing is searched")
    _add_values(sub, TransferOptions, "corpora", "NAME",
                "two or more below --data, or a table anywhere as 'folder[csv=/DIR/clips.csv]'; fields as NAME[field=value]")
    sub.add_argument("--cell", metavar="LABEL", help="this feature space × architecture, as the report writes it (default: the first)")
    _add_values(sub, TransferOptions, "seeds", "SEED", "one training each on each corpus", int)
    sub.add_argument("--dry-run", action="store_true", help="check everything, print the pairs and the cost, and train nothing")
    options.add_training(sub)


def transfer_command(args: argparse.Namespace, console: Console) -> None:
    from harness.analyses.transfer.report import figures_with_chance
    from harness.analyses.transfer.run import measure_transfer
    from harness.reports.pages import TRANSFER_PAGE

    if args.dry_run:
        print_transfer_plan(_given(TransferOptions, args), options.workspace(args), console, options.workers(args))
        return
    matrices = measure_transfer(_given(TransferOptions, args), options.store(args, new=True), options.workspace(args), console,
                                options.execution(args))
    for matrix in matrices:
        console.table(["trained on ↓ tested on →", *matrix.targets], figures_with_chance(matrix),
                      title=f"{matrix.study}: {matrix.cell}: test UAR")
    console.result(f"Report: {args.home / 'reports' / TRANSFER_PAGE}")


def print_transfer_plan(chosen: TransferOptions, workspace: Workspace, console: Console, workers: int | Literal["auto"]) -> None:
    """The pairs with the emotions and clips that are tested, the parts of what is trained on, and the cost; nothing is run."""
    from harness.analyses.transfer.plan import planned, shared_emotions
    from harness.evaluation.parts import PARTS, parts_of
    from harness.execution.auto_precision import foreseen
    from harness.execution.duration import duration
    from harness.study.cells import plan

    made = planned(chosen, workspace, console)
    trained, tested, epochs = [], [], 0
    for source in made.sources:
        part, fixed = made.part(source)
        parts = parts_of([source.split], source.corpus)[0]
        cells, _ = foreseen(plan(part, "", fixed), source.corpus, workspace.home)
        epochs += cells[0].base.training.epochs * len(part.seeds)
        took = duration(part, cells, source.corpus, say=console.say, workers=workers, cache=workspace.cache)
        trained.append([source.name, parts.label, *map(parts.in_words, PARTS), str(took or "not known")])
        for target in [target for one, target in made.pairs() if one is source]:
            shared = shared_emotions(source, target)
            clips = parts.in_words("test") if target is source else f"{sum(c.emotion in shared for c in target.corpus.clips):,} clips"
            tested.append([source.name, target.name, clips, " ".join(shared)])
    console.table(["trained on", "protocol", *PARTS, "time"], trained, title=f"{made.file.name}: {made.cell.label}")
    console.table(["trained on", "tested on", "clips", "emotions that both have"], tested)
    console.result(f"{len(made.sources)} corpora × {len(chosen.seeds)} seeds = {len(made.sources) * len(chosen.seeds)} trainings, at most "
                   f"{epochs:,} epochs; {len(tested) * len(chosen.seeds)} tests")
