"""Labels in any script are drawn, or stand as codes: never as boxes, never with warnings."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from harness.training import fonts
from harness.training.figures import confusion_figure, save

KANA = "\u306e"  # of Matplotlib's own fonts STIXGeneral has it, and the default one has not
NOWHERE = "\U00013000"  # a hieroglyph
HINDI = "\u0916\u0941\u0936\u0940"


@pytest.fixture
def only_matplotlibs_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_installed", lambda: ("STIXGeneral",))


@pytest.mark.usefixtures("only_matplotlibs_fonts")
def test_a_text_gets_the_fonts_that_have_its_signs() -> None:
    assert fonts.families("sad") == fonts.families("\u0433\u043d\u0435\u0432 \u03b1 ×") == ("DejaVu Sans",)
    assert fonts.families(f"sad {KANA}") == ("DejaVu Sans", "STIXGeneral")
    assert fonts.families(f"{KANA}{NOWHERE}") is None is fonts.families(HINDI)


@pytest.mark.usefixtures("only_matplotlibs_fonts")
def test_all_labels_are_codes_where_one_can_not_be_drawn() -> None:
    assert fonts.codes(["sad", KANA]) == {"sad": "sad", KANA: KANA}
    assert fonts.codes(["sad", HINDI]) == {"sad": "E1", HINDI: "E2"}


@pytest.mark.usefixtures("only_matplotlibs_fonts")
def test_a_picture_of_labels_in_other_scripts_has_no_boxes_and_no_warnings(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = confusion_figure([[1, 2], [3, 4]], ("sad", KANA), f"of {NOWHERE}{HINDI} and {KANA}")
        save(figure, tmp_path / "drawn.png")
        coded = confusion_figure([[1, 2], [3, 4]], ("sad", HINDI), "")
        save(coded, tmp_path / "coded.png")
    axes, = figure.axes
    assert axes.get_title() == f"of ????? and {KANA}"
    label = axes.get_yticklabels()[1]
    assert (label.get_text(), label.get_fontfamily()) == (KANA, ["DejaVu Sans", "STIXGeneral"])
    assert [label.get_text() for label in coded.axes[0].get_xticklabels()] == ["E1", "E2"]


def test_the_box_font_of_matplotlib_is_none_that_has_a_sign() -> None:
    assert not any("Last Resort" in name for name in fonts._installed())


def test_chinese_signs_are_twice_as_wide() -> None:
    assert (fonts.width("anger"), fonts.width("\u6124\u6012")) == (5, 4)
