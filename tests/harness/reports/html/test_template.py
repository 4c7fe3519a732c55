"""Pages are filled with texts escaped, run their own script alone, and every file of theirs is part of the installed package."""

from __future__ import annotations

import base64
import hashlib
import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

from harness.reports.html.template import filled
from harness.safe_text import mask_secrets

ROOT = Path(__file__).parents[4]
TEMPLATES = ROOT / "harness" / "reports" / "html" / "templates"


def test_the_page_s_script_is_the_one_that_its_policy_allows() -> None:
    text = filled("page.html", title="<b>", version="1 http://a.example")
    script, = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert mask_secrets(text) == text, "masking secrets, as every page is, leaves the script as it is"
    assert f"script-src &#39;sha256-{digest}&#39;" in text and "<title>&lt;b&gt;</title>" in text


def test_style_and_script_load_nothing() -> None:
    for name in ("page.css", "page.js"):
        assert not re.search(r"https?:|url\(|@import|fetch\(|XMLHttpRequest|import\(", (TEMPLATES / name).read_text(encoding="utf-8"))


def test_the_installed_package_has_every_template() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["harness.reports.html"]
    files = [path.relative_to(TEMPLATES.parent).as_posix() for path in TEMPLATES.rglob("*") if path.is_file()]
    assert len(files) >= 5 and all(any(fnmatch(file, pattern) for pattern in patterns) for file in files)
