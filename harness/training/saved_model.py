"""The model that MLflow stores: from a raw waveform to emotions, with feature extraction and normalisation inside.

`mlflow.pyfunc.load_model("models:/<id>").predict(waveform[None, :], params={"sample_rate": 16000})` gives a table with the
emotion and the probability of each; this module is the model's loader in MLflow.
"""

from __future__ import annotations

import json
import warnings
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.data.known_speakers import standard
from harness.training.model_input import checked_rate, checked_waveforms, in_full_scale
from registry import own_layers
from registry.core import specification
from registry.errors import BenchError, require
from registry.feature_space import FeatureSpace
from registry.rebuilt_space import space_from

if TYPE_CHECKING:
    import keras
    import pandas as pd

    from harness.training.result import Result
    from registry.corpus import Corpus

SETTINGS = "listening.json"  # the name that models in stores have
ONE_BATCH = 32  # clips; Keras's own batch size, so that the network sees the same either way
FEW_KNOWN = 5  # clips of a speaker: of fewer, standardising within a speaker did harm in the study `enrolment`
MOST_CONFIGURATION = 50_000_000  # bytes: a network of bench takes some thousand, with its normaliser's means


def write(result: Result, corpus: Corpus, folder: Path) -> None:
    """Write the model of a result into `folder`."""
    from harness.data.features import padded_samples

    assert result.model is not None
    space = result.trial.feature_space  # of the trial: the search may have changed that of the cell
    write_network(result.model, space, padded_samples(corpus, space), corpus.emotions, corpus.sample_rate, folder, result.usual_variance)


def write_network(network: keras.Model, space: FeatureSpace, samples: int, emotions: Sequence[str], sample_rate: int, folder: Path,
                  usual_variance: np.ndarray | None = None) -> None:
    """Write a network (`model.keras`), how waveforms become its input (`listening.json`), and what source it needs into `folder`."""
    import keras

    folder.mkdir(parents=True, exist_ok=True)
    bare = keras.Model(network.inputs, network.outputs, name=network.name)  # Adam's state would be twice the weights
    own_layers.write(folder, bare, [feature for feature in space.features if not type(feature).__module__.startswith("registry.")])
    settings = {"feature_space": specification(space), "samples": samples, "emotions": emotions, "sample_rate": sample_rate}
    if usual_variance is not None:
        settings["usual_variance"] = usual_variance.tolist()
    (folder / SETTINGS).write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


def normaliser_of(folder: Path) -> tuple[np.ndarray, np.ndarray] | None:
    """Mean and variance by which a saved model below `folder` standardises features, read without Keras; None where it does not."""
    for path in sorted(folder.rglob("model.keras")):
        try:
            with zipfile.ZipFile(path) as archive:
                size = archive.getinfo("config.json").file_size
                require(size <= MOST_CONFIGURATION, f"{path.name} describes its network in {size:,} bytes, which no network of bench needs")
                layers = json.loads(archive.read("config.json"))["config"]["layers"]
            for layer in (layer["config"] for layer in layers if layer["class_name"] == "Normalization"):
                return _plain_array(layer["mean"]), _plain_array(layer["variance"])
        except (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, KeyError, TypeError,
                RecursionError) as error:
            raise BenchError(f"{path.name} of a saved model is damaged ({type(error).__name__}: {error}): run its study again, or delete "
                             "the model") from error
    return None


def _plain_array(data: Any) -> np.ndarray:
    """An array from Keras's JSON: `{"class_name": "__numpy__", "config": {"value": …}}`, or nested lists."""
    return np.asarray(data["config"]["value"] if isinstance(data, dict) else data, np.float64)


class WaveformModel:
    """Predicts emotions from raw audio.

    Args:
        network: (batch, frames, bands) -> (batch, classes). samples: length that clips are padded or cut to, at the space's rate.
        sample_rate: Hz, assumed of a waveform that comes without one. objects: the layers and functions that are not Keras's own, by
            the names under which Keras saves them. usual_variance: of a model that standardises features within a speaker, (bands,).
    """

    def __init__(self, network: keras.Model, space: FeatureSpace, samples: int, emotions: tuple[str, ...], sample_rate: int,
                 objects: Mapping[str, Any] = MappingProxyType({}), usual_variance: np.ndarray | None = None) -> None:
        self.network, self.space, self.samples, self.emotions, self.sample_rate = network, space, samples, emotions, sample_rate
        self.objects, self.usual_variance = objects, usual_variance

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """One row a waveform: `emotion`, then the probability of each emotion.

        Args:
            model_input: float array (clips, samples) in [-1, 1]: clips of one length; a single one is `waveform[None, :]`. Of a model
                with `normalise="per_speaker"` all must be of one speaker, whose features are standardised over them; of fewer than
                five that does more harm than good (reports/enrolment.md), which a warning says.
            params: `{"sample_rate": Hz}`, 4,000 to 192,000; the corpus's own rate when it is not given.
        Raises: UsageError for no clip, fewer than 100 samples, whole numbers, values that are not finite or far beyond full scale,
            another parameter, or a rate that no recording has.
        """
        import pandas as pd

        sample_rate, waveforms = checked_rate(params, self.sample_rate), in_full_scale(checked_waveforms(model_input))
        if few := self.too_few(len(waveforms)):
            warnings.warn(few, stacklevel=2)
        probabilities = self.probabilities(self.features(waveforms, sample_rate))
        table = pd.DataFrame(probabilities, columns=list(self.emotions))
        table.insert(0, "emotion", [self.emotions[i] for i in probabilities.argmax(axis=1)])
        return table

    def features(self, model_input: Any, sample_rate: int) -> np.ndarray:
        """The input of the network for waveforms, as `predict` takes them: (clips, frames, bands). Models of one space share it."""
        return self.standardised(np.stack([self.extract(w, sample_rate) for w in checked_waveforms(model_input)]))

    def extract(self, waveform: np.ndarray, sample_rate: int) -> np.ndarray:
        """The features of one clip of any length, (samples,) float32: (frames, bands)."""
        return self.space.extract(waveform, sample_rate, self.samples)

    def standardised(self, extracted: np.ndarray) -> np.ndarray:
        """The input of the network for what `extract` gives of some clips, (clips, frames, bands).

        Of a model with `normalise="per_speaker"` they must be all that there are of one speaker; of others they stay as they are.
        """
        if not self.knows_speaker:
            return extracted
        mean, deviation = standard(extracted, np.ones(extracted.shape[-1]) if self.usual_variance is None else self.usual_variance)
        return ((extracted - mean) / deviation).astype(np.float32)

    @property
    def heard_s(self) -> float:
        """Seconds of a clip that it hears at most."""
        return self.samples / self.space.sample_rate

    @property
    def knows_speaker(self) -> bool:
        """Whether clips are standardised over those of their speaker."""
        return self.space.normalise == "per_speaker"

    def too_few(self, clips: int) -> str:
        """Why so many clips of a speaker should not be predicted together, in words; empty where they may."""
        if not self.knows_speaker or clips >= FEW_KNOWN:
            return ""
        return (f"{clips} clips are few to standardise a speaker by: give {FEW_KNOWN} or more of one speaker together, "
                "or take a model that knows nothing of speakers")

    def require_any_speaker(self, purpose: str) -> None:
        """Raises: UsageError where the model needs to know who speaks. Args: purpose: what can't be done then, as a clause."""
        require(not self.knows_speaker, f"{purpose} with normalise='per_speaker', which needs clips of one known speaker at a time: give "
                                         "rows of another normalisation")

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """The probability of each emotion: (clips, emotions)."""
        # `predict` has a loop that takes far longer than one batch of a small network
        return self.network.predict_on_batch(features) if len(features) <= ONE_BATCH else self.network.predict(features, verbose=0)


def load(files: Path) -> WaveformModel:
    """The model in a folder, as `write` filled it or as MLflow keeps it below. Raises BenchError when there is none."""
    settings = sorted(files.rglob(SETTINGS))
    if not settings:
        raise BenchError(f"the saved model in {files} has no {SETTINGS}: it is damaged, or not a model of bench; train it again")
    return _load_pyfunc(str(settings[0].parent))


def _load_pyfunc(data_path: str) -> WaveformModel:
    """MLflow's entry: the model from the folder that `write` filled. Keras loads in safe mode; nothing is unpickled."""
    from harness.training.backend import set_up

    set_up()
    folder = Path(data_path)
    settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    modules, objects = own_layers.read(folder)
    network = own_layers.load(folder, objects)
    space = space_from(settings["feature_space"], folder, modules)
    return WaveformModel(network, space, settings["samples"], tuple(settings["emotions"]), settings["sample_rate"], objects,
                         np.array(settings["usual_variance"]) if "usual_variance" in settings else None)


def space_of(settings: dict[str, Any], folder: Path) -> FeatureSpace:
    """The feature space of the model in a folder, read without its network. Args: settings: what its `listening.json` says."""
    return space_from(settings["feature_space"], folder, own_layers.read(folder)[0])


def packages_of(folder: Path) -> list[str]:
    """The packages beside those of bench that compute the features of the model in `folder`, as `name==version`."""
    settings = folder / SETTINGS
    features = json.loads(settings.read_text(encoding="utf-8"))["feature_space"]["features"] if settings.is_file() else []
    return [feature["package_version"] for feature in features if "package_version" in feature]
