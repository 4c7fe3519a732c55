"""What a user's machine, shell or notebook has set changes nothing in Keras as trials get it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from registry.keras_state import as_installed, load_keras

ROOT = Path(__file__).parents[2]
SETTINGS = ("image_data_format", "floatx", "epsilon", "max_epochs", "max_steps_per_epoch")
AS_INSTALLED = ["channels_last", "float32", 1e-7, None, None]


def run(code: str, home: Path, **environment: str) -> tuple[list[str], str]:
    """The lines that a new process prints, and its messages; a user's home and variables, nothing of Keras's loaded yet."""
    plain = {key: value for key, value in os.environ.items() if not key.startswith(("KERAS_", "TF_", "XLA_"))}
    done = subprocess.run([sys.executable, "-c", code], env={**plain, "HOME": str(home), "PYTHONPATH": str(ROOT), **environment},
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines(), done.stderr


def test_a_settings_file_that_keras_would_refuse_and_variables_that_cut_training_short_are_not_read(tmp_path: Path) -> None:
    (tmp_path / ".keras").mkdir()
    file = tmp_path / ".keras" / "keras.json"
    file.write_text(json.dumps({"image_data_format": "channels_first", "floatx": "int8", "epsilon": 0.1, "backend": "nowhere"}))
    (tmp_path / "own.py").write_text("import keras\n")  # before bench loads it
    code = ("from pathlib import Path; import json\nfrom registry.core import load_file\nfrom registry.keras_state import load_keras\n"
            f"load_file(Path({str(tmp_path / 'own.py')!r})); keras = load_keras(); import os\n"
            f"print(json.dumps([getattr(keras.config, name)() for name in {SETTINGS}]))\n"
            "print(keras.config.backend(), keras.config.dtype_policy().name, os.environ.get('KERAS_HOME'))\n"
            "print(keras.src.backend.config.keras_home())")
    lines, errors = run(code, tmp_path, KERAS_MAX_EPOCHS="1", KERAS_MAX_STEPS_PER_EPOCH="1", TF_ENABLE_ONEDNN_OPTS="0")
    assert json.loads(lines[0]) == AS_INSTALLED and lines[1:] == ["tensorflow float32 None", str(tmp_path / ".keras")]
    for text in ("KERAS_MAX_EPOCHS=1", "KERAS_MAX_STEPS_PER_EPOCH=1", "TF_ENABLE_ONEDNN_OPTS=0"):
        assert errors.count(f"{text} is ignored: it could change numbers") == 1
    assert json.loads(file.read_text())["floatx"] == "int8", "it is the user's"


def test_what_a_notebook_or_an_architecture_set_in_keras_is_set_back() -> None:
    keras = load_keras()
    keras.config.set_image_data_format("channels_first")
    keras.config.set_floatx("float64")
    keras.config.set_epsilon(0.1)
    keras.config.set_max_epochs(1)
    keras.config.set_max_steps_per_epoch(1)
    keras.config.set_dtype_policy("mixed_bfloat16")
    load_keras()
    assert [getattr(keras.config, name)() for name in SETTINGS] == AS_INSTALLED and keras.config.dtype_policy().name == "float32"
    assert keras.layers.Conv2D(2, 3).data_format == "channels_last"


def test_variables_that_change_numbers_are_removed_and_those_that_say_where_or_how_loud_are_left(tmp_path: Path) -> None:
    changing = {"TF_DETERMINISTIC_OPS": "1", "TF_XLA_FLAGS": "--tf_xla_auto_jit=2", "TF_CUDNN_DETERMINISTIC": "1", "JAX_ENABLE_X64": "1",
                "NVIDIA_TF32_OVERRIDE": "0", "ONEDNN_MAX_CPU_ISA": "SSE41", "DNNL_MAX_CPU_ISA": "SSE41", "KERAS_NNX_ENABLED": "true"}
    others = {"KERAS_BACKEND": "jax", "TF_CPP_MIN_LOG_LEVEL": "2", "TF_NUM_INTRAOP_THREADS": "1", "TF_CLI_CONFIG_FILE": "terraform",
              "JAX_PLATFORMS": "cpu", "XLA_PYTHON_CLIENT_PREALLOCATE": "false", "CUDA_VISIBLE_DEVICES": "0"}
    code = ("import os, sys\nfrom registry.keras_state import as_installed, too_late\nwith as_installed(): pass\n"
            "print(sorted(set(sys.argv[1].split()) & set(os.environ))); print(os.environ['XLA_FLAGS'], too_late(), 'keras' in sys.modules)")
    lines, _ = run(code.replace("sys.argv[1]", repr(" ".join({**changing, **others}))), tmp_path, **changing, **others,
                   XLA_FLAGS="--xla_gpu_cuda_data_dir=/usr/lib/cuda --xla_cpu_enable_fast_math=true")
    assert lines == [str(sorted(others)), "--xla_gpu_cuda_data_dir=/usr/lib/cuda () False"]


def test_a_variable_that_a_library_has_read_already_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "tensorflow.py").write_text("")
    code = ("import sys; sys.path.insert(0, {!r}); import tensorflow\nfrom registry.keras_state import as_installed, too_late\n"
            "with as_installed(): pass\nprint(too_late())")
    lines, _ = run(code.format(str(tmp_path)), tmp_path, TF_ENABLE_ONEDNN_OPTS="0", KERAS_MAX_EPOCHS="1")
    assert lines == ["('TF_ENABLE_ONEDNN_OPTS=0',)"], "Keras's own settings can still be set back"


def test_the_user_s_own_choice_of_home_and_backend_is_left_as_it_is(tmp_path: Path) -> None:
    code = ("import os\nfrom registry.keras_state import as_installed\nwith as_installed(): print(os.environ['KERAS_BACKEND'])\n"
            "print(os.environ.get('KERAS_BACKEND'), os.environ['KERAS_HOME'])")
    assert run(code, tmp_path, KERAS_HOME="mine")[0] == ["tensorflow", "None mine"]
    assert run(code, tmp_path, KERAS_HOME="mine", KERAS_BACKEND="jax")[0] == ["jax", "jax mine"]
    with as_installed():
        assert "keras" not in sys.modules or os.environ.get("KERAS_HOME") != os.devnull
