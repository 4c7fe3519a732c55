"""`bench models` lists the pretrained encoders that are pinned, fetches their weights, and says which are on this machine."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING, Any

from harness.cli import options
from registry.errors import BenchError, UsageError

if TYPE_CHECKING:
    from harness.console import Console


def add_to(subparsers: Any) -> None:
    models = options.add_command(subparsers, "models", models_command,
                                 "list pretrained encoders, fetch their weights, or show which are on this machine",
                                 "bench models list", "bench models pull whisper-tiny.en", "bench models status --models ~/models")
    models.add_argument("action", choices=["list", "pull", "status"], metavar="list|pull|status",
                        help="what is known of each, fetch weights, or show where they are")
    models.add_argument("names", nargs="*", metavar="MODEL", help="such as whisper-tiny.en; of list and status all for none")
    models.add_argument("--mirror", metavar="URL", help="pull from a server of your own that has the same paths (or HF_ENDPOINT)")
    options.add_quiet(models)
    options.add_models_folder(models)


def models_command(args: argparse.Namespace, console: Console) -> int:
    from registry.encoders.models import PINNED, pinned

    if args.action == "pull":
        if not args.names:
            raise UsageError(f"`bench models pull` needs the models: bench models pull {next(iter(PINNED))}")
        for model in [pinned(name) for name in args.names]:  # a wrong name is an error before anything is fetched
            _pull(model.name, args.mirror or os.environ.get("HF_ENDPOINT", ""), console)
        return 0
    if args.action == "status":
        return print_status(args.names, console)
    for model in [pinned(name) for name in args.names or PINNED]:
        console.table(["what", model.name], [list(fact) for fact in model.facts.items()])
    return 0


def _pull(name: str, mirror: str, console: Console) -> None:
    """Fetch a model's file into the folder of models, unless it is there. Raises: BenchError where nothing may be fetched."""
    from harness.data.download import pull
    from registry.encoders.models import pinned
    from registry.encoders.weights import models_folder, sha256_of

    model, folder = pinned(name), models_folder()
    place = folder / name / model.file
    if not (place.is_file() and sha256_of(place) == model.sha256):
        if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
            raise BenchError(f"HF_HUB_OFFLINE is set, so {name} is not fetched: unset it, or put {model.file} of {model.repository} into "
                             f"{place.parent}")
        pull(model.source, folder, console, mirror)
    console.result(f"{name}: {place}, {model.bytes / 1e6:.1f} MB, SHA-256 {model.sha256[:12]}… as pinned")
    console.say(f"Licence: {model.licence}. Please cite: {model.citation}")


def print_status(names: list[str], console: Console) -> int:
    """Where the weights of models are; 1 where one is another file than the pinned. Those of local folders have no digest to compare."""
    from registry.encoders.weights import models_folder, state

    found = [state(name) for name in names or _known()]
    console.table(["model", "state", "where", "MB", "SHA-256"], [list(row) for row in found], title=f"folder of models: {models_folder()}")
    return int(any(row.state == "wrong" for row in found))


def _known() -> list[str]:
    """The pinned models, and those that have a folder in the folder of models."""
    from registry.encoders.models import PINNED
    from registry.encoders.weights import FILES, models_folder

    local = {file.parent.name for kind in FILES for file in models_folder().glob(f"*/{kind}")}
    return [*PINNED, *sorted(local - PINNED.keys())]
