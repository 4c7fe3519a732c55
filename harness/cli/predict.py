"""`bench predict`: the emotions in recordings, by a model that a study kept or that was exported."""

from __future__ import annotations

import argparse
import csv
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.cli import options

if TYPE_CHECKING:
    from harness.console import Console
    from harness.prediction.open_model import OpenedModel
    from harness.prediction.predict import Prediction, Unreadable
    from harness.prediction.recordings import Listing

SCHEMA = 1  # of `bench predict --json`; grows when a field changes its form


def add_to(subparsers: Any) -> None:
    sub = options.add_command(subparsers, "predict", predict_command, "the emotions in recordings, by a model of a study or a folder",
                              "bench predict cnn2d clip.wav", "bench predict models:/cnn2d_unseen@champion interviews/ --json",
                              "bench predict exported/ meeting.mp3 --curves curves/")
    sub.add_argument("model", metavar="MODEL", help="a study, for its chosen row; a row STUDY:CELL@SPLIT; the start of a run's id; "
                                                    "models:/NAME@ALIAS; or a folder of `bench export`")
    sub.add_argument("files", nargs="+", metavar="FILE|DIR|-", help="recordings, folders of them, or standard input")
    form = sub.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print everything as JSON instead of a table")
    form.add_argument("--csv", action="store_true", help="print a row a file as CSV instead of a table")
    sub.add_argument("--curves", type=Path, metavar="DIR", help="write the emotions over time of long recordings there, as CSV and picture")
    sub.add_argument("--window", type=options.seconds, metavar="S",
                     help="cut what lasts longer into windows of so many seconds (default: what the model hears of a clip, for "
                          "recordings of more than twice that)")
    sub.add_argument("--hop", type=options.seconds, metavar="S", help="seconds from one window to the next (default: half a window)")
    options.add_quiet(sub)
    options.add_models_folder(sub)


def predict_command(args: argparse.Namespace, console: Console) -> int:
    """Returns: 1 where a file could not be predicted."""
    from harness.prediction.open_model import open_model
    from harness.prediction.predict import Prediction, predict_recordings
    from harness.prediction.recordings import Windows, listed

    with tempfile.TemporaryDirectory() as folder:
        listing = listed(args.files, Path(folder) / "stdin")
        console.say("loading the model")
        opened = open_model(args.model, lambda: options.store(args))
        _say_which(opened, listing, console)
        windows = Windows.of(opened.model.heard_s, args.window, args.hop)
        with console.progress(), console.bar("predicting", len(listing.recordings)) as bar:
            found = list(predict_recordings(opened.model, listing.recordings, windows, bar.update))
    predictions = [each for each in found if isinstance(each, Prediction)]
    unreadable = [each for each in found if not isinstance(each, Prediction)]
    if args.json:
        print(json.dumps(_document(opened, found), indent=2, ensure_ascii=False, allow_nan=False))
    elif args.csv:
        print_csv(opened.model.emotions, predictions)
    elif predictions:
        print_table(predictions, console)
    return _end(args, listing, predictions, unreadable, console)


def _say_which(opened: OpenedModel, listing: Listing, console: Console) -> None:
    """Which model predicts, and what else there is to know before."""
    from harness.reports.markdown import plural

    console.say(f"model: {opened.name}")
    if opened.others:
        console.say(f"others of the study: {'; '.join(map(repr, opened.others))}")
    model = opened.model
    if model.knows_speaker:
        console.say(f"this model standardises a speaker's clips: all {len(listing.recordings)} recordings count as one speaker's; give "
                    "those of another in a call of their own")
    if few := model.too_few(len(listing.recordings)):
        console.say(f"warning: {few}")
    if listing.passed_over:
        console.say(f"passed over: {plural(listing.passed_over, 'file')} of folders without an ending of audio")


def print_table(predictions: Sequence[Prediction], console: Console) -> None:
    """A row a file: the likeliest emotion, its probability, and the next likely one."""
    several = any(len(each.windows) > 1 for each in predictions)
    rows = []
    for each in predictions:
        (emotion, confidence), *others = each.ranked
        runner_up = f"{others[0][0]} {_share(others[0][1])}" if others else "–"
        windows = [str(len(each.windows))] if several else []
        rows.append([each.name, f"{each.seconds:.1f}", *windows, emotion, _share(confidence), runner_up, f"{each.ms:.1f}"])
    console.table(["file", "seconds", *(["windows"] if several else []), "emotion", "confidence", "runner-up", "ms"], rows)


def _share(probability: float) -> str:
    return f"{probability:.2f}"


def print_csv(emotions: Sequence[str], predictions: Sequence[Prediction]) -> None:
    """A row a file with the probability of each emotion, on stdout."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["file", "seconds", "windows", "emotion", "confidence", "runner_up", "ms", *emotions])
    for each in predictions:
        (emotion, confidence), *others = each.ranked
        writer.writerow([each.name, f"{each.seconds:.3f}", len(each.windows), emotion, f"{confidence:.6f}", others[0][0] if others else "",
                         f"{each.ms:.2f}", *(f"{p:.6f}" for p in each.probabilities)])


def _document(opened: OpenedModel, found: Sequence[Prediction | Unreadable]) -> dict[str, Any]:
    from harness.prediction.predict import Prediction

    return {"schema": SCHEMA, "model": opened.name, "emotions": list(opened.model.emotions),
            "predictions": [each.as_json() for each in found if isinstance(each, Prediction)],
            "errors": [{"file": each.name, "reason": each.reason} for each in found if not isinstance(each, Prediction)]}


def _end(args: argparse.Namespace, listing: Listing, predictions: Sequence[Prediction], unreadable: Sequence[Unreadable],
         console: Console) -> int:
    """Write the curves, and say what could not be predicted; the exit code."""
    from harness.prediction.curves import write_curve
    from harness.safe_text import printable

    long = [each for each in predictions if len(each.windows) > 1]
    taken: set[str] = set()
    for each in long if args.curves else []:
        table, picture = write_curve(each, args.curves, taken)
        taken.add(table.stem.lower())
        console.say(f"over time: {table} and {picture.name}")
    if long and not args.curves and not args.json:
        console.say(f"{len(long)} long: the emotion is that of the mean over windows; --curves DIR writes the emotions over time")
    if predictions:
        clips = sum(len(each.windows) for each in predictions)
        console.say(f"{sum(each.ms for each in predictions) / clips:.1f} ms a clip or window, reading included")
    faults = [each.reason for each in unreadable] + [f"there is no audio in {folder}: files with other endings are read when they are named"
                                                     for folder in listing.empty]
    for fault in faults:
        print(printable(f"bench: {fault}"), file=sys.stderr)
    if faults:
        console.say(f"{len(predictions)} predicted, {len(faults)} not")
    return int(bool(faults))
