"""Layers of a pretrained speech encoder: wav2vec 2.0, HuBERT, WavLM, data2vec and their like."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, ClassVar

from registry.core import register
from registry.encoders import transformers_models as models
from registry.encoders.models import DISCLOSED
from registry.errors import require

if TYPE_CHECKING:
    import numpy as np

RATE = 16_000


@register("speech_encoder")
class SpeechEncoder:
    """The outputs of layers of a model that Hugging Face's `transformers` reads, side by side, for clips at 16 kHz.

    It needs an extra: pip install 'ser-bench[encoders]'. Files are looked for in `OWNER--NAME` below BENCH_MODELS, then in the cache of
    the Hugging Face hub; their SHA-256 and the version of `transformers` are part of cache keys and signatures. Weights are read from
    `model.safetensors` alone.

    Args:
        model: as the hub calls it.
        layers: which, in this order. 0 is what the convolutions give, 1 to n are the outputs of the n blocks.

    Output shape: (about one frame every 20 ms, width · layers), float32; the width of base models is 768. Clips that are shorter than a
    frame, 25 ms in most models, are filled up with zeros.
    Raises: UsageError for another rate or a layer that is not there; Lacking where the model or the extra is not on this machine.
    Reference: Baevski et al., "wav2vec 2.0", NeurIPS 2020; Hsu et al., "HuBERT", IEEE/ACM TASLP 29, 2021; Chen et al., "WavLM", IEEE JSTSP
        16(6), 2022; Wolf et al., "Transformers", EMNLP 2020.
    """

    version: ClassVar[int] = 1
    model: str = "facebook/hubert-base-ls960"
    layers: tuple[int, ...] = (6, 7, 8)

    def __post_init__(self) -> None:
        names = self.model.split("/")
        is_name = len(names) <= 2 and all(name and not name.startswith(".") and not set(name) & set("\\:\0") for name in names)
        require(is_name, f"speech_encoder.model must be the name of a model such as facebook/hubert-base-ls960, not {self.model!r}")
        require(len(self.layers) > 0, "speech_encoder.layers must name one layer at least")
        require(len(set(self.layers)) == len(self.layers), f"speech_encoder.layers must differ from each other, not {self.layers}")
        require(min(self.layers) >= 0, f"speech_encoder.layers must not be negative, not {self.layers}: 0 is the first")

    def __call__(self, waveform: np.ndarray, sample_rate: int) -> np.ndarray:
        """(samples,) float32 at 16 kHz -> (frames, width · layers) float32."""
        require(sample_rate == RATE,
                f"speech_encoder hears at {RATE} Hz only, not {sample_rate}: set the feature space's sample_rate={RATE}")
        models.package_version()
        self._check_layers()
        return models.encode(self.model, self.layers, waveform)

    def shape(self, samples: int) -> tuple[int, int]:
        """Frames and bands of a clip, without encoding one. Raises: Lacking where the model is not on this machine."""
        self._check_layers()
        settings = models.configuration(self.model)
        return max(1, models.frames(settings, samples)), settings["hidden_size"] * len(self.layers)

    @property
    def files_sha256(self) -> str:
        """The SHA-256 of the model's files."""
        return models.sha256(self.model)

    @property
    def package_version(self) -> str:
        """The package that the numbers come from; a study that has them can be looked at without it."""
        return models.package_version() if importlib.util.find_spec("transformers") else "transformers, not installed"

    @property
    def pretrained(self) -> dict[str, dict[str, str]]:
        """The model, and what is known of it."""
        facts = dict.fromkeys(DISCLOSED, "unknown") | models.KNOWN.get(self.model, {})
        return {self.model: facts | {"parameters": f"{models.parameters(self.model):,}"}}

    @property
    def stored(self) -> SpeechEncoder:
        """This component with all layers: what is worth keeping of a clip, since one pass computes them all."""
        return SpeechEncoder(model=self.model, layers=tuple(range(models.configuration(self.model)["num_hidden_layers"] + 1)))

    @property
    def columns(self) -> np.ndarray:
        """Which bands of `stored` this component gives, in its order: (width · layers,) int64."""
        import numpy as np

        width = models.configuration(self.model)["hidden_size"]
        return np.concatenate([np.arange(layer * width, (layer + 1) * width) for layer in self.layers])

    def _check_layers(self) -> None:
        blocks = models.configuration(self.model)["num_hidden_layers"]
        wrong = [layer for layer in self.layers if layer > blocks]
        require(not wrong, f"{self.model} has no layer {', '.join(map(str, wrong))}: 0 is what the convolutions give, 1 to {blocks} are "
                           "its blocks")
