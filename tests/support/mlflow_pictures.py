"""The pictures of docs/mlflow.md: the four saved views that `bench ui STUDY` links to, photographed by Playwright with chromium.

    bench run --study quickstart --home DIR
    python tests/support/mlflow_pictures.py DIR quickstart docs/mlflow
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
from pathlib import Path

PORT = 5077
HEIGHTS = {"Leaderboard": 640, "Charts of finals": 1850, "Search": 1000, "Seeds": 1000}  # of a page 1,280 wide
SETTLED_MS = 6_000  # charts are drawn and moved to their places


def photograph(home: Path, study: str, folder: Path) -> None:
    """Write `leaderboard.png`, `charts.png`, `search.png` and `seeds.png` into a folder."""
    command = [sys.executable, "-c", "from harness.cli import main; main()", "ui", study, "--home", str(home), "--port", str(PORT)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            links = dict(_links(server))
            for view, height in HEIGHTS.items():
                _write(_picture(links[view], height), folder / f"{view.split()[0].lower()}.png")
        finally:
            server.terminate()


def _links(server: subprocess.Popen[str]) -> list[tuple[str, str]]:
    """The views that `bench ui` prints, name and address, until it says where it listens."""
    found = []
    for line in server.stdout or ():
        if match := re.match(r"[^:]+: ([^:]+): (http\S+)", line):
            found.append((match[1], match[2]))
        if line.startswith("MLflow UI"):
            break
    return found


def _picture(address: str, height: int) -> bytes:
    from playwright.sync_api import expect, sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        page = browser.new_page(viewport={"width": 1280, "height": height})
        for _ in range(60):  # until the server answers
            try:
                page.goto(address)
                break
            except Exception:
                page.wait_for_timeout(1_000)
        expect(page.get_by_text("matching runs")).to_be_visible(timeout=120_000)
        page.wait_for_timeout(SETTLED_MS)
        assistant = page.locator("//*[text()='MLflow Assistant']/ancestor::*[.//button][1]//button").last
        if assistant.is_visible():  # it opens for who is new, and takes a third of the page
            assistant.click()
        page.wait_for_timeout(SETTLED_MS)
        picture = page.screenshot()
        browser.close()
        return picture


def _write(picture: bytes, path: Path) -> None:
    """With 256 colours: a third of the size."""
    from PIL import Image

    Image.open(io.BytesIO(picture)).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    photograph(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
