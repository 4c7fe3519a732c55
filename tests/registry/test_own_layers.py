"""A network with layers of a user's own is loaded wherever its folder is, with its own version of them, and of nobody else's."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from own_network import PARTS, own_network

from registry import contracts, own_layers
from registry.errors import BenchError, UsageError

BATCH = np.random.default_rng(0).normal(size=(2, 8, 2)).astype(np.float32)


def predicted(network: Any) -> np.ndarray:
    import keras

    return np.asarray(keras.ops.convert_to_numpy(network(BATCH)))


def written(folder: Path, parts: str = PARTS) -> tuple[Path, np.ndarray]:
    """A saved network whose user's files are gone, and what it predicted before."""
    folder.mkdir()
    network = own_network(folder / "user", parts)((8, 2), 3)
    own_layers.write(folder, network)
    shutil.rmtree(folder / "user")
    return folder, predicted(network)


def loaded(folder: Path) -> Any:
    return own_layers.load(folder, own_layers.read(folder)[1])


def test_a_network_takes_the_source_of_its_own_layers_and_functions_along_and_no_more(tmp_path: Path) -> None:
    folder, before = written(tmp_path / "model")
    assert [path.name for path in folder.rglob("*.py")] == ["own_parts.py"], "the architecture itself is not needed"
    listed = json.loads((folder / "source" / "objects.json").read_text())
    assert listed == {"packages": [{"own_parts": {"mine>Scale": "Scale", "mine>squashed": "squashed"}}], "imports": {}}
    np.testing.assert_array_equal(predicted(loaded(folder)), before)


def test_two_versions_of_a_layer_in_one_process_do_not_mix(tmp_path: Path) -> None:
    import keras

    everyones = dict(keras.saving.get_custom_objects())
    (first, before), (second, other) = written(tmp_path / "a"), written(tmp_path / "b", PARTS.replace("OFFSET = 0.0", "OFFSET = 5.0"))
    registered = dict(keras.saving.get_custom_objects())
    networks = [loaded(folder) for folder in (first, second, first)]
    for network, expected in zip(networks, (before, other, before), strict=True):
        np.testing.assert_array_equal(predicted(network), expected)
    assert not np.allclose(before, other) and keras.saving.get_custom_objects() == registered
    keras.saving.get_custom_objects().clear()
    keras.saving.get_custom_objects().update(everyones)


def test_a_layer_that_is_not_registered_is_loaded_too_when_its_file_holds_it_by_name(tmp_path: Path) -> None:
    unregistered = PARTS.replace('@keras.saving.register_keras_serializable(package="mine")\nclass', "class")
    folder, before = written(tmp_path / "model", unregistered)
    np.testing.assert_array_equal(predicted(loaded(folder)), before)


HIDDEN = PARTS.replace("    return Scale(3.0),", "    class Hidden(Scale):\n        pass\n    return Hidden(3.0),")
LAMBDA = PARTS.replace("return Scale(3.0),", "return keras.layers.Lambda(lambda x: x * 2),")
NO_CONFIG = PARTS.replace("def get_config", "def no_config").replace("self.factor + ", "self.factor() + ").replace("(3.0)", "(lambda: 3.0)")


@pytest.mark.parametrize(("parts", "message"), [
    (HIDDEN, "'Hidden' can't be found again by its name when the network is loaded: define it at the top of a file"),
    (LAMBDA, r"It holds Lambda layers \(lambda.*\), which can't be loaded safely: write a layer"), (NO_CONFIG, "get_config")])
def test_what_can_not_be_loaded_again_is_refused_by_the_contract_and_before_training_with_the_reason(
        tmp_path: Path, parts: str, message: str) -> None:
    architecture = own_network(tmp_path, parts)
    with pytest.raises(BenchError, match=rf"(?s)architecture own_net breaks the rule .*{message}"):
        contracts.check_architecture(architecture)
    reason = own_layers.reason_not_kept(architecture, (8, 2), 3)
    assert reason and reason.startswith("its network could not be saved and loaded again") and "set best_models=0" in reason


def test_the_contract_has_a_new_process_load_what_has_layers_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "only_here_by_path.py").write_text("FACTOR = 3.0\n")
    monkeypatch.syspath_prepend(tmp_path / "elsewhere")
    parts = PARTS.replace("def layers", "from only_here_by_path import FACTOR\n\ndef layers")
    with pytest.raises(BenchError, match=r"A new process can't load .*No module named 'only_here_by_path'"):
        contracts.check_architecture(own_network(tmp_path / "not", parts))
    assert own_layers.reason_not_kept(own_network(tmp_path / "fine"), (8, 2), 3) is None


def test_source_that_can_not_be_run_here_names_what_is_missing(tmp_path: Path) -> None:
    folder, _ = written(tmp_path / "model")
    source = next(folder.rglob("own_parts.py"))
    source.write_text("import a_package_of_another_machine\n" + source.read_text())
    with pytest.raises(BenchError, match=r"can't be run here .*No module named 'a_package_of_another_machine'.*install what it imports"):
        own_layers.read(folder)


def test_a_layer_of_a_notebook_is_told_to_move_to_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = own_network(tmp_path / "user")((8, 2), 3)
    monkeypatch.setattr(own_layers, "files_of", lambda module: None)
    with pytest.raises(UsageError, match=r"of mine>Scale.* lies in a notebook or in the program that was started: move it to a file"):
        own_layers.write(tmp_path, network)
