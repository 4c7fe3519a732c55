"""What the site is made of: files keep their places in the repository, so that links hold on the site as they do in a checkout."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

ROOT = Path(__file__).parents[1]
SHOWN = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "docs/**/*.md", "docs/**/*.png", "docs/*.ipynb", "reports/**/*")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """The files of the theme, and those of the repository that the site shows, each at its path from the root."""
    from mkdocs.structure.files import File

    for file in list(files):
        if Path(file.abs_src_path or "").is_relative_to(config.docs_dir):
            files.remove(file)
    for path in sorted({path for pattern in SHOWN for path in ROOT.glob(pattern) if path.is_file()}):
        files.append(File.generated(config, path.relative_to(ROOT).as_posix(), abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """Folded parts as Markdown: GitHub reads what is inside them as such, mkdocs where it is told so."""
    return markdown.replace("<details>", '<details markdown="1">').replace("<summary>", '<summary markdown="span">')
