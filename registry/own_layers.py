"""Layers that are not Keras's own: their source goes along with a saved network, and is registered for that network alone.

`python -m registry.own_layers FOLDER` predicts a batch by the network in a folder, for those who want to know whether a new process can.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from registry.errors import BenchError, UsageError, require
from registry.keras_state import load_keras
from registry.own_files import OURS, OwnFiles, files_of, installed, name_within

if TYPE_CHECKING:
    import keras
    import numpy as np

NETWORK, SOURCE, OBJECTS = "model.keras", "source", "objects.json"
BATCH, PREDICTED = "batch.npy", "predicted.npy"
START_S = 300  # of a process that loads Keras


def write(folder: Path, network: keras.Model, components: Sequence[Any] = ()) -> None:
    """Write a network, and the source of its own layers and functions and of components, with what lies beside them, into a folder.

    Raises: UsageError for what lies in no file, or can't be found in it by its name.
    """
    network.save(folder / NETWORK)
    modules: dict[str, dict[str, str]] = {type(component).__module__: {} for component in components}
    for name, found in custom_objects(network).items():
        modules.setdefault(found.__module__, {})[name] = found.__name__
    packages: dict[str, tuple[OwnFiles, dict[str, dict[str, str]]]] = {}
    imports = {}
    for module, names in modules.items():
        files = files_of(module)
        if files:
            packages.setdefault(files.package, (files, {}))[1][name_within(module)] = names
        elif module.partition(".")[0] in {*OURS, *installed()}:
            imports[module] = names
        else:
            raise UsageError("a saved model takes the source of its own layers and features along, and that of "
                             f"{', '.join(names) or module} lies in a notebook or in the program that was started: move it to a file of "
                             "its own and import it, or set best_models=0 and measure_cost=False")
    for place, (files, names_of) in enumerate(packages.values()):
        for path, text in files.needed_by(names_of).texts.items():
            (folder / SOURCE / str(place) / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / SOURCE / str(place) / path).write_bytes(text)
    if modules:
        (folder / SOURCE).mkdir(exist_ok=True)
        listed = {"packages": [names for _, names in packages.values()], "imports": imports}
        (folder / SOURCE / OBJECTS).write_text(json.dumps(listed, indent=2) + "\n", encoding="utf-8")


def read(folder: Path) -> tuple[list[ModuleType], dict[str, Any]]:
    """The modules whose source lies in a folder, executed, and the objects of its network that are not Keras's own.

    Raises: BenchError for source that can't be executed here. What it registers with Keras is registered for nobody else.
    """
    path = folder / SOURCE / OBJECTS
    if not path.is_file():
        return [], {}
    listed = json.loads(path.read_text(encoding="utf-8"))
    modules, objects = [], {}
    try:
        with registered({}):
            for place, names in enumerate(listed["packages"]):
                files = _files_in(folder / SOURCE / str(place))
                for module, found in names.items():
                    modules.append(files.module(module))
                    objects.update({name: vars(modules[-1])[attribute] for name, attribute in found.items()})
            for module, found in listed["imports"].items():
                require(module.partition(".")[0] in {*OURS, *installed()}, f"no installed package has {module!r}")
                objects.update({name: vars(importlib.import_module(module))[attribute] for name, attribute in found.items()})
    except Exception as error:
        raise BenchError(f"the source that a saved model took along can't be run here ({type(error).__name__}: {error}): install what it "
                         "imports, as requirements.txt of the model lists it") from error
    return modules, objects


@contextmanager
def registered(objects: Mapping[str, Any]) -> Iterator[None]:
    """Keras finds these objects by their names, before others of the same name; afterwards what it knew before, and nothing else.

    Keras's own `custom_object_scope` does not reach what is nested: each part that is loaded begins an empty scope of its own.
    """
    import keras

    everyones = keras.saving.get_custom_objects()
    before = dict(everyones)
    everyones.update(objects)
    try:
        yield
    finally:
        everyones.clear()
        everyones.update(before)


def _files_in(folder: Path) -> OwnFiles:
    texts = {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.py"))}
    return OwnFiles("saved_model", texts)  # not where they lie now: equal source is loaded once


def load(folder: Path, objects: dict[str, Any]) -> keras.Model:
    """The network in a folder, in Keras's safe mode, with the objects that `read` gave. Raises: BenchError."""
    import keras

    try:
        with registered(objects):
            return keras.models.load_model(folder / NETWORK, compile=False, safe_mode=True)
    except Exception as error:  # of Keras, of a damaged file, or of a user's own layer
        raise BenchError(f"the network in {folder} is damaged, or holds code that Keras's safe mode does not run: {error}") from error


def custom_objects(network: keras.Model) -> dict[str, Any]:
    """The classes and functions of a network that are not Keras's own, by the names under which Keras saves them.

    Raises: UsageError for one that its module does not hold by its name, as one that a function defines.
    """
    import keras

    everyones, found = keras.saving.get_custom_objects(), {}
    own = [module for package in {type(layer).__module__.partition(".")[0] for layer in network._flatten_layers()}
           for name, module in list(sys.modules.items()) if name.partition(".")[0] == package != "keras"]
    for config in _configurations(keras.saving.serialize_keras_object(network)):
        is_function = config["class_name"] == "function"
        name = config.get("config") if is_function else config["registered_name"]
        attribute = str(name).rpartition(">")[2] if is_function else config["class_name"]
        module = sys.modules.get(config.get("module") or "")
        holders = [module] if module and not is_function else own
        here = [vars(holder)[attribute] for holder in holders if attribute in vars(holder)]
        value = next((value for value in here if keras.saving.get_registered_name(value) == name), everyones.get(name))
        require(value is not None and vars(sys.modules.get(value.__module__, object)).get(value.__name__) is value,
                f"{name!r} can't be found again by its name when the network is loaded: define it at the top of a file, with "
                "@keras.saving.register_keras_serializable()")
        found[str(name)] = value
    return found


def _configurations(config: Any) -> Iterator[dict[str, Any]]:
    """The parts of a network's configuration that stand for a class or function which is not Keras's own."""
    if isinstance(config, dict):
        name = config.get("registered_name")
        if config.get("class_name") == "function":
            if not _is_keras_function(str(config.get("config"))):
                yield config
        elif "class_name" in config and name is not None and not (config.get("module") or "").startswith("keras."):
            yield config
        for value in config.values():
            yield from _configurations(value)
    elif isinstance(config, list | tuple):
        for value in config:
            yield from _configurations(value)


def _is_keras_function(name: str) -> bool:
    import keras

    return any(hasattr(module, name) for module in (keras.activations, keras.losses, keras.metrics, keras.initializers, keras.ops))


def reason_not_kept(architecture: Any, input_shape: tuple[int, ...], n_classes: int) -> str | None:
    """Why a network of an architecture can't be saved and loaded again; None when it can, or when it can't be built: its trials say why."""
    keras = load_keras()
    try:
        network = architecture(input_shape, n_classes)
    except Exception:  # of the user's own code
        keras.utils.clear_session()
        return None
    try:
        refuse_lambdas(network)
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder), network)
            load(Path(folder), read(Path(folder))[1])
    except Exception as error:
        return (f"its network could not be saved and loaded again ({type(error).__name__}: {error}); change it, or set best_models=0 to "
                "keep no model")
    finally:
        keras.utils.clear_session()
    return None


def refuse_lambdas(network: keras.Model) -> None:
    """Raises: UsageError for a network that holds code in place of layers."""
    import keras

    lambdas = [layer.name for layer in network._flatten_layers() if isinstance(layer, keras.layers.Lambda)]
    require(not lambdas, f"It holds Lambda layers ({', '.join(lambdas)}), which can't be loaded safely: write a layer.")


def predicted_elsewhere(folder: Path, batch: np.ndarray) -> np.ndarray:
    """What the network in a folder predicts in a new process, which knows no file but those in it.

    Raises: UsageError with the last line of its traceback.
    """
    import numpy as np

    np.save(folder / BATCH, batch)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run([sys.executable, "-m", "registry.own_layers", str(folder)], cwd=folder, env=environment, capture_output=True,
                          text=True, timeout=START_S, check=False)
    last = (done.stderr.strip().splitlines() or ["no message"])[-1]
    require(done.returncode == 0, f"A new process can't load the saved network ({last}): keep what the file imports beside it, or install "
                                  "it.")
    return np.load(folder / PREDICTED, allow_pickle=False)


def main(folder: Path) -> None:
    """Predict the batch in a folder by the network there."""
    import numpy as np

    keras = load_keras()
    network = load(folder, read(folder)[1])
    np.save(folder / PREDICTED, keras.ops.convert_to_numpy(network(np.load(folder / BATCH, allow_pickle=False), training=False)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
