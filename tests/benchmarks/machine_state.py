"""Which state of a user's machine changes the numbers of a trial, although its signature stays the same.

Run from the repository: python tests/benchmarks/machine_state.py [--only WORD …]

Each state is met by a new process, in which tiny networks are trained twice through everything that a real trial does: resampling, mel
frames, augmented copies, augmentation on the fly, batch norm, dropout. Features, losses, probabilities and weights must be the same to
the last bit as in a process without it. The states that no program can undo, since they choose how arithmetic is rounded, are marked.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

KERAS_JSON = {"floatx": "float32", "epsilon": 1e-7, "backend": "tensorflow", "image_data_format": "channels_last"}


@dataclass(frozen=True)
class State:
    """A state of the machine.

    Args:
        name: as the table shows it. keras_json: text of the user's Keras settings. environment: variables. flags: of Python.
        before: code that runs before anything of bench is imported, as in a notebook.
        rounding: it chooses how arithmetic is rounded, and differences are only reported.
    """

    name: str
    keras_json: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    before: str = ""
    rounding: bool = False


def variables(*settings: str, rounding: bool = False) -> list[State]:
    """States of one variable each, written as in a shell."""
    return [State(f"`{setting}`", environment=dict([setting.split("=", 1)]), rounding=rounding) for setting in settings]


def settings(**changed: object) -> State:
    """Keras's settings file with changed values."""
    return State(f"`keras.json`: `{json.dumps(changed)[1:-1]}`", keras_json=json.dumps({**KERAS_JSON, **changed}))


def notebook(code: str, name: str = "") -> State:
    """Code that a notebook ran before."""
    return State(f"before, in the notebook: {name or f'`{code}`'}", before=code)


STATES = [
    settings(image_data_format="channels_first"), settings(floatx="float64"), settings(floatx="float16"), settings(epsilon=0.01),
    settings(backend="nowhere"), settings(floatx="int8"), settings(nnx_enabled=True),
    State("`keras.json` that is no JSON", keras_json="{"), State("`keras.json` with a list", keras_json="[1]"),
    *variables("KERAS_MAX_EPOCHS=1", "KERAS_MAX_STEPS_PER_EPOCH=1", "KERAS_NNX_ENABLED=true"),
    notebook("import keras; keras.config.set_image_data_format('channels_first')"),
    notebook("import keras; keras.config.set_floatx('float64')"), notebook("import keras; keras.config.set_epsilon(0.01)"),
    notebook("import keras; keras.config.set_dtype_policy('mixed_bfloat16')"),
    notebook("import keras; keras.config.set_max_epochs(1)"), notebook("import keras; keras.config.set_max_steps_per_epoch(1)"),
    notebook("import tensorflow as tf; tf.config.run_functions_eagerly(True)"),
    notebook("import tensorflow as tf; tf.config.optimizer.set_jit(True)"),
    notebook("import tensorflow as tf; tf.config.optimizer.set_experimental_options({'disable_meta_optimizer': True})"),
    notebook("import tensorflow as tf; tf.config.experimental.enable_op_determinism()"),
    notebook("import tensorflow as tf; tf.keras.backend.set_floatx('float64')"),
    notebook("import tensorflow as tf; tf.random.set_global_generator(tf.random.Generator.from_seed(5, alg='threefry'))"),
    notebook("import tensorflow as tf; tf.experimental.numpy.experimental_enable_numpy_behavior()"),
    *variables("TF_ENABLE_ONEDNN_OPTS=0", "TF_XLA_FLAGS=--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit", "TF_DETERMINISTIC_OPS=1",
               "TF_CUDNN_DETERMINISTIC=1", "NVIDIA_TF32_OVERRIDE=0", "XLA_FLAGS=--xla_cpu_enable_fast_math=true",
               "XLA_FLAGS=--xla_backend_optimization_level=0", "TF_USE_LEGACY_KERAS=1", "TF_DISABLE_MKL=1", "TF2_BEHAVIOR=0",
               "ONEDNN_DEFAULT_FPMATH_MODE=BF16", "ONEDNN_MAX_CPU_ISA=SSE41", "DNNL_MAX_CPU_ISA=SSE41", "DNNL_DEFAULT_FPMATH_MODE=ANY",
               "JAX_ENABLE_X64=1", "JAX_DEFAULT_MATMUL_PRECISION=highest"),
    *variables("TF_NUM_INTRAOP_THREADS=3", "TF_NUM_INTEROP_THREADS=3", "OMP_NUM_THREADS=1", "OMP_NUM_THREADS=7"),
    *variables("OPENBLAS_NUM_THREADS=1", "OPENBLAS_CORETYPE=Nehalem", "NPY_DISABLE_CPU_FEATURES=AVX512_SKX AVX512F AVX2 FMA3",
               "NUMBA_DISABLE_JIT=1", "NUMBA_CPU_NAME=generic", "SOXR_USE_SIMD=0", "OPENBLAS_VERBOSE=2", rounding=True),
    *variables("PYTHONHASHSEED=1", "LC_ALL=C", "LC_ALL=de_DE.UTF-8", "LANG=tr_TR.UTF-8", "PYTHONUTF8=0", "TZ=Pacific/Kiritimati",
               "PYTHONOPTIMIZE=2", "PYTHONWARNINGS=error", "PYTHONIOENCODING=cp1252", "NPY_PROMOTION_STATE=legacy",
               "LIBROSA_CACHE_LEVEL=50", "PYTHONDEVMODE=1"),
    notebook("import numpy as np; np.seterr(all='raise')"), notebook("import numpy as np; np.set_printoptions(precision=2, legacy='1.13')"),
    notebook("import numpy as np; np.random.seed(3)"), notebook("import random; random.seed(3)"),
    notebook("import pandas as pd; pd.options.mode.copy_on_write = True; pd.options.display.precision = 1"),
    notebook("import decimal; decimal.getcontext().prec = 3"), notebook("import os; os.umask(0o077)"),
    notebook("import warnings; warnings.simplefilter('error')"),
    notebook("import os; os.sched_setaffinity(0, {0})", "one core is left to the process"),
]


def main() -> None:
    """Print a table of the states, and end with 1 when one that could be undone changed a number."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=[""], metavar="WORD", help="the states whose name holds one of them")
    parser.add_argument("--numbers", metavar="CODE", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.numbers is not None:
        exec(options.numbers)
        print(json.dumps(numbers()))
        return
    plain = met(State("nothing"))
    if met(State("nothing")) != plain:
        sys.exit("two processes without any state give different numbers")
    print("| state | features | network | |\n|---|---|---|---|")
    bad = 0
    for state in STATES:
        if any(word in state.name for word in options.only):
            found = met(state)
            same = {part: found.get(part) == plain[part] for part in ("features", "network")}
            bad += not (all(same.values()) or state.rounding)
            words = ["same" if same[part] else f"**other** ({found.get('uar', '-')})" for part in same]
            print(f"| {state.name.replace('|', '/')} | {words[0]} | {words[1]} | {found.get('error', '')} |", flush=True)
    sys.exit(bool(bad))


def met(state: State) -> dict[str, str]:
    """What a new process computes that meets a state."""
    with tempfile.TemporaryDirectory() as home:
        keras = Path(home) / ".keras"
        keras.mkdir()
        if state.keras_json:
            (keras / "keras.json").write_text(state.keras_json)
        plain = {key: value for key, value in os.environ.items() if not key.startswith(("KERAS_", "TF_", "XLA_", "OMP_"))}
        environment = {**plain, "HOME": home, "NUMBA_CACHE_DIR": os.environ.get("NUMBA_CACHE_DIR", ""), **state.environment}
        done = subprocess.run([sys.executable, *state.flags, __file__, "--numbers", state.before], env=environment, capture_output=True,
                              text=True, check=False)
    if done.returncode:
        return {"error": (done.stderr.strip().splitlines() or ["no message"])[-1][:160]}
    return json.loads(done.stdout.splitlines()[-1])


def numbers() -> dict[str, str]:
    """Digests of the features and of the trained networks, and the test UAR of each."""
    import numpy as np

    from harness.data.corpora import Workspace
    from harness.data.features import features
    from harness.study.trial import Training, Trial
    from harness.training.run_trial import run_trial
    from registry.architectures.plain_1d import Plain1D
    from registry.architectures.residual_2d import Residual2D
    from registry.augmentation import Augmentation
    from registry.augmentations.mixup import Mixup
    from registry.augmentations.noise import Noise
    from registry.corpora.synthetic import Synthetic
    from registry.feature_space import FeatureSpace
    from registry.feature_spaces.mel import Mel
    from registry.feature_spaces.rms import Rms
    from registry.splits.random_80_20 import Random8020

    corpus = Synthetic(n_speakers=4, n_sentences=3, sample_rate=22_050)
    opened = corpus.load()
    mel = FeatureSpace(features=(Mel(),), join="image", duration_s=1.0)
    rms = FeatureSpace(features=(Rms(),), join="channels", duration_s=1.0, trim_db=40.0)
    training = Training(epochs=2, batch_size=16)
    trials = [Trial(corpus=corpus, corpus_fingerprint=opened.fingerprint, feature_space=space, architecture=network, split=Random8020(),
                    training=training, augmentation=augmentation, opens_test=True)
              for space, network, augmentation in ((mel, Residual2D(), Augmentation(on_the_fly=(Mixup(),))),
                                                   (rms, Plain1D(), Augmentation(copies=(Noise(),))))]
    heard, learned, uars = hashlib.sha256(), hashlib.sha256(), []
    with tempfile.TemporaryDirectory() as home:
        workspace = Workspace(Path(home), workers=1)
        for trial in trials:
            heard.update(features(opened, trial.feature_space, workspace.cache, 1).tobytes())
            result = run_trial(trial, workspace, lambda epoch, metrics: None)
            if result.model is None or result.test is None:
                sys.exit(result.reason)
            for array in (*result.model.get_weights(), result.predictions["test"].probabilities, *result.history.values()):
                learned.update(np.ascontiguousarray(array).tobytes())
            uars.append(f"{result.test.uar:.3f}")
    return {"features": heard.hexdigest(), "network": learned.hexdigest(), "uar": ", ".join(uars)}


if __name__ == "__main__":
    main()
