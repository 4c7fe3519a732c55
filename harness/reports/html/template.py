"""Fills the templates of pages: every text is escaped, style and script are inside, and the page may load nothing from a network."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from markupsafe import Markup

from harness.reports.html.markup import to_html

NO_PICTURES = Path()


def filled(name: str, **content: Any) -> str:
    """A page by the template of that name. Args: content: what it shows; texts are escaped, `Markup` is not."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(loader=PackageLoader("harness.reports.html", "templates"), autoescape=True, undefined=StrictUndefined,
                              trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)
    environment.filters["markdown"] = lambda text: to_html(text, NO_PICTURES)
    assert environment.loader
    style, script = (Markup(environment.loader.get_source(environment, file)[0]) for file in ("page.css", "page.js"))
    return environment.get_template(name).render(style=style, script=script, policy=_policy(script), **content)


def _policy(script: str) -> str:
    """What a browser may load and run for the page: its own script, known by its hash, and clips of this machine."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (f"default-src 'none'; img-src data:; media-src file:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; "
            "base-uri 'none'; form-action 'none'")
