"""Speech encoders as Hugging Face's `transformers` reads them: where their files lie, which they are, and what their layers give.

Nothing is fetched here, no code of a model is run, and weights are read from safetensors only.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import importlib.util
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.encoders.weights import in_hub, models_folder, sha256_of
from registry.errors import BenchError, Lacking, UsageError

if TYPE_CHECKING:
    import numpy as np

CONFIG, PREPROCESSING, WEIGHTS = "config.json", "preprocessor_config.json", "model.safetensors"
OF_WAVEFORMS = ("wav2vec2", "hubert", "wavlm", "data2vec-audio", "unispeech", "unispeech-sat", "wav2vec2-conformer")
INSTALL = "pip install 'ser-bench[encoders]'"
READ_ALOUD = "none known: audiobooks"
KNOWN = {name: {"trained on": data, "licence": licence, "overlap with corpora": READ_ALOUD} for name, data, licence in (
    ("facebook/wav2vec2-base", "LibriSpeech, 960 hours of audiobooks, without transcripts", "Apache-2.0"),
    ("facebook/hubert-base-ls960", "LibriSpeech, 960 hours of audiobooks, without transcripts", "Apache-2.0"),
    ("facebook/data2vec-audio-base", "LibriSpeech, 960 hours of audiobooks, without transcripts", "Apache-2.0"))}
"""What the pages of published models say of them."""


def package_version() -> str:
    """The package that computes the values, as `transformers==5.0.0`. Raises: Lacking with the command that installs it."""
    if importlib.util.find_spec("transformers") is None or importlib.util.find_spec("torch") is None:
        raise Lacking(f"the packages transformers and torch, which compute speech_encoder, are not installed: {INSTALL}")
    return f"transformers=={importlib.metadata.version('transformers')}"


def find(model: str) -> Path:
    """The folder with a model's `config.json` and `model.safetensors`. Raises: Lacking, with where it was looked for."""
    own = models_folder() / model.replace("/", "--")
    places = [own, *(path.parent for path in in_hub(model, CONFIG))]
    folder = next((place for place in places if (place / CONFIG).is_file()), None)
    if folder is None:
        raise Lacking(f"there is no {model} on this machine: put its {CONFIG}, {PREPROCESSING} and {WEIGHTS} into {own}, name another "
                      f"folder of models with --models DIR or BENCH_MODELS, or have the Hugging Face hub's own client fetch it into its "
                      f"cache (hf download {model})")
    if not (folder / WEIGHTS).is_file():
        raise Lacking(f"{folder} has no {WEIGHTS}: weights in another form are not read, since they may hold code; a revision of {model} "
                      "with safetensors, or one saved by `save_pretrained`, has them")
    return folder


def sha256(model: str) -> str:
    """The SHA-256 of a model's files together. Raises: Lacking as `find`."""
    folder = find(model)
    digests = [sha256_of(folder / name) for name in (CONFIG, PREPROCESSING, WEIGHTS) if (folder / name).is_file()]
    return hashlib.sha256(" ".join(digests).encode()).hexdigest()


def configuration(model: str) -> dict[str, Any]:
    """A model's `config.json`. Raises: Lacking as `find`; UsageError for a model that is no encoder of waveforms."""
    path = find(model) / CONFIG
    settings = _read(path)
    if settings.get("model_type") not in OF_WAVEFORMS:
        raise UsageError(f"speech_encoder reads {', '.join(OF_WAVEFORMS)}, and {model} is {settings.get('model_type', 'something else')!r}")
    return settings


def frames(settings: dict[str, Any], samples: int) -> int:
    """How many frames the convolutions of a model make of so many samples; 0 for too few."""
    for kernel, stride in zip(settings["conv_kernel"], settings["conv_stride"], strict=True):
        samples = max(0, (samples - kernel) // stride + 1)
    return samples


def fewest_samples(settings: dict[str, Any]) -> int:
    """How many samples give one frame."""
    samples = 1
    for kernel, stride in zip(reversed(settings["conv_kernel"]), reversed(settings["conv_stride"]), strict=True):
        samples = (samples - 1) * stride + kernel
    return samples


def encode(model: str, layers: Sequence[int], waveform: np.ndarray) -> np.ndarray:
    """The outputs of layers side by side: (samples,) float32 -> (frames, width · layers) float32, by one thread."""
    import numpy as np
    import torch

    network, normalised = loaded(model, sha256(model))
    x = np.pad(waveform, (0, max(0, fewest_samples(network.config.to_dict()) - len(waveform))))
    if normalised:
        x = (x - x.mean()) / np.sqrt(x.var() + 1e-7)
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # which change the order of sums
    try:
        with torch.inference_mode():
            states = network(torch.from_numpy(x.astype(np.float32)[None]), output_hidden_states=True).hidden_states
    finally:
        torch.set_num_threads(before)
    return np.concatenate([states[layer][0].numpy() for layer in layers], axis=-1).astype(np.float32)


@functools.lru_cache(maxsize=2)
def loaded(model: str, digest: str) -> tuple[Any, bool]:
    """A model, and whether it hears waveforms of mean 0 and variance 1. Args: digest: of its files, which may change."""
    package_version()
    import transformers

    transformers.utils.logging.disable_progress_bar()
    folder = find(model)
    try:
        network = transformers.AutoModel.from_pretrained(folder, local_files_only=True, use_safetensors=True, trust_remote_code=False)
    except Exception as error:  # of whatever the files hold
        reason = (str(error).splitlines() or [""])[0]
        raise BenchError(f"{folder} can't be read as a model ({type(error).__name__}: {reason}): fetch it again") from error
    preprocessing = _read(folder / PREPROCESSING) if (folder / PREPROCESSING).is_file() else {}
    return network.eval(), bool(preprocessing.get("do_normalize", True))


def parameters(model: str) -> int:
    """How many numbers the weights of a model are, by the header of their file."""
    path = find(model) / WEIGHTS
    with path.open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    return sum(functools.reduce(int.__mul__, tensor["shape"], 1) for name, tensor in header.items() if name != "__metadata__")


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise BenchError(f"{path} can't be read ({error}): fetch the model again") from error
