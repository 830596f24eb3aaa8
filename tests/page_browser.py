"""Fixtures of the tests in a browser: the page served, Chromium, windows."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from page_window import DESKTOP, TESTS, Window, serving
from playwright.sync_api import Browser, sync_playwright


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("page-data")


@pytest.fixture(scope="session")
def url(data_dir: Path) -> Iterator[str]:
    with serving(str(TESTS / "page_server.py"), str(data_dir)) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    executable = next((found for name in names if (found := shutil.which(name))), None)
    if executable is None:
        pytest.skip("no Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def new_window(browser: Browser, url: str) -> Iterator[Callable[..., Window]]:
    """Opens windows; when the test ends, none may have reached another machine or met an error."""
    windows: list[Window] = []

    def make(**options: object) -> Window:
        given = {"viewport": DESKTOP, "locale": "en-US", "reduced_motion": "reduce", **options}
        windows.append(Window(browser.new_context(**given), url))  # type: ignore[arg-type]
        return windows[-1]

    yield make
    for window in windows:
        window.close()
    assert [fault for window in windows for fault in window.faults] == []


@pytest.fixture
def window(new_window: Callable[..., Window]) -> Window:
    """A desktop window in English with the page ready."""
    return new_window().open()
