"""Cost beside quality: what is counted by hand, what is measured in a process of its own, and how a report tells it."""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from calls import bench, study_file
from made_records import final
from mlflow_client import client_of, runs_of

from harness.evaluation.leaderboard import leaderboards
from harness.evaluation.pareto import Point, front
from harness.evaluation.rows import rows
from harness.reports.cost_section import cost_markdown
from harness.reports.figures import pareto_figure
from harness.reports.pictures import Pictures
from harness.tracking.run_record import RunRecord

UNLOADABLE = """
import keras
class Mine(keras.layers.Layer):
    def call(self, x):
        return x * 2.0
from typing import ClassVar
from registry.core import register
@register("unregistered")
class Unregistered:
    rank: ClassVar[int] = 2
    version: ClassVar[int] = 1
    minimum_steps: ClassVar[int] = 1
    def __call__(self, input_shape, n_classes):
        x = inputs = keras.Input(input_shape)
        for layer in (Mine(), keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(n_classes, activation="softmax")):
            x = layer(x)
        return keras.Model(inputs, x)
"""


@pytest.mark.slow
def test_the_first_final_of_a_cell_is_measured_and_one_that_cannot_be_warns_and_stands(tmp_path: Path) -> None:
    # Two processes that load TensorFlow: measuring in this one would give another peak of memory
    file = study_file(tmp_path, "architectures=(STUDY.architectures[0], Unregistered()), splits=STUDY.splits[1:], trials=0, "
                                "best_models=0, measure_cost=True", preamble=UNLOADABLE)
    outcome = bench("run", "--study", file, "--home", tmp_path)
    assert outcome.code == 0 and outcome.err.count("cost not measured: the saved model could not be measured: ") == 1, outcome.err
    costs = [{key.removeprefix("cost/"): value for key, value in run.data.metrics.items() if key.startswith("cost/")}
             for run in runs_of(client_of(tmp_path), "own")["seed"]]
    assert [bool(cost) for cost in costs] == [True, False, False, False]
    frames = 32  # of 1 s at 16 kHz
    assert costs[0]["multiply_adds"] < frames * 90 and costs[0]["multiply_adds"] % 1 == 0
    assert 0.1 < costs[0]["latency_median_ms"] <= costs[0]["latency_p95_ms"] and 100 < costs[0]["peak_memory_mb"] < 5_000
    assert 0.005 < costs[0]["model_mb"] < 0.2 and costs[0]["cores"] >= 1 and 0.5 < costs[0]["clip_s"] < 10
    told = json.loads(bench("report", "--json", "--home", tmp_path).out)["studies"]["own"]
    assert sorted((row["cost"] for row in told), key=len) == [{}, costs[0]]


def with_cost(cell: str, uar: float, latency: float, **cost: float) -> list[RunRecord]:
    """A cell's final and its seeds, the second of them measured."""
    first, second, whole = final(cell, (uar, uar), 0.1)
    figures = {"latency_median_ms": latency, "latency_p95_ms": 2 * latency, "multiply_adds": 1.5e6, "model_mb": 0.25,
               "peak_memory_mb": 700.0, "cores": 2.0, "clip_s": 2.5, **cost}
    metrics = {**second.metrics, **{f"cost/{key}": value for key, value in figures.items()}}
    return [first, dataclasses.replace(second, metrics=metrics), whole]


def told(*cells: list[RunRecord]) -> tuple[str, str, list[Point]]:
    """The sentence and the folded text of a leaderboard, and the points that were drawn."""
    drawn: list[Point] = []

    def draw(protocol: str, points: Sequence[Point]) -> str:
        drawn.extend(points)
        return f"{protocol}.png"

    board, = leaderboards(rows([record for cell in cells for record in cell]), {})
    return *cost_markdown(board, draw), drawn


def test_the_rows_of_the_front_are_named_the_fastest_first_and_rows_without_cost_show_dashes() -> None:
    sentence, text, drawn = told(with_cost("quick", 0.5, 4.0), with_cost("good", 0.6, 20.0), with_cost("poor", 0.45, 9.0),
                                 final("old", (0.7,), 0.1))
    assert "better and faster: mel image × quick (0.500 at 4.0 ms), mel image × good (0.600 at 20.0 ms). It" in sentence
    assert "| mel image × good | ✓ | 0.600 | 20.0 | 40.0 | 1,500,000 | 0.25 | 700 | 12,345 | 62 |" in text
    assert "| mel image × poor |  | 0.450 | 9.0 | 18.0 |" in text
    assert "| mel image × old |  | 0.700 | – | – | – | – | – | 12,345 | 61 |" in text
    assert "one clip of 2.50 s on 2 cores" in text and "![Test UAR against latency](unseen_speakers_80_20.png)" in text and "⚠" not in text
    assert sorted((point.latency_ms, point.label) for point in drawn) == [(4.0, "mel image × quick"), (9.0, "mel image × poor"),
                                                                          (20.0, "mel image × good")]


def test_rows_of_different_machines_have_no_front_and_a_busy_machine_is_told() -> None:
    sentence, text, drawn = told(with_cost("quick", 0.5, 4.0), with_cost("good", 0.6, 20.0, cores=16.0, others_cores=1.26))
    assert sentence == "" and drawn == [] and "✓" not in text and "measured on different machines" in text and "on 2 to 16 cores" in text
    assert "⚠ Other processes kept up to 1.3 cores busy" in text


def test_a_lone_measured_row_makes_no_front_and_rows_that_were_never_measured_say_so() -> None:
    sentence, text, drawn = told(with_cost("good", 0.6, 20.0))
    assert (sentence, drawn) == ("", []) and "| mel image × good |  | 0.600 | 20.0 |" in text
    sentence, text, drawn = told(final("old", (0.7, 0.6), 0.1))
    assert (sentence, drawn) == ("", []) and "were not measured" in text


def test_equal_points_are_both_on_the_front_and_one_that_is_only_slower_is_not() -> None:
    points = [Point("a", 5, 0.5), Point("b", 5, 0.5), Point("c", 6, 0.5), Point("d", 7, 0.6)]
    assert [each.label for each in front(points)] == ["a", "b", "d"]


def test_in_the_picture_no_name_lies_on_another_and_none_is_lost(tmp_path: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    points = [Point(f"mel image × network {i}", 5 + i % 3, 0.5 + 0.001 * (i % 4), (0.45, 0.55)) for i in range(24)]
    figure = pareto_figure(points, "Test UAR against latency")
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    names = [text for text in figure.axes[0].texts if text.get_text()]
    boxes = sorted((super(type(name), name).get_window_extent(canvas.get_renderer()) for name in names), key=lambda box: box.y0)
    assert len(names) == 24 and all(lower.y1 <= upper.y0 + 1 for lower, upper in itertools.pairwise(boxes))
    assert all(box.x1 <= figure.bbox.x1 and box.y0 >= 0 and box.y1 <= figure.bbox.y1 for box in boxes)


def test_two_corpora_under_one_protocol_have_a_picture_each(tmp_path: Path) -> None:
    pictures = Pictures(tmp_path / "study")
    points = [Point("a", 5, 0.5), Point("b", 6, 0.6)]
    paths = [pictures.pareto("speaker_folds[fold=1]", points) for _ in range(3)]
    assert len(set(paths)) == 3 and all((tmp_path / path).stat().st_size > 1000 for path in paths)
    assert paths[0] == "study/pareto_speaker_folds_fold_1_.png"
