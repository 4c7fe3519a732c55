"""On a page of its own a row is called by what distinguishes it there."""

from __future__ import annotations

from made_records import final

from harness.evaluation.rows import Row, rows
from harness.evaluation.short_names import ShortNames, short_names


def named(*cells: dict[str, str]) -> tuple[list[str], ShortNames]:
    made: list[Row] = [row for i, tags in enumerate(cells) for row in rows(final(f"c{i}", (0.5,), 0.1, **tags))]
    found = short_names(made)
    return [found.of(row) for row in made], found


def cell(feature_space: str, architecture: str, **more: str) -> dict[str, str]:
    return {"feature_space": feature_space, "architecture": architecture, **more}


def test_a_feature_space_that_all_rows_have_stands_once() -> None:
    names, found = named(cell("mel[n_mels=40] image", "plain_2d"), cell("mel[n_mels=40] image", "dilated_2d[filters=12]"))
    assert names == ["plain_2d", "dilated_2d"] and found.common == ("mel[n_mels=40] image",)


def test_details_stay_where_a_component_has_others_elsewhere_on_the_page() -> None:
    names, _ = named(cell("whisper vector mean+std", "svm"), cell("whisper[layers=(2, 3)] vector mean+std", "svm"),
                     cell("mfcc[n_mfcc=26] vector mean+std+slope", "svm"), cell("egemaps vector", "mlp[units=(8,)]"))
    assert names == ["whisper × svm", "whisper[layers=(2, 3)] × svm", "mfcc × svm", "egemaps × mlp"]
    names, _ = named(cell("mfcc vector mean", "svm"), cell("mfcc vector mean+std", "svm"), cell("zcr vector", "svm"))
    assert names == ["mfcc vector mean × svm", "mfcc vector mean+std × svm", "zcr × svm"]


def test_a_lone_network_keeps_the_names_of_its_components() -> None:
    names, found = named(cell("mel[n_mels=40] image", "plain_2d[filters=(8, 16)]", settings="--set training.epochs=5"))
    assert names == ["mel × plain_2d"] and found.common == ("--set training.epochs=5",)


def test_the_same_row_has_one_name_whether_or_not_it_knows_the_speaker() -> None:
    names, found = named(cell("mfcc vector", "svm"), cell("mfcc vector normalise=per_speaker", "svm"), cell("zcr vector", "svm"))
    assert names == ["mfcc × svm", "mfcc × svm", "zcr × svm"] and len(found.names) == 2


def test_rows_that_differ_in_settings_alone_show_them_and_recipes_keep_their_names() -> None:
    names, found = named(cell("mel image", "net", settings="--set training.epochs=5"), cell("mel image", "net"))
    assert names == ["mel × net --set training.epochs=5", "mel × net"] and found.common == ()
    names, found = named(cell("mel image", "net", recipe="plain"), cell("mel image", "net", recipe="mixup"))
    assert names == ["plain", "mixup"] and found.common == ()


def test_a_page_without_rows_has_no_names() -> None:
    assert short_names([]) == ShortNames()
