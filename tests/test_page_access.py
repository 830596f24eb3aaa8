"""The page in a real browser: by keyboard alone, on a phone, light and dark, and checked by axe-core."""

from collections.abc import Callable
from importlib.resources import files

import pytest
from page_window import PHONE, Window, expect

pytest_plugins = ["page_browser"]

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


def faults_of(window: Window) -> list[tuple[str, str, list[object]]]:
    window.page.evaluate(AXE)
    found = window.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [(issue["id"], issue["help"], [node["target"] for node in issue["nodes"]]) for issue in found["violations"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_axe_finds_nothing(new_window: Callable[..., Window], scheme: str, size: str) -> None:
    options = {"viewport": PHONE} if size == "phone" else {}
    window = new_window(color_scheme=scheme, **options).open()
    window.page.locator(".menu summary").click()
    assert faults_of(window) == []
    window.page.locator(".menu summary").click()
    window.ask("Tell me about trade").locator(".cite").first.click()
    window.ask("What is the weather on Mars?").get_by_role("button", name="Bad answer").click()
    window.page.get_by_role("button", name="Documents").click()
    expect(window.page.locator("#paste")).to_be_visible()
    window.page.get_by_role("button", name="Add this text").click()
    expect(window.page.locator("#notes .error")).to_be_visible()
    assert faults_of(window) == []


def tab_to(window: Window, selector: str, key: str = "Tab") -> None:
    """Press a key until the focus is there; no mouse, no script."""
    for _ in range(60):
        if window.page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
        window.page.keyboard.press(key)
    raise AssertionError(f"{selector} cannot be reached by {key}")


def test_from_the_question_to_the_marked_words_by_keyboard_alone(window: Window) -> None:
    press = window.page.keyboard.press
    expect(window.page.locator("#composer textarea")).to_be_focused()
    window.page.keyboard.type("Tell me about trade")
    press("Enter")
    turn = window.finished("Tell me about trade")
    tab_to(window, '.cite[data-cite="2"]', "Shift+Tab")
    expect(window.page.locator("#tip")).to_be_visible()
    press("Enter")
    expect(window.page.locator('#article mark[data-marks="2"]')).to_be_focused()
    press("Escape")
    expect(turn.locator('.cite[data-cite="2"]')).to_be_focused()
    tab_to(window, '.actions [data-verdict="up"]')
    press("Enter")
    tab_to(window, ".remark input")
    window.page.keyboard.type("to the point")
    press("Enter")
    expect(turn.get_by_text("Thank you")).to_be_visible()
    tab_to(window, ".suggestion")
    press("Enter")
    window.finished("And what became of trade?")
    tab_to(window, ".menu summary", "Shift+Tab")
    press("Enter")
    tab_to(window, '.menu [data-act="clear"]')
    press("Escape")
    expect(window.page.locator(".menu summary")).to_be_focused()
    tab_to(window, "#documents button")
    press("Enter")
    tab_to(window, "#documents [placeholder^='Paste the text']")
    window.page.keyboard.type("Dogs bark. They do.")
    tab_to(window, "#paste")
    press("Enter")
    expect(window.page.locator("#notes")).to_contain_text("Added: Dogs bark.")
    tab_to(window, '.shelf [data-act="remove"]', "Shift+Tab")
    press("Enter")
    expect(window.page.locator("#notes")).to_contain_text("Removed")


def test_links_skip_to_the_question_and_to_the_article(window: Window) -> None:
    for number, target in ((1, "#article"), (0, "#composer textarea")):
        window.page.locator("a.skip").nth(number).focus()
        window.page.keyboard.press("Enter")
        expect(window.page.locator(target)).to_be_focused()


def test_landmarks_and_labels(window: Window) -> None:
    window.ask("Who rejected it?")
    for role, name in (("region", "Conversation"), ("region", "Article"), ("article", None), ("main", None)):
        found = window.page.get_by_role(role, name=name) if name else window.page.get_by_role(role)  # type: ignore[arg-type]
        expect(found.first).to_be_visible()
    expect(window.page.get_by_role("textbox", name="Your question")).to_be_visible()
    expect(window.page.locator("#status [aria-live=polite]")).to_have_count(1)


def test_on_a_phone_the_article_folds_under_the_chat(new_window: Callable[..., Window]) -> None:
    window = new_window(viewport=PHONE, has_touch=True).open()
    article = window.page.locator("#article article")
    expect(article).to_be_hidden()
    turn = window.ask("Tell me about trade")
    expect(article).to_be_hidden()
    turn.locator('.cite[data-cite="2"]').tap()
    expect(window.page.locator('#article mark[data-marks="2"]')).to_be_in_viewport()
    window.page.get_by_role("button", name="Back to the answer").tap()
    expect(turn.locator('.cite[data-cite="2"]')).to_be_in_viewport()
    window.page.get_by_role("button", name="Hide the article").tap()
    expect(article).to_be_hidden()
    wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert window.page.evaluate(wide)


def test_light_and_dark(new_window: Callable[..., Window]) -> None:
    dark = new_window(color_scheme="dark").open()
    paper = "getComputedStyle(document.body).backgroundColor"
    assert dark.page.evaluate(paper) == "rgb(23, 26, 27)"
    dark.page.locator(".menu summary").click()
    dark.page.get_by_role("button", name="Light or dark").click()
    assert dark.page.evaluate(paper) == "rgb(251, 250, 247)"
    dark.reload()
    assert dark.page.evaluate(paper) == "rgb(251, 250, 247)"
