"""`bench export`: a model as a folder that predicts elsewhere."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.cli import options

if TYPE_CHECKING:
    from harness.console import Console

TAKES = {"waveform": "model.onnx takes the waveform: features and normalisation are inside",
         "features": "model.onnx takes features, which front_end.py computes"}


def add_to(subparsers: Any) -> None:
    sub = options.add_command(subparsers, "export", export_command,
                              "a model as a folder that predicts elsewhere: ONNX, front end, model card, proof",
                              "bench export cnn2d --to exported --data ~/corpora", "bench export 3f2a91 --to exported")
    sub.add_argument("model", metavar="MODEL", help="a study, for its chosen row; a row STUDY:CELL@SPLIT; the start of a run's id; or "
                                                    "models:/NAME@ALIAS")
    sub.add_argument("--to", type=Path, required=True, metavar="DIR", help="a new folder")
    options.add_quiet(sub)
    options.add_data(sub)


def export_command(args: argparse.Namespace, console: Console) -> None:
    console.say("loading the model")
    from harness.evaluation.kept_models import kept_model
    from harness.prediction.export import export_model

    store = options.store(args)
    kept = kept_model(store, args.model)
    console.say(f"model: {kept.name}")
    if kept.others:
        console.say(f"others of the study: {'; '.join(map(repr, kept.others))}")
    made = export_model(kept, args.to, store, options.workspace(args))
    console.result(TAKES.get(made.takes, f"no ONNX: {made.why_keras}; keras/ holds the Keras network"))
    proof = made.proof
    console.result(f"equal to the original on {len(proof.clips)} test clips: probabilities differ by {proof.difference:.1e} at most")
    console.result(f"Model card: {made.folder / 'README.md'}")
    console.result(f"To predict: bench predict {shlex.quote(str(made.folder))} clip.wav")
