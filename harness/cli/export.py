"""`bench export`: a model as a folder that predicts elsewhere."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.cli import options

if TYPE_CHECKING:
    from harness.console import Console

TAKES = {"waveform": "{} takes the waveform: features and normalisation are inside",
         "features": "{} takes features, which front_end.py computes"}


def add_to(subparsers: Any) -> None:
    sub = options.add_command(subparsers, "export", export_command,
                              "a model as a folder that predicts elsewhere: ONNX or LiteRT, front end, model card, proof",
                              "bench export cnn2d --to exported --data ~/corpora", "bench export 3f2a91 --to exported --format litert")
    sub.add_argument("model", metavar="MODEL", help="a study, for its chosen row; a row STUDY:CELL@SPLIT; the start of a run's id; or "
                                                    "models:/NAME@ALIAS")
    sub.add_argument("--to", type=Path, required=True, metavar="DIR", help="a new folder")
    sub.add_argument("--format", choices=("onnx", "litert"), default="onnx", help="of the network: ONNX (default), or LiteRT for phones "
                                                                                   "and small boards")
    options.add_quiet(sub)
    options.add_data(sub)


def export_command(args: argparse.Namespace, console: Console) -> None:
    console.say("loading the model")
    from harness.evaluation.kept_models import kept_model
    from harness.prediction.export import FORMS, export_model

    store = options.store(args)
    kept = kept_model(store, args.model)
    console.say(f"model: {kept.name}")
    if kept.others:
        console.say(f"others of the study: {'; '.join(map(repr, kept.others))}")
    made = export_model(kept, args.to, store, options.workspace(args), args.format)
    no_network = f"no ONNX: {made.why_keras}; keras/ holds the Keras network"
    console.result(TAKES[made.takes].format(FORMS[args.format][0]) if made.takes in TAKES else no_network)
    proof = made.proof
    console.result(f"equal to the original on {len(proof.clips)} test clips: probabilities differ by {proof.difference:.1e} at most")
    console.result(f"Model card: {made.folder / 'README.md'}")
    console.result(f"To predict: bench predict {shlex.quote(str(made.folder))} clip.wav")
