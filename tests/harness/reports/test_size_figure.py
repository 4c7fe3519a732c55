"""The picture of UAR over parameters and training time has a point a row, a colour a kind, and lines for chance and listeners."""

from __future__ import annotations

from made_records import boards_of, row

from harness.evaluation.joint_leaderboards import joint_tables
from harness.evaluation.report_data import study_data
from harness.evaluation.study_records import StudyRecord
from harness.reports.size_figure import COLORS, size_figure


def test_rows_stand_at_their_parameters_and_training_times_in_the_colour_of_their_kind_and_are_named() -> None:
    boards = boards_of(row("good", "cnn", {}), row("weak", "mlp", {}, family="pretrained"))
    table, = joint_tables([StudyRecord.of("a", study_data(boards), boards)])
    first, second = table.rows
    figure = size_figure(table.rows, {first: "a short name", second: "a long one of many words " * 9}, {"chance": 1 / 3}, "a title")
    for axes, place in zip(figure.axes, (12_345, 61.5), strict=True):
        points = {line.get_color(): (line.get_xdata()[0], line.get_ydata()[0]) for line in axes.lines if line.get_marker() == "o"}
        assert points == {COLORS[each.kind]: (place, each.uar[0]) for each in table.rows}
        assert [line.get_ydata()[0] for line in axes.lines if line.get_label() == "chance"] == [1 / 3] and axes.get_xscale() == "log"
    assert {text.get_text() for text in figure.axes[1].texts} == {
        f"a short name {first.uar[0]:.3f}", f"{'a long one of many words ' * 3}a … {second.uar[0]:.3f}"}
