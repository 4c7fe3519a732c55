"""What MODEL stands for: a folder, or what a store keeps."""

from __future__ import annotations

from pathlib import Path

import pytest
from calls import Ran
from exportable import EMOTIONS, saved

from harness.prediction.open_model import open_model
from harness.tracking.store import Store
from registry.errors import UsageError


def test_a_folder_needs_no_store_and_its_name_is_its_path(tmp_path: Path) -> None:
    opened = open_model(str(saved(tmp_path / "model")), lambda: pytest.fail("no store is needed"))
    assert (opened.name, opened.model.emotions, opened.model.heard_s) == (str(tmp_path / "model"), EMOTIONS, 1.0)


def test_anything_else_is_looked_for_in_the_store(ran: Ran, tmp_path: Path) -> None:
    opened = open_model("tiny_study", lambda: Store(ran.home))
    assert opened.name.startswith("tiny_study:zcr+energy duration_s=1.0 × plain_1d[filters=(4,), dense=()]@unseen_speakers_80_20, seed ")
    with pytest.raises(UsageError, match="Did you mean 'tiny_study'"):
        open_model("tiny_studi", lambda: Store(ran.home))
