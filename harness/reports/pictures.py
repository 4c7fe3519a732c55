"""The pictures beside a report: its answer, confusion matrices, what searches found, and curves and reliability of the rows to take."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.evaluation.calibration import calibration_error, reliability
from harness.evaluation.final_predictions import FinalPredictions
from harness.evaluation.folds import FoldComparison
from harness.evaluation.pareto import Point
from harness.evaluation.references import RESOLVED
from harness.evaluation.search_figures import search_pictures
from harness.evaluation.search_front import front_figure
from harness.evaluation.search_results import CellSearch
from harness.evaluation.voices import Voices, VoicesOfRow, by_layer
from harness.reports.answer_figures import Panel, confusions_figure, rows_figure
from harness.reports.figures import critical_difference_figure, layers_figure, pareto_figure, reliability_figure
from harness.reports.markdown import plural
from harness.reports.pages import link_to
from harness.training.figures import curves_figure, save

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure


LINES = ("chance", RESOLVED)  # reference rows in the picture of voices


class Pictures:
    """Draws the pictures of a page into an empty folder."""

    def __init__(self, page: Path, folder: Path) -> None:
        self.page, self.folder = page, folder

    def critical_difference(self, protocol: str, labels: Sequence[str], comparison: FoldComparison) -> str:
        """The path of the diagram of a protocol's folds."""
        title = f"Average ranks over {protocol}"
        figure = critical_difference_figure(list(labels), comparison.average_ranks, comparison.critical_difference, title)
        return self._save(figure, f"{_plain(protocol)}_ranks.png")

    def pareto(self, protocol: str, points: Sequence[Point]) -> str:
        """The path of the picture of UAR against latency; of one protocol on several corpora, each has its own."""
        figure = pareto_figure(points, f"Test UAR against latency on {protocol}")
        return self._save(figure, self._free(f"pareto_{_plain(protocol)}"))

    def search(self, protocol: str, searches: Sequence[CellSearch], names: Sequence[str]) -> dict[str, str]:
        """What a picture of the searches of a protocol shows -> its path."""
        figures = search_pictures(searches, names)
        return {what: self._save(figure, self._free(f"search_{stem}_{_plain(protocol)}")) for stem, (what, figure) in figures.items()}

    def search_front(self, protocol: str, objective: str, points: Sequence[Point]) -> str:
        """The path of the picture of a search with two objectives."""
        return self._save(front_figure(points, objective), self._free(f"search_front_{objective}_{_plain(protocol)}"))

    def answer(self, panels: Mapping[str, Panel], lines: Mapping[str, float], taken: str) -> str:
        """The path of the picture of a report's first screen."""
        return self._save(rows_figure(panels, lines, taken), self._free("answer"))

    def confusions(self, protocol: str, matrices: Mapping[str, np.ndarray], emotions: tuple[str, ...]) -> str:
        """The path of the confusion matrices of a leaderboard."""
        return self._save(confusions_figure(matrices, emotions), self._free(f"confusions_{_plain(protocol)}"))

    def layers(self, pair: Voices, name: str) -> str:
        """The path of the picture of rows of this name by the layer of their encoder, on new speakers and heard ones."""
        return self._save(layers_figure(by_layer(pair)[name], name), self._free(f"layers_{_plain(pair.new.rows[0].split)}"))

    def known_voices(self, rows: Sequence[tuple[str, VoicesOfRow]], pair: Voices) -> str:
        """The path of the picture of rows with clips of the test speakers beside the same without."""
        panel = {name: {"nothing known": row.new, "speaker known": row.heard} for name, row in rows}
        return self._save(rows_figure({"": panel}, _lines(pair)), self._free("voices_known"))

    def of(self, finals: FinalPredictions) -> dict[str, str]:
        """What a picture shows -> its path from the report."""
        seeds = f"test, {plural(len(finals.test), 'seed')}"
        error = calibration_error(finals.test)
        figures = {
            f"Learning curves of the first seed{' of the first fold' if finals.folds else ''}":
                curves_figure(finals.history, finals.row.best_epoch, finals.row.name),
            "Reliability": reliability_figure(reliability(finals.test), f"{seeds}: expected calibration error {error:.3f}")}
        return {what: self._save(figure, f"{_plain(finals.row.cell)}_{what.split()[0].lower()}.png") for what, figure in figures.items()}

    def _free(self, stem: str) -> str:
        """A name that no picture of the page has yet."""
        taken = sum(re.fullmatch(rf"{stem}(_no\d+)?\.png", path.name) is not None for path in self.folder.glob(f"{stem}*"))
        return f"{stem}_no{taken + 1}.png" if taken else f"{stem}.png"

    def _save(self, figure: Figure, name: str) -> str:
        save(figure, self.folder / name)
        return link_to(self.page, name)


def _lines(pair: Voices) -> dict[str, float]:
    return {reference.name: reference.figures["uar"][0] for reference in pair.new.references if reference.name in LINES}


def _plain(text: str) -> str:
    return re.sub(r"[^0-9A-Za-z]+", "_", text)
