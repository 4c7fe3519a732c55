"""Names of the pages of reports, and how a page is written."""

from __future__ import annotations

from pathlib import Path

from harness.safe_text import mask_secrets, safe_file_name

PUBLISHED, LEAKAGE_PAGE, TRANSFER_PAGE = "published-systems.md", "leakage.md", "transfer.md"  # beside the reports of studies
INDEX = "README.md"
NOISE = "_noise"  # after a study's name: its page on noise
OTHER_PAGES = {PUBLISHED: "What published systems claim, beside what came out here",
               LEAKAGE_PAGE: "What random splits and other leaks are worth",
               TRANSFER_PAGE: "What networks trained on one corpus make of the others"}


def _noise_page(home: Path, study_name: str) -> Path:
    return home / "reports" / f"{safe_file_name(study_name)}{NOISE}.md"


def write_beside(path: Path, text: str) -> None:
    """Write a text file, without secrets, so that it is never seen half-written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(f"{path.suffix}.tmp")
    beside.write_text(mask_secrets(text), encoding="utf-8", newline="\n")
    beside.replace(path)
