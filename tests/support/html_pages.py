"""Pages of a study for browsers, made from records without a store or training, with tones as clips; and what a page holds."""

from __future__ import annotations

from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from folder_clips import tone
from made_records import final, known, said

from harness.evaluation.leaderboard import Leaderboard, leaderboards
from harness.evaluation.report_data import study_data
from harness.evaluation.rows import rows
from harness.reports.html.study_html import study_html
from harness.reports.study_report import page_parts
from harness.tracking.run_record import RunRecord

EMPTY = {"meta", "br", "img", "input", "link", "hr"}
CORPUS = {"corpus": "folder", "corpus_label": "folder"}
SHARED: dict[str, Any] = {"split": "random_80_20", "shares_speakers": "True", "split_fingerprint": "e" * 64, **CORPUS}


def records(question: str = "Does it render?") -> list[RunRecord]:
    """Rows of three kinds under two protocols."""
    study = RunRecord("s", "study", "study", "finished", {}, {}, {"bench.question": question})
    return [study, *final("good", (0.50, 0.60), 0.001, **CORPUS, family="pretrained"), *final("weak", (0.40, 0.42), 0.5, **CORPUS),
            *final("vector", (0.45, 0.46), 0.5, **CORPUS, family="functionals"), *final("known", (0.70, 0.72), 0.01, **SHARED),
            *final("other", (0.60, 0.62), 0.01, **SHARED)]


def boards_of(found: Sequence[RunRecord]) -> list[Leaderboard]:
    made = rows(list(found))
    return leaderboards(made, known(made))


def study_page_text(found: list[RunRecord], page: Path, data: Path | None = None, boards: list[Leaderboard] | None = None) -> str:
    """The text of a page. Args: data: where its clips are."""
    boards = boards_of(found) if boards is None else boards
    parts = page_parts("study", found, boards)
    return study_html(parts, study_data(boards, parts.question), page, page.parent / page.stem, data)


def folder_of_tones(folder: Path) -> Path:
    """The clips of `made_records.said` as a corpus of files with their table."""
    first = said(1)[0]
    source = tone(folder / "clip000.wav").read_bytes()
    for clip in first.clips:
        (folder / f"{clip}.wav").write_bytes(source)
    lines = [f"{clip}.wav,{first.emotions[truth]},{speaker}" for clip, truth, speaker
             in zip(first.clips, first.truth, first.speakers, strict=True)]
    (folder / "labels.csv").write_text("\n".join(["path,emotion,speaker", *lines]), encoding="utf-8")
    return folder


class Page(HTMLParser):
    """The tags of a page with their attributes; AssertionError for one that is not closed, or at the wrong place."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in EMPTY:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, f"</{tag}> at {self.getpos()} closes another tag"

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self._open):
            self.texts.append(data)

    def attributes(self, name: str) -> list[str]:
        """The values of an attribute, of all tags."""
        return [str(attributes[name]) for _, attributes in self.tags if name in attributes]

    def of(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of each tag of a name."""
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self) -> str:
        """All that it shows, in one line."""
        return " ".join("".join(self.texts).split())
