"""The pages of `reports/`: the one place that names them and the folders of their pictures, and how a page is written."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from harness.safe_text import mask_secrets, safe_file_name
from harness.tracking.store import Store

PUBLISHED, LEAKAGE_PAGE, TRANSFER_PAGE = "published-systems.md", "leakage.md", "transfer.md"  # beside the reports of studies
INDEX = "README.md"
OTHER_PAGES = {PUBLISHED: "What published systems claim, beside what came out here",
               LEAKAGE_PAGE: "What random splits and other leaks are worth",
               TRANSFER_PAGE: "What networks trained on one corpus make of the others"}
NOISE = "_noise"  # after the name of a study's page: its page on noise
OF_OTHERS = (NOISE, ".md", ".json", ".tmp")  # endings of other pages and of files, which a folder of pictures must not have


def study_page(store: Store, study: str) -> Path:
    """The page of a study; whatever the study is called, no other page or folder has that name, even where case makes no difference.

    A study whose name is another's gets a hash of it in the file's name: `transfer-27f576.md`.
    """
    name = study.casefold()
    same = any(other.casefold() == name and other != study != name for other in store.studies())
    others = {Path(page).stem.casefold() for page in (INDEX, *OTHER_PAGES)}
    return store.home / "reports" / f"{safe_file_name(study, {*others, name} if same or name.endswith(OF_OTHERS) else others)}.md"


def noise_page(store: Store, study: str) -> Path:
    """The page on noise of a study."""
    page = study_page(store, study)
    return page.with_name(f"{page.stem}{NOISE}.md")


def pictures_folder(page: Path) -> Path:
    """The folder of a page's pictures, beside it."""
    return page.with_name(page.stem)


def link_to(picture: Path) -> str:
    """The address of a picture on its page."""
    return quote(f"{picture.parent.name}/{picture.name}")


def write_beside(path: Path, text: str) -> None:
    """Write a text file, without secrets, so that it is never seen half-written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(f"{path.suffix}.tmp")
    beside.write_text(mask_secrets(text), encoding="utf-8", newline="\n")
    beside.replace(path)
