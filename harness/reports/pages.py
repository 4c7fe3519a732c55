"""The pages of `reports/`: the one place that names them and the folders of their pictures, and how a page is written."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from harness.safe_text import mask_secrets, safe_file_name
from harness.tracking.store import Store
from registry.errors import BenchError, UsageError

PUBLISHED, LEAKAGE_PAGE, TRANSFER_PAGE = "published-systems.md", "leakage.md", "transfer.md"  # beside the reports of studies
INDEX = "README.md"
OTHER_PAGES = {PUBLISHED: "What published systems claim, beside what came out here",
               LEAKAGE_PAGE: "What random splits and other leaks are worth",
               TRANSFER_PAGE: "What networks trained on one corpus make of the others"}
NOISE = "_noise"  # after the name of a study's page: its page on noise
OF_OTHERS = (NOISE, ".md", ".json", ".html", ".tmp")  # endings of other pages and of files, which a folder of pictures must not have


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


def html_page(page: Path) -> Path:
    """The HTML file beside a page."""
    return page.with_name(f"{page.stem}.html")


def pictures_folder(page: Path) -> Path:
    """The folder of a page's pictures, beside it."""
    return page.with_name(page.stem)


def link_to(page: Path, picture: str) -> str:
    """The address of a picture on its page."""
    return quote(f"{pictures_folder(page).name}/{picture}")


@contextmanager
def staying(page: Path) -> Iterator[None]:
    """Around all that a page is made of: an error says that the page stays as it is, where there is one."""
    try:
        yield
    except UsageError:
        raise
    except BenchError as error:
        raise BenchError(f"{page} stays as it is: {error}" if page.exists() else str(error)) from error


@contextmanager
def new_pictures(page: Path) -> Iterator[Path]:
    """A folder to draw the pictures of a page into; at the end of the block, unless an error ends it, it takes the place of the old one.

    The page is written in the block, so that an error leaves the old page with its pictures.
    """
    folder = pictures_folder(page)
    beside, old = folder.with_name(f"{folder.name}.new.tmp"), folder.with_name(f"{folder.name}.old.tmp")
    for left in (beside, old):
        shutil.rmtree(left, ignore_errors=True)
    try:
        yield beside
        if folder.exists():
            folder.rename(old)
        if beside.exists():
            beside.rename(folder)
    finally:
        for left in (beside, old):
            shutil.rmtree(left, ignore_errors=True)


def refuse_less(page: Path, losses: Sequence[str]) -> None:
    """Raise BenchError where a page has figures that the store has lost: no page is replaced by one with less evidence.

    Args: losses: the lines of the new page on what is lost; one that stands on the old page is no news.
    """
    before = page.read_text(encoding="utf-8") if page.exists() else ""
    new = [line for line in dict.fromkeys(losses) if losses.count(line) > before.count(line)]
    if before and new:
        raise BenchError(f"it has figures that the store has lost. {' '.join(new)} Bring the files back, or delete {page} to have it "
                         "written without these figures")


def write_beside(path: Path, text: str) -> None:
    """Write a text file, without secrets, so that it is never seen half-written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(f"{path.suffix}.tmp")
    beside.write_text(mask_secrets(text), encoding="utf-8", newline="\n")
    beside.replace(path)
