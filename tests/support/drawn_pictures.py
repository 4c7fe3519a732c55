"""Stands in for the pictures of a report: their paths, and no file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.evaluation.final_predictions import FinalPredictions
from harness.reports.pictures import Pictures


class DrawnPictures(Pictures):
    """Notes what each picture is of, by the name of its kind."""

    def __init__(self) -> None:
        super().__init__(Path("study.md"), Path("study"))
        self.drawn: dict[str, list[Any]] = {}

    def _drawn(self, kind: str, *of: Any) -> str:
        self.drawn.setdefault(kind, []).append(of)
        return f"study/{kind}.png"

    def answer(self, *of: Any) -> str:  # type: ignore[override]
        return self._drawn("answer", *of)

    def confusions(self, *of: Any) -> str:  # type: ignore[override]
        return self._drawn("confusions", *of)

    def known_voices(self, *of: Any) -> str:  # type: ignore[override]
        return self._drawn("known", *of)

    def critical_difference(self, *of: Any) -> str:  # type: ignore[override]
        return self._drawn("ranks", *of)

    def pareto(self, *of: Any) -> str:  # type: ignore[override]
        return self._drawn("pareto", *of)

    def search(self, *of: Any) -> dict[str, str]:  # type: ignore[override]
        return {"UAR over trials": self._drawn("search", *of)}

    def search_front(self, *of: Any) -> str:  # type: ignore[override]
        return self._drawn("search_front", *of)

    def of(self, finals: FinalPredictions) -> dict[str, str]:
        return {"Reliability": self._drawn("reliability", finals)}
