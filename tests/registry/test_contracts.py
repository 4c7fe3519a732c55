"""Contracts: every registered component keeps them, and planted violations are caught with a text that helps."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import soundfile
from corpus_trees import emodb_tree, iemocap_tree

from registry import contracts, core
from registry.core import register
from registry.corpus import Clip, Corpus
from registry.errors import BenchError, Declined, Lacking
from registry.split import Split


@pytest.mark.parametrize("kind,name", [(kind, name) for kind in ("feature-spaces", "augmentations", "architectures", "splits")
                                       for name in core.names(kind)])
def test_every_registered_component_keeps_its_contract(kind: str, name: str) -> None:
    try:
        assert contracts.check(kind, core.get(kind, name)()) == contracts.contracts_of(kind)
    except Lacking as error:  # weights or a package that the extra `dev` brings
        pytest.skip(str(error))


@pytest.mark.parametrize("name", core.names("corpora"))
def test_every_registered_corpus_keeps_its_contract(name: str, real_corpora: Path, tmp_path: Path) -> None:
    small = {"folder": _own_clips, "emodb": emodb_tree, "iemocap": iemocap_tree}
    contracts.check("corpora", core.get("corpora", name)(), small[name](tmp_path) if name in small else real_corpora)


def _own_clips(folder: Path) -> Path:
    """A user's own folder: two clips and their table."""
    for clip in ("a", "b"):
        soundfile.write(folder / f"{clip}.wav", 0.1 * np.sin(np.arange(800)), 16_000)
    (folder / "labels.csv").write_text("path,emotion,speaker\na.wav,angry,x\nb.wav,calm,y\n")
    return folder


def test_each_kind_has_rules_in_words() -> None:
    for kind in core.KINDS:
        rules = contracts.contracts_of(kind)
        assert len(rules) >= 4 and all(rule.endswith(".") for rule in rules)
    with pytest.raises(BenchError, match="Did you mean 'splits'"):
        contracts.check("split", object())


@register("planted_feature")
class PlantedFeature:
    """A feature that is right, or wrong in the way that `fault` names."""

    fault: str = ""

    def __call__(self, waveform: np.ndarray, sample_rate: int) -> np.ndarray:
        frames = np.ones((1 + len(waveform) // 512, 3), np.float32)
        return FEATURE_FAULTS[self.fault][0](frames, waveform)


def _doubled(frames: np.ndarray, waveform: np.ndarray) -> np.ndarray:
    waveform *= 2
    return frames


FEATURE_FAULTS: dict[str, tuple[Callable[[np.ndarray, np.ndarray], Any], str]] = {
    "": (lambda frames, waveform: frames, ""),
    "nan in silence": (lambda frames, waveform: frames if waveform.any() else frames * np.float32(np.nan),
                       "silence .* not finite"),
    "random": (lambda frames, waveform: frames * np.float32(np.random.default_rng().random()), "Two calls differ"),
    "float64": (lambda frames, waveform: frames.astype(float), "gave float64"),
    "flat": (lambda frames, waveform: frames[:, 0], r"return \(frames, bands\)"),
    "fixed frames": (lambda frames, waveform: frames[:1], "the frames must grow"),
    "in place": (_doubled, "changed in place"),
    "raises": (lambda frames, waveform: frames + waveform[100_000], "It raised"),
    "list": (lambda frames, waveform: frames.tolist(), "gave list"),
}


def test_a_right_feature_passes() -> None:
    contracts.check_feature(PlantedFeature())


@pytest.mark.parametrize("fault", sorted(FEATURE_FAULTS)[1:])
def test_a_planted_fault_of_a_feature_is_caught_and_named(fault: str) -> None:
    with pytest.raises(BenchError, match=f"feature space planted_feature breaks the rule .*{FEATURE_FAULTS[fault][1]}"):
        contracts.check_feature(PlantedFeature(fault=fault))


def test_a_class_that_is_no_component_is_told_how_to_become_one() -> None:
    with pytest.raises(BenchError, match="decorate its class with @register"):
        contracts.check_feature(lambda waveform, sample_rate: waveform)


@register("planted_split")
class PlantedSplit:
    """Random halves and quarters of whole speakers, or wrong in the way that `fault` names."""

    shares_speakers: ClassVar[bool] = False
    fault: str = ""

    def __call__(self, corpus: Corpus) -> Split:
        speakers = np.unique(corpus.speakers, return_inverse=True)[1]
        rng = np.random.default_rng(None if self.fault == "unseeded" else 0)
        part = rng.permutation(np.arange(speakers.max() + 1) % 4)[speakers]
        if self.fault == "leak":
            part[0] = (part[0] + 1) % 4
        if self.fault == "by path" and corpus.clips[0].path:
            part = (part + 1) % 4
        train, validation, test = (np.flatnonzero(np.isin(part, chosen)) for chosen in ((0, 1), (2,), (3,)))
        parts = {"train": train, "validation": validation, "test": test, "left_out": train[:0]}
        return Split(**{**parts, **SPLIT_FAULTS[self.fault][0](train, validation, test)})


SPLIT_FAULTS: dict[str, tuple[Callable[[np.ndarray, np.ndarray, np.ndarray], dict[str, np.ndarray]], str]] = {
    "": (lambda train, validation, test: {}, ""),
    "leak": (lambda train, validation, test: {}, "1 speakers are in several parts"),
    "unseeded": (lambda train, validation, test: {}, "Two calls differ"),
    "by path": (lambda train, validation, test: {}, "Another folder gives another split"),
    "overlap": (lambda train, validation, test: {"train": np.sort(np.append(train, test[:5]))}, "5 clips are in several parts"),
    "forgotten": (lambda train, validation, test: {"train": train[7:]}, "7 clips are in no part"),
    "unsorted": (lambda train, validation, test: {"train": train[::-1]}, "train is not sorted"),
    "empty": (lambda train, validation, test: {"validation": validation[:0], "left_out": validation},
              "validation holds no clips"),
    "int32": (lambda train, validation, test: {"test": test.astype(np.int32)}, "test has int32 indices"),
    "beyond": (lambda train, validation, test: {"left_out": np.array([6552])}, "index 6552 was given"),
}


@pytest.mark.parametrize("fault", sorted(SPLIT_FAULTS)[1:])
def test_a_planted_fault_of_a_split_is_caught_and_named(fault: str) -> None:
    with pytest.raises(BenchError, match=f"split protocol planted_split breaks the rule .*{SPLIT_FAULTS[fault][1]}"):
        contracts.check_split(PlantedSplit(fault=fault), contracts.sample_corpus())


@register("planted_folds")
class PlantedFolds:
    """Four folds of whole speakers; `step` 1 is right, others test some speakers twice or never."""

    shares_speakers: ClassVar[bool] = False
    fold: int = 1
    step: int = 1
    folds: int = 4

    def number_of_folds(self, corpus: Corpus) -> int:
        return self.folds

    def __call__(self, corpus: Corpus) -> Split:
        fold = np.unique(corpus.speakers, return_inverse=True)[1] % 4
        place = (self.fold * self.step) % 4
        parts = {"test": fold == place, "validation": fold == (place + 1) % 4, "train": (fold - place) % 4 > 1}
        return Split(**{part: np.flatnonzero(chosen) for part, chosen in parts.items()}, left_out=np.arange(0))


def test_folds_must_test_every_clip_once() -> None:
    corpus = contracts.sample_corpus()
    contracts.check_split(PlantedFolds(), corpus)
    with pytest.raises(BenchError, match="3312 clips are tested in several of 4 folds: make them disjoint"):
        contracts.check_split(PlantedFolds(step=2), corpus)
    with pytest.raises(BenchError, match="1656 clips are tested in none of 3 folds: cover the corpus"):
        contracts.check_split(PlantedFolds(folds=3), corpus)


def test_a_right_split_passes() -> None:
    contracts.check_split(PlantedSplit(), contracts.sample_corpus())


def test_a_split_that_declines_is_not_called_broken() -> None:
    corpus = dataclasses.replace(contracts.sample_corpus(), name="other")
    with pytest.raises(Declined) as raised:
        contracts.check_split(core.get("splits", "tfds_crema_d")(), corpus)
    assert "breaks the rule" not in str(raised.value)


@register("planted_net")
class PlantedNet:
    """One dense layer, or wrong in the way that `fault` names."""

    rank: ClassVar[int] = 2
    minimum_steps: ClassVar[int] = 1
    fault: str = ""

    def __call__(self, input_shape: tuple[int, ...], n_classes: int) -> Any:
        import keras

        inputs = keras.Input(input_shape)
        x = keras.layers.GlobalAveragePooling1D()(inputs)
        if self.fault == "lambda":
            x = keras.layers.Lambda(lambda values: values * 2)(x)
        draw = keras.initializers.Constant(np.random.default_rng().random()) if self.fault == "own weights" else "glorot_uniform"
        activation = "sigmoid" if self.fault == "sigmoid" else "softmax"
        model = keras.Model(inputs, keras.layers.Dense(n_classes, activation=activation, kernel_initializer=draw)(x))
        if self.fault == "compiled":
            model.compile("adam", "mse")
        return None if self.fault == "nothing" else model


@pytest.mark.parametrize(("fault", "message"), [
    ("lambda", "holds Lambda layers"), ("own weights", "Two models .* differ"), ("sigmoid", "end with a softmax"),
    ("compiled", "compiled already"), ("nothing", "returned NoneType"),
])
def test_a_planted_fault_of_an_architecture_is_caught_and_named(fault: str, message: str) -> None:
    with pytest.raises(BenchError, match=f"architecture planted_net breaks the rule .*{message}"):
        contracts.check_architecture(PlantedNet(fault=fault))


def test_a_right_architecture_passes() -> None:
    contracts.check_architecture(PlantedNet())


def read_noise(clip: Clip) -> tuple[np.ndarray, int]:
    return np.full(100, 0.5, np.float32), 16_000


def read_loud(clip: Clip) -> tuple[np.ndarray, int]:
    return np.full(100, 1.5, np.float32), 16_000


def read_stereo(clip: Clip) -> tuple[np.ndarray, int]:
    return np.zeros((100, 2), np.float32), 16_000


@register("planted_waveform_augmentation")
class PlantedWaveformAugmentation:
    """Twice as loud, or wrong in the way that `fault` names."""

    acts_on: ClassVar[str] = "waveform"
    fault: str = ""

    def __call__(self, waveform: np.ndarray, sample_rate: int, rng: np.random.Generator) -> np.ndarray:
        return AUGMENTATION_FAULTS[self.fault][0](waveform)


AUGMENTATION_FAULTS: dict[str, tuple[Callable[[np.ndarray], Any], str]] = {
    "": (lambda waveform: waveform * 2, ""),
    "nan in silence": (lambda waveform: waveform / np.float32(waveform.any()), "silence .* not finite"),
    "random": (lambda waveform: waveform * np.random.default_rng().random(dtype=np.float32), "Two calls with the same seed differ"),
    "float64": (lambda waveform: waveform.astype(float), "gave float64"),
    "empty": (lambda waveform: waveform[1:], "not empty"),
    "in place": (lambda waveform: _doubled(waveform, waveform), "changed in place"),
    "list": (lambda waveform: waveform.tolist(), "gave list"),
}


@pytest.mark.filterwarnings("ignore:invalid value encountered")
@pytest.mark.parametrize("fault", sorted(AUGMENTATION_FAULTS)[1:])
def test_a_planted_fault_of_a_waveform_augmentation_is_caught_and_named(fault: str) -> None:
    with pytest.raises(BenchError, match=f"augmentation planted_waveform_augmentation breaks .*{AUGMENTATION_FAULTS[fault][1]}"):
        contracts.check_augmentation(PlantedWaveformAugmentation(fault=fault))


@register("planted_layer_augmentation")
class PlantedLayerAugmentation:
    """A mirrored batch, or wrong in the way that `fault` names."""

    acts_on: ClassVar[str] = "batch"
    fault: str = ""

    def layer(self, seed: int) -> Any:
        import keras

        fault = self.fault

        class Mirror(keras.layers.Layer):
            def call(self, x: Any, training: bool = False) -> Any:
                mirrored = keras.ops.flip(x, axis=0)
                return mirrored[:, 1:] if fault == "shorter" else mirrored if training or fault == "always" else x

            if fault != "no targets":
                def mix_targets(self, y: Any) -> Any:
                    return y * (0.5 if fault == "half targets" else 1)

        return Mirror()


@pytest.mark.parametrize(("fault", "message"), [
    ("always", "With training=False its layer changed the batch"), ("shorter", "keep shape and dtype"),
    ("no targets", "has no mix_targets"), ("half targets", r"sum to \[0.5, 0.5"),
])
def test_a_planted_fault_of_a_layer_augmentation_is_caught_and_named(fault: str, message: str) -> None:
    with pytest.raises(BenchError, match=f"augmentation planted_layer_augmentation breaks the rule .*{message}"):
        contracts.check_augmentation(PlantedLayerAugmentation(fault=fault))


def test_right_augmentations_pass_and_one_that_acts_on_nothing_is_told_what_to_say() -> None:
    contracts.check_augmentation(PlantedWaveformAugmentation())
    contracts.check_augmentation(PlantedLayerAugmentation())
    with pytest.raises(BenchError, match="set acts_on: ClassVar"):
        contracts.check_augmentation(PlantedFeature())


@register("planted_corpus")
class PlantedCorpus:
    """A corpus of 6552 clips of 100 samples."""

    def load(self, data: Path | None) -> Corpus:
        return dataclasses.replace(contracts.sample_corpus(), read_clip=read_noise)


CLIPS = contracts.sample_corpus().clips


@pytest.mark.parametrize(("changes", "message"), [
    ({"clips": CLIPS[::-1]}, "not sorted by id"),
    ({"clips": (CLIPS[0], *CLIPS)}, "1 ids occur twice"),
    ({"emotions": ("ANG", "DIS")}, "FEA, HAP, NEU, SAD"),
    ({"clips": ()}, "has no clips"),
    ({"emotions": (*contracts.sample_corpus().emotions, "ang")}, "The emotions 'ANG' and 'ang' seem to be one"),
    ({"clips": (dataclasses.replace(CLIPS[0], speaker="01001"), *CLIPS[1:])}, "The speakers '01001' and '1001' seem to be one"),
    ({"clips": (dataclasses.replace(CLIPS[0], speaker=""), *CLIPS[1:])}, "Clips without a speaker: give each one"),
    ({"whole": 6}, "claims that the whole corpus has 6"),
    ({"read_clip": read_loud}, "peak 1.5"),
    ({"read_clip": read_stereo}, "give non-empty mono float32"),
    ({"read_clip": lambda clip: read_noise(clip)}, "It raised"),
])
def test_a_planted_fault_of_a_corpus_is_caught_and_named(changes: dict[str, Any], message: str) -> None:
    corpus = dataclasses.replace(PlantedCorpus().load(None), **changes)
    with pytest.raises(BenchError, match=f"corpus planted_corpus breaks the rule .*{message}"):
        contracts.check_corpus(PlantedCorpus(), corpus)


def test_a_right_corpus_passes() -> None:
    contracts.check("corpora", PlantedCorpus())


def test_a_users_own_file_can_be_checked(tmp_path: Path) -> None:
    """A component from a file outside the package is found, built and pickled like a registered one."""
    file = tmp_path / "first_sample.py"
    file.write_text('"""The first sample of every frame."""\n'
                    "from __future__ import annotations\n"
                    "from typing import ClassVar\n"
                    "import numpy as np\n"
                    "from registry.core import register\n\n"
                    '@register("first_sample")\n'
                    "class FirstSample:\n"
                    "    version: ClassVar[int] = 1\n"
                    "    hop_length: int = 160\n"
                    "    def __call__(self, waveform, sample_rate):\n"
                    "        return waveform[:: self.hop_length, None].astype(np.float32)\n", encoding="utf-8")
    contracts.check("feature-spaces", core.get("feature-spaces", str(file))())
