"""The page as a user starts it: app.py, the seed article and the real models, in a real browser."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from page_window import TESTS, Window, expect, serving

from qa.settings import seed_corpus

pytest_plugins = ["page_browser"]
pytestmark = pytest.mark.slow

ARTICLE = next(seed_corpus().iterdir()).read_text(encoding="utf-8")
APP = str(TESTS.parent / "app.py")


def leave(window: Window) -> None:
    """Leave the page before its server ends, which the page would rightly report as an error."""
    window.page.goto("about:blank")


def test_an_answer_is_traced_to_its_words(new_window: Callable[..., Window], tmp_path: Path) -> None:
    begun = time.monotonic()
    with serving(APP, "--data-dir", str(tmp_path)) as url:
        print(f"served after {time.monotonic() - begun:.1f} s")
        window = new_window()
        window.url = url
        window.open("", ready="#article")
        expect(window.page.locator(".state.ready")).to_be_visible(timeout=300_000)
        expect(window.page.locator(".article-head h2")).to_be_visible()

        turn = window.ask("Who rejected the claim about the strikes?")
        expect(turn.locator(".answer")).to_contain_text("spokesperson")
        for link in turn.locator(".cite").all():
            link.click()
            number = int(link.get_attribute("data-cite") or 0)
            quote = turn.locator(f'.quotes li[value="{number}"] q').text_content() or ""
            assert quote
            assert window.marked(number) == quote
            assert quote in ARTICLE
            expect(window.page.locator(f'#article mark[data-marks~="{number}"]').first).to_be_in_viewport()

        declined = window.ask("What is the capital of Peru?")
        expect(declined.locator(".declined-label")).to_be_visible()
        expect(declined.locator(".passage").first).to_be_visible()
        leave(window)


def test_passages_are_there_before_the_answer(new_window: Callable[..., Window], tmp_path: Path) -> None:
    with serving(APP, "--data-dir", str(tmp_path)) as url:
        window = new_window()
        window.url = url
        window.open("", ready=".state.ready")
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
        leave(window)
