"""A browser window on the page that watches what it loads, and the server as a process of its own."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Locator, Page, expect

TESTS = Path(__file__).parent
SECONDS = 1000.0
"""Playwright counts in milliseconds."""
PATIENCE = 60 * SECONDS
LOOPBACK = ("127.0.0.1", "127.0.0.2", "localhost", "::1", None)

CUT = ("AbortError: signal is aborted", "Unexpected error Connection errored out.")
"""What gradio's client says of its own connection when a window is left."""

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}

expect.set_options(timeout=PATIENCE)


@contextmanager
def serving(*command: str) -> Iterator[str]:
    """Run a server until the block ends; yields the address it prints. It must reach no other machine meanwhile."""
    reached = Path(tempfile.mkdtemp(prefix="qa-reached-")) / "hosts"
    folders = (TESTS / "guard", TESTS, TESTS.parent)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, folders)), "PAGE_REACHED": str(reached)}
    process = subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout
    try:
        printed = next((line for line in process.stdout if "http" in line), "")
        assert printed, "the server ended before it served"
        yield printed[printed.index("http") :].strip()
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()
        hosts = reached.read_text(encoding="utf-8") if reached.exists() else ""
        shutil.rmtree(reached.parent)
    assert not hosts, f"the server tried to reach {hosts}"


class Window:
    """A page in a browser context of its own, which notes requests to other machines, errors and dialogs."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.url = url
        self.context = context
        self.page: Page = context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.faults: list[str] = []
        self.leaving = False
        self.page.on("request", lambda request: self._check(request.url))
        self.page.on("console", lambda said: self._note(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self._note(str(error)))
        self.page.on("dialog", lambda dialog: self.faults.append(f"dialog: {dialog.message}"))

    def _note(self, fault: str) -> None:
        if not (self.leaving and fault.startswith(CUT)):
            self.faults.append(fault)

    def _check(self, address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("data", "blob") and parts.hostname not in LOOPBACK:
            self.faults.append(f"reached {address}")

    def open(self, rest: str = "", ready: str = ".suggestion") -> "Window":
        self.leaving = True
        self.page.goto(self.url + rest)
        self.page.wait_for_selector(ready)
        self.leaving = False
        return self

    def reload(self, ready: str = ".suggestion") -> None:
        """Leave the page and open it anew."""
        self.leaving = True
        self.page.reload()
        self.page.wait_for_selector(ready)
        self.leaving = False

    def leave(self) -> None:
        """Leave the page, as before its server ends, which it would rightly report as an error."""
        self.leaving = True
        self.page.goto("about:blank")

    def close(self) -> None:
        """Close the window."""
        self.leaving = True
        self.context.close()

    def ask(self, question: str) -> Locator:
        """Ask and return the finished turn."""
        field = self.page.locator("#composer textarea")
        field.fill(question)
        field.press("Enter")
        return self.finished(question)

    def finished(self, question: str) -> Locator:
        turn = self.page.locator(".turn:not([aria-busy])", has=self.page.locator(".question", has_text=question)).last
        expect(turn).to_be_visible()
        return turn

    def marked(self, number: int) -> str:
        """Return the words that carry a number in the article."""
        marks = self.page.locator(f'#article mark[data-marks~="{number}"]')
        return "".join(marks.all_text_contents())

    def focused(self, attribute: str) -> str | None:
        found: str | None = self.page.evaluate(f"document.activeElement.getAttribute('{attribute}')")
        return found
