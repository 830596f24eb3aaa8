"""Takes the README's pictures: start `python app.py`, then run `python tests/screenshots/take.py URL`."""

import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).parent
SIZES = {"desktop": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}
QUESTION = "Why did the talks fail, and what happened to trade afterwards?"
COLOURS = 128
MINUTES_5 = 300_000


def take(page: Page, name: str) -> None:
    page.wait_for_timeout(2500)  # the marks have stopped flashing
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB").quantize(COLOURS)
    picture.save(FOLDER / f"{name}.png", optimize=True)


def main() -> None:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for size, viewport in SIZES.items():
            for scheme in ("light", "dark"):
                context = chromium.new_context(viewport=viewport, color_scheme=scheme, locale="en-US")  # type: ignore[arg-type]
                page = context.new_page()
                page.set_default_timeout(MINUTES_5)
                page.goto(sys.argv[1])
                page.wait_for_selector(".state.ready", state="attached")
                page.wait_for_selector(".suggestion >> nth=1")
                if (size, scheme) == ("desktop", "light"):
                    take(page, "welcome-light")
                page.fill("#composer textarea", QUESTION)
                page.press("#composer textarea", "Enter")
                page.wait_for_selector(".turn:not([aria-busy]) .cite")
                take(page, f"{size}-{scheme}")
                if (size, scheme) == ("phone", "light"):
                    page.click(".cite")
                    take(page, "phone-light-article")
                context.close()
        chromium.close()


if __name__ == "__main__":
    main()
