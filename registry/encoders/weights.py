"""Where the weights of an encoder lie on this machine, and which they are: nothing is fetched here.

They are looked for in the folder of models (`--models DIR`, BENCH_MODELS), in the cache of the Hugging Face hub, and in an installed
package that has them. A pinned model is one published file, known by its SHA-256, which is compared before the file is used; of any other
model the SHA-256 is computed, so that cache keys and signatures hold it either way.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from registry.encoders.models import PINNED
from registry.errors import BenchError, Lacking

FILES = ("model.safetensors", "model.bin")  # of models that are not pinned
HUB_OWNERS = (("openai/{}", "model.safetensors"), ("Systran/faster-{}", "model.bin"))


def models_folder() -> Path:
    """The folder that `bench models pull` fills: BENCH_MODELS, or one in the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    return Path(os.environ.get("BENCH_MODELS") or cache / "ser-bench" / "models").expanduser()


def find(name: str) -> Path:
    """The file with the weights of a model; of a pinned one, it is not yet compared with its digest.

    Raises: Lacking with the command that fetches it, where there is none.
    """
    path = next((path for path in places(name) if path.is_file()), None)
    if path is None:
        raise Lacking(_lacking(name))
    return path


def places(name: str) -> Iterator[Path]:
    """Where the file of a model may lie, the first place first."""
    model = PINNED.get(name)
    files = (model.file,) if model else FILES
    for folder in (name, name.removeprefix("whisper-")):
        yield from (models_folder() / folder / file for file in files)
    if model:
        yield _hub() / f"models--{model.repository.replace('/', '--')}" / "snapshots" / model.revision / model.file
        if model.package:
            yield from _in_package(*model.package)
    else:
        for owner, file in HUB_OWNERS:
            yield from in_hub(owner.format(name), file)


def sha256(name: str) -> str:
    """The SHA-256 of a model's weights, as cache keys and signatures hold it: of a pinned model without a look at any file.

    Raises: Lacking as `find`.
    """
    model = PINNED.get(name)
    return model.sha256 if model else sha256_of(find(name))


def verified(name: str) -> Path:
    """The file of a model, whose content is the pinned one where it is pinned.

    Raises: Lacking as `find`; BenchError for another content, which is left as it is.
    """
    path, model = find(name), PINNED.get(name)
    if model and (found := sha256_of(path)) != model.sha256:
        raise BenchError(f"{path} is not the published file of {name}: its SHA-256 is {found}, and {model.sha256} is pinned. It was left "
                         f"as it is; move it away, or have `bench models pull {name} --models DIR` fetch the published one into DIR")
    return path


class State(NamedTuple):
    """Where the weights of a model are; `state` is as pinned, not pinned, wrong (another file than the pinned) or absent."""

    name: str
    state: str
    place: str
    megabytes: str
    sha256: str


def state(name: str) -> State:
    """The state of a model's weights on this machine; the file is read for it."""
    try:
        path = find(name)
    except Lacking:
        return State(name, "absent", "", "", "")
    digest, model = sha256_of(path), PINNED.get(name)
    known = "not pinned" if model is None else "as pinned" if digest == model.sha256 else "wrong"
    return State(name, known, str(path), f"{path.stat().st_size / 1e6:,.1f}", f"{digest[:12]}…")


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file; once a process while it stays the same. Raises: BenchError when it can't be read."""
    try:
        state = path.stat()
        return _digest(path, state.st_size, state.st_mtime_ns)
    except OSError as error:
        raise BenchError(f"{path} can't be read ({error.strerror}): check its permissions") from error


@functools.lru_cache(maxsize=64)
def _digest(path: Path, size: int, changed_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _hub() -> Path:
    """The cache of the Hugging Face hub, where its own library looks for it."""
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    home = os.environ.get("HF_HOME") or f"{cache}/huggingface"
    return Path(os.environ.get("HF_HUB_CACHE") or f"{home}/hub").expanduser()


def in_hub(repository: str, file: str) -> Iterator[Path]:
    """A file of a repository in the revision of the hub's cache that stands for `main`."""
    folder = _hub() / f"models--{repository.replace('/', '--')}"
    main = folder / "refs" / "main"
    if main.is_file():
        yield folder / "snapshots" / main.read_text(encoding="utf-8").strip() / file


def _in_package(package: str, file: str) -> Iterator[Path]:
    spec = importlib.util.find_spec(package)  # found, and not imported
    yield from (Path(folder) / file for folder in (spec and spec.submodule_search_locations) or ())


def _lacking(name: str) -> str:
    model, folder = PINNED.get(name), models_folder()
    if model:
        return (f"the weights of {name} are not on this machine: `bench models pull {name}` fetches them ({model.bytes / 1e6:.0f} MB) into "
                f"{folder}; if you have them elsewhere, name the folder that holds {name}/{model.file} with --models DIR or BENCH_MODELS")
    return (f"there are no weights of {name} on this machine, and bench has no pinned address of them (it has of {', '.join(PINNED)}): put "
            f"{' or '.join(FILES)} into {folder / name}, name another folder of models with --models DIR or BENCH_MODELS, or have "
            f"the Hugging Face hub's own client fetch {' or '.join(owner.format(name) for owner, _ in HUB_OWNERS)} into its cache")
