"""Architectures: exact sizes of the published stacks, declined shapes, and networks that learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from registry import core
from registry.architecture import decline
from registry.architectures.dilated_1d import Dilated1D
from registry.architectures.plain_1d import Plain1D
from registry.architectures.plain_2d import Plain2D
from registry.architectures.residual_1d import Residual1D
from registry.architectures.residual_2d import Residual2D
from registry.errors import BenchError

NAMES = core.names("architectures")
PUBLISHED = ("dummynet", "exponet", "four_corpora_1d", "rezonet")  # as wide as published; see test_published_networks.py
RANK = {name: core.get("architectures", name)().rank for name in NAMES}
OWN = [name for name in NAMES if name not in PUBLISHED and RANK[name] > 1]  # test_vector_architectures.py has those of vectors
SHAPES: dict[int, tuple[int, ...]] = {1: (60,), 2: (60, 20), 3: (60, 20, 1)}
SMALL: dict[str, dict[str, Any]] = {"attention_pool": {"units": 16}, "conformer": {"units": 16}, "crnn": {"filters": (8, 8), "units": 8},
                                    "crops": {"architecture": Plain2D(filters=(8, 8)), "frames": 20, "windows": 3}}
BARE: dict[str, Any] = {"batch_norm": False, "pooling": "flatten", "pool_padding": "valid"}

SYSTEM_000_1D = Plain1D(filters=(512, 128, 64), kernel_sizes=(5,), pools=(2,), dropouts=(0.0, 0.2, 0.0), dense=(64, 32),
                        dense_dropouts=(0.2, 0.0), **BARE)
SYSTEM_000_2D = Plain2D(filters=(256, 128, 64), kernel_sizes=(3, 4, 4), pools=(2,), dropouts=(0.0,), dense=(64,),
                        dense_dropouts=(0.3,), **BARE)
SYSTEM_003_1D = Plain1D(filters=(16, 32, 32, 64), kernel_sizes=(3, 3, 5, 7), pools=(2, 0, 0, 2), padding=("valid",),
                        dropouts=(0.0,), l2=(0.1, 0.0, 0.0, 0.0), dense=(64, 32), dense_dropouts=(0.0,), **BARE)
SYSTEM_003_2D = Plain2D(filters=(16, 32, 64, 64, 128, 128), kernel_sizes=(3, 3, 3, 5, 5, 7), dropouts=(0.0,),
                        padding=("valid", "valid", "valid", "same", "same", "same"), l2=(0.0, 0.0, 0.0, 0.05, 0.05, 0.05),
                        dense=(128, 64), dense_dropouts=(0.0,), dense_l2=(0.1, 0.0), **BARE)


@pytest.mark.parametrize(("architecture", "input_shape", "parameters"), [
    (SYSTEM_000_1D, (432, 1), 595_430),
    (SYSTEM_000_2D, (216, 128, 1), 2_428_038),
    (SYSTEM_003_1D, (314, 1), 318_438),
    (SYSTEM_003_2D, (157, 128, 1), 1_175_174),
])
def test_the_published_stacks_have_exactly_their_published_parameters(
        architecture: Any, input_shape: tuple[int, ...], parameters: int) -> None:
    assert architecture(input_shape, 6).count_params() == parameters


@pytest.mark.parametrize("name", OWN)
def test_defaults_are_small_enough_for_two_cores(name: str) -> None:
    architecture = core.get("architectures", name)()
    shape = (94, 64, 1) if architecture.rank == 3 else (94, 60)
    assert 10_000 < architecture(shape, 6).count_params() < 200_000


@pytest.mark.parametrize("name", NAMES)
def test_a_model_is_named_after_its_component_and_gives_as_many_outputs_as_classes(name: str) -> None:
    architecture = core.get("architectures", name)()
    model = architecture(SHAPES[architecture.rank], 7)
    assert (model.name, model.output_shape) == (name, (None, 7))


@pytest.mark.parametrize("name", OWN)
def test_a_network_learns_where_in_time_and_band_the_energy_lies(name: str) -> None:
    """Two classes that differ by a short burst in one band are told apart within a few epochs."""
    import keras

    small: dict[str, Any] = SMALL.get(name, {"filters": (8, 8) if name.startswith("plain") else 8})
    architecture = core.get("architectures", name)(**small)
    rng = np.random.default_rng(0)
    x, y = rng.normal(0, 0.3, (128, 24, 8)).astype(np.float32), np.arange(128) % 2
    x[y == 1, 8:14, 5] += 2
    x = x[..., None] if architecture.rank == 3 else x
    keras.utils.set_random_seed(0)
    model = architecture(x.shape[1:], 2)
    model.compile(keras.optimizers.Adam(1e-2), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=32, epochs=8, verbose=0)
    assert model.evaluate(x, y, verbose=0)[1] > 0.95


def test_an_image_network_declines_a_sequence_and_says_which_join_to_use() -> None:
    reason = decline(Residual2D(), (94, 2))
    assert reason == "residual_2d needs an image (frames, bands, 1), but the feature space gives (94, 2): use join='image'"


def test_a_sequence_network_declines_an_image() -> None:
    reason = decline(Plain1D(), (94, 64, 1))
    assert reason is not None and "join='channels' or join='end_to_end'" in reason


def test_too_small_an_input_is_declined_exactly_where_the_model_would_lose_its_last_step() -> None:
    least = SYSTEM_003_1D.minimum_steps
    assert least == 30  # 28 after the first convolution, 14 pooled, 12, 8, 2, then the one step that is left
    assert decline(SYSTEM_003_1D, (least, 1)) is None
    assert SYSTEM_003_1D((least, 1), 6).count_params() > 0
    reason = decline(SYSTEM_003_1D, (least - 1, 1))
    assert reason is not None and f"at least {least} steps" in reason
    with pytest.raises(ValueError):
        SYSTEM_003_1D((least - 1, 1), 6)


def test_few_bands_count_as_too_small_for_an_image_network() -> None:
    reason = decline(SYSTEM_000_2D, (94, 2, 1))
    assert reason is not None and "at least 8 frames and bands" in reason


@pytest.mark.parametrize("name", NAMES)
def test_default_networks_take_the_smallest_feature_spaces(name: str) -> None:
    """Two bands, as zero-crossing rate and energy give, are enough for every default."""
    architecture = core.get("architectures", name)()
    shape = {1: (2,), 2: (94, 2), 3: (94, 2, 1)}[architecture.rank]
    assert decline(architecture, shape) is None
    assert architecture(shape, 6).output_shape == (None, 6)


def test_averaging_over_time_keeps_one_value_a_band_and_filter() -> None:
    outputs = [net((94, 64, 1), 6).layers[-1].kernel.shape[0] for net in (Residual2D(), Residual2D(keep_bands=False))]
    assert outputs == [64 // 8 * 64, 64]


def test_width_and_depth_grow_a_network() -> None:
    assert Residual1D(filters=32)((94, 40), 6).count_params() > Residual1D(filters=16)((94, 40), 6).count_params()
    dilations = [layer.dilation_rate for layer in Dilated1D(depth=5)((94, 40), 6).layers if "conv" in layer.name]
    assert dilations == [(1,), (1,), (1,), (2,), (2,), (4,), (4,), (8,), (8,), (16,), (16,)]


@pytest.mark.parametrize(("fields", "message"), [
    ({"filters": ()}, "at least one convolution"),
    ({"filters": (8, 8, 8), "kernel_sizes": (3, 3)}, "kernel_sizes must have 1 or 3 values, not 2"),
    ({"dropouts": (1.0,)}, r"dropouts must be in \[0, 1\)"),
    ({"pool_stride": 0}, "pool_stride must be None or 1 or more"),
    ({"padding": ("full",)}, "'full'"),
    ({"filter": (8,)}, "Did you mean 'filters'"),
])
def test_a_wrong_field_of_a_plain_stack_is_refused_with_its_value(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(BenchError, match=message):
        Plain1D(**fields)


@pytest.mark.parametrize(("fields", "message"), [
    ({"depth": 0}, "dilated_1d.depth must be 1 to 12, not 0"),
    ({"dropout": 1.5}, r"dilated_1d.dropout must be in \[0, 1\), not 1.5"),
    ({"filters": "many"}, "dilated_1d.filters must be int, not 'many'"),
])
def test_a_wrong_field_of_a_dilated_network_is_refused_with_its_value(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(BenchError, match=message):
        Dilated1D(**fields)
