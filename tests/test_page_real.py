"""The page as a user starts it: app.py, the seed article and the real models, in a real browser."""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from page_window import TESTS, Window, expect, serving

from qa.settings import seed_corpus

pytest_plugins = ["page_browser"]
pytestmark = pytest.mark.slow

ARTICLE = next(seed_corpus().iterdir()).read_text(encoding="utf-8")
APP = str(TESTS.parent / "app.py")
LONG = 300_000
"""Milliseconds for loading models, or for making suggested questions, on a slow machine."""


class App:
    """`app.py` running over one folder; may be started anew."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stack = ExitStack()
        self.url = ""

    def start(self) -> None:
        begun = time.monotonic()
        self.url = self.stack.enter_context(serving(APP, "--data-dir", str(self.folder)))
        print(f"served after {time.monotonic() - begun:.1f} s")

    def stop(self) -> None:
        self.stack.close()


@pytest.fixture(scope="module")
def app(
    tmp_path_factory: pytest.TempPathFactory, asked_for_real: tuple[subprocess.CompletedProcess[str], Path]
) -> Iterator[App]:
    """The app over the seed article, in a folder where it was read before."""
    folder = tmp_path_factory.mktemp("real-page")
    shutil.copytree(asked_for_real[1], folder, dirs_exist_ok=True)
    running = App(folder)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def real_window(new_window: Callable[..., Window], app: App) -> Iterator[Window]:
    window = new_window()
    window.url = app.url
    window.page.goto(app.url)
    expect(window.page.locator("#composer textarea")).to_be_visible()
    shown = window.page.evaluate("performance.now()")
    painted = window.page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    print(f"first paint after {painted:.0f} ms, question field there after {shown:.0f} ms")
    expect(window.page.locator(".state.ready")).to_be_visible(timeout=LONG)
    yield window
    window.leave()


def test_an_answer_is_traced_to_its_words(real_window: Window) -> None:
    window = real_window
    expect(window.page.locator(".article-head h2")).to_be_visible()
    turn = window.ask("Who rejected the claim about the strikes?")
    expect(turn.locator(".answer")).to_contain_text("spokesperson")
    expect(turn.locator(".sure")).to_contain_text("in 10)")
    for link in turn.locator(".cite").all():
        link.click()
        number = int(link.get_attribute("data-cite") or 0)
        quote = turn.locator(f'.quotes li[value="{number}"] q').text_content() or ""
        assert quote
        assert window.marked(number) == quote
        assert quote in ARTICLE
        expect(window.page.locator(f'#article mark[data-marks~="{number}"]').first).to_be_in_viewport()

    expect(window.ask("And who made that claim?").locator(".answer")).to_contain_text("Mujahid")
    declined = window.ask("What is the capital of Peru?")
    expect(declined.locator(".declined-label")).to_be_visible()
    expect(declined.locator(".passage").first).to_be_visible()


def test_passages_are_there_before_the_answer(real_window: Window) -> None:
    window = real_window
    window.ask("Who rejected the claim about the strikes?")
    window.page.locator("#composer textarea").fill("Which countries want peace in the region?")
    waited, before = window.page.evaluate(
        """() => new Promise((resolve) => {
            const begun = performance.now();
            new MutationObserver(() => {
                const found = document.querySelector('#live .turn[data-turn="1"] .passage');
                const quotes = document.querySelector('#live .turn[data-turn="1"] .quotes');
                if (found) resolve([performance.now() - begun, quotes === null]);
            }).observe(document.querySelector("#live"), {childList: true, subtree: true});
            document.querySelector("#composer button").click();
        })"""
    )
    print(f"passages after {waited:.0f} ms")
    assert before
    window.finished("Which countries want peace")


def test_suggested_questions_are_made_and_are_there_at_once_at_the_next_start(
    real_window: Window, app: App, new_window: Callable[..., Window]
) -> None:
    window = real_window
    expect(window.page.locator(".suggestion").nth(1)).to_be_visible(timeout=LONG)
    _, *suggested = window.page.locator(".suggestion").all_text_contents()
    assert 1 <= len(suggested) <= 4
    turn = window.ask(suggested[0])
    expect(turn.locator(".cite").first).to_be_visible()
    assert 1 <= turn.locator(".suggestion").count() <= 3
    assert suggested[0] not in turn.locator(".suggestion").all_text_contents()
    window.leave()
    app.stop()
    app.start()
    begun = time.monotonic()
    again = new_window()
    again.url = app.url
    again.open()
    print(f"suggested questions {time.monotonic() - begun:.1f} s after opening the page")
    expect(again.page.locator(".suggestion").nth(1)).to_be_visible()
    expect(again.page.locator(".coming")).to_have_count(0)
    expect(again.page.locator(".state.ready")).to_be_visible(timeout=LONG)
    again.leave()
