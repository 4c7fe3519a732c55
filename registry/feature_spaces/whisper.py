"""Whisper's encoder: what a network that was trained to write down speech makes of every 20 ms, layer by layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from registry.core import register
from registry.encoders import weights
from registry.encoders.models import DISCLOSED, PINNED
from registry.errors import require

if TYPE_CHECKING:
    import numpy as np

RATE, FRAME = 16_000, 320  # Hz; samples from one output frame to the next: 20 ms


@register("whisper")
class Whisper:
    """The outputs of layers of Whisper's pretrained encoder, side by side, for clips at 16 kHz.

    A clip is encoded at its own length; Whisper's own programs pad it to 30 s, where mostly silence would be encoded. One that is longer
    than 30 s, where the encoder's positions end, is encoded in equal parts. What remains of the last 20 ms is filled with silence.

    Args:
        model: size of Whisper. `tiny.en` is pinned, `bench models pull whisper-tiny.en` fetches it; of others, as `base` or `large-v3`,
            the weights are looked for in `whisper-base/` below BENCH_MODELS (`model.safetensors` as openai/whisper-… has it, or
            `model.bin` as CTranslate2 converts it), then in the cache of the Hugging Face hub.
        layers: which, in this order. 0 is what comes after the convolutions and positions, 1 to n are the outputs of the n blocks (4 in
            tiny, 32 in large), and n + 1 is that of the last block after the final norm, which Whisper's decoder reads.

    Output shape: (⌈samples / 320⌉, width · layers), float32; the width of tiny is 384. Silence gives values as speech does, not zeros.
    Raises: UsageError for another rate or a layer that is not there; Lacking where the weights are not on this machine.
    Reference: Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision", ICML 2023.
    """

    version: ClassVar[int] = 1
    model: str = "tiny.en"
    layers: tuple[int, ...] = (2, 3, 4)

    def __post_init__(self) -> None:
        is_name = self.model != "" and not self.model.startswith(".") and not set(self.model) & set("/\\:\0")
        require(is_name, f"whisper.model must be the name of a size such as tiny.en or large-v3, not {self.model!r}; where its folder lies "
                       "is for BENCH_MODELS to say")
        require(len(self.layers) > 0, "whisper.layers must name one layer at least")
        require(len(set(self.layers)) == len(self.layers), f"whisper.layers must differ from each other, not {self.layers}")
        require(min(self.layers) >= 0, f"whisper.layers must not be negative, not {self.layers}: 0 is the first")
        if self._name in PINNED:
            self._check_layers()

    def __call__(self, waveform: np.ndarray, sample_rate: int) -> np.ndarray:
        """(samples,) float32 at 16 kHz -> (⌈samples / 320⌉, width · layers) float32."""
        from registry.encoders.whisper import encode

        require(sample_rate == RATE, f"Whisper hears at {RATE} Hz only, not {sample_rate}: set the feature space's sample_rate={RATE}")
        self._check_layers()
        return encode(weights.verified(self._name), self.layers, waveform)

    def shape(self, samples: int) -> tuple[int, int]:
        """Frames and bands of a clip, without encoding one. Raises: Lacking where the weights are not on this machine."""
        weights.find(self._name)
        self._check_layers()
        return max(1, -(-samples // FRAME)), self._size[1] * len(self.layers)

    @property
    def files_sha256(self) -> str:
        """The SHA-256 of the weights."""
        return weights.sha256(self._name)

    @property
    def pretrained(self) -> dict[str, dict[str, str]]:
        """The model, and what is known of it."""
        known = PINNED.get(self._name)
        return {self._name: known.facts_for_reports if known else dict.fromkeys(DISCLOSED, "unknown")}

    @property
    def stored(self) -> Whisper:
        """This component with all layers: what is worth keeping of a clip, since one pass computes them all."""
        return Whisper(model=self.model, layers=tuple(range(self._size[0] + 2)))

    @property
    def columns(self) -> np.ndarray:
        """Which bands of `stored` this component gives, in its order: (width · layers,) int64."""
        import numpy as np

        width = self._size[1]
        return np.concatenate([np.arange(layer * width, (layer + 1) * width) for layer in self.layers])

    @property
    def _name(self) -> str:
        return f"whisper-{self.model}"

    @property
    def _size(self) -> tuple[int, int]:
        """Blocks and width."""
        if model := PINNED.get(self._name):
            return model.blocks, model.width
        from registry.encoders.whisper import sizes

        found = sizes(weights.find(self._name))
        return found.blocks, found.width

    def _check_layers(self) -> None:
        blocks = self._size[0]
        wrong = [layer for layer in self.layers if layer > blocks + 1]
        require(not wrong, f"Whisper {self.model} has no layer {', '.join(map(str, wrong))}: 0 is what comes after the convolutions, 1 to "
                           f"{blocks} are its blocks, {blocks + 1} is the last one after the final norm")
