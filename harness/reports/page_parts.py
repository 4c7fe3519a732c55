"""A study's page in parts, as Markdown and HTML are made of them: title, answer, trust, and sections in a steady order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.evaluation.answer import Answer
from harness.reports.sections import Section


@dataclass(frozen=True)
class PageParts:
    """The parts of a page, each a piece of Markdown; empty ones count for nothing.

    Args:
        study, question: in plain text. answers: of each corpus, from which the parts are made.
        title: the heading, and the question where it is long. first: the answers in words, tables and pictures.
        trust: what the figures rest on, and last the links to the sections.
    """

    study: str
    question: str
    answers: Sequence[Answer]
    title: Sequence[str]
    first: Sequence[str]
    trust: Sequence[str]
    sections: Sequence[Section]

    @property
    def markdown(self) -> str:
        """The whole page."""
        below = [part for section in self.sections for part in (f"## {section.heading}", *section.parts)]
        return "\n\n".join(part for part in (*self.title, *self.first, *self.trust, *below) if part) + "\n"
