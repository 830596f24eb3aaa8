"""The page in a real browser: reading while an answer is written, and what must not move under a reader's hands."""

import time
from collections.abc import Callable
from pathlib import Path

from page_window import PHONE, Window, expect

pytest_plugins = ["page_browser"]

SLOW = "Give me slowly 20 quotes"
PASSAGES_WITHIN = 333

ASK_AND_TIME = """() => new Promise((resolve) => {
    const before = document.querySelectorAll(".turn").length;
    const begun = performance.now();
    new MutationObserver((_, observer) => {
        if (document.querySelectorAll(".turn").length === before || !document.querySelector("#live .passage")) return;
        observer.disconnect();
        resolve(performance.now() - begun);
    }).observe(document.querySelector("#scroll"), {childList: true, subtree: true});
    const press = {key: "Enter", bubbles: true, cancelable: true};
    document.activeElement.dispatchEvent(new KeyboardEvent("keydown", press));
    document.activeElement.dispatchEvent(new KeyboardEvent("keypress", press));
})"""


def begin_slowly(window: Window) -> None:
    field = window.page.locator("#composer textarea")
    field.fill(SLOW)
    field.press("Enter")
    expect(window.page.locator("#live .turn[aria-busy] .answer")).to_be_visible()


def test_passages_are_there_within_a_third_of_a_second(window: Window) -> None:
    waited = []
    for question in ("What is the weather?", "What is the tide?", "What is the time?"):
        window.page.locator("#composer textarea").fill(question)
        waited.append(window.page.evaluate(ASK_AND_TIME))
        window.finished(question)
    assert min(waited) < PASSAGES_WITHIN  # the least: other programs may have the processor


def test_a_citation_opens_while_an_answer_is_written_and_stays(window: Window) -> None:
    first = window.ask("Tell me about trade")
    begin_slowly(window)
    first.locator('.cite[data-cite="2"]').click()
    mark = window.page.locator('#article mark[data-marks="2"]')
    expect(mark).to_be_focused()
    expect(window.page.locator("#live .turn[aria-busy]")).to_be_visible()
    last = window.finished(SLOW)
    expect(last.locator(".cite")).to_have_count(20)
    expect(mark).to_be_focused()
    expect(window.page.locator("#article article")).to_have_attribute("data-turn", "0")
    last.locator(".cite").first.click()
    expect(window.page.locator("#article article")).to_have_attribute("data-turn", "1")


def test_words_are_read_ahead_while_a_question_is_typed(window: Window, data_dir: Path) -> None:
    window.ask("Tell me about trade")
    window.page.locator("#composer textarea").press_sequentially("And ahead of tha", delay=60)
    kept = data_dir / "read-ahead"
    deadline = time.monotonic() + 10
    while not (kept.exists() and "2 And ahead of \n" in kept.read_text(encoding="utf-8")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert "tha" not in kept.read_text(encoding="utf-8")
    window.page.locator("#composer textarea").fill("Pasted all at once ")
    while "2 Pasted all at once \n" not in kept.read_text(encoding="utf-8"):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_mark_last_opened_stands_out(window: Window) -> None:
    turn = window.ask("Tell me about trade")
    for number in ("1", "2"):
        turn.locator(f'.cite[data-cite="{number}"]').click()
        current = window.page.locator("#article mark.current")
        expect(current).to_have_count(1)
        expect(current).to_have_attribute("data-marks", number)


def test_the_keyboard_keeps_its_place_while_the_page_is_drawn_anew(window: Window) -> None:
    begin_slowly(window)
    window.page.locator("#live .passage").nth(1).focus()
    start = window.focused("data-start")
    window.page.wait_for_timeout(500)
    assert (window.focused("class"), window.focused("data-start")) == ("passage", start)
    turn = window.finished(SLOW)
    expect(turn.locator(".passages summary")).to_be_focused()  # the passages have folded
    turn.get_by_role("button", name="Good answer").focus()
    window.page.keyboard.press("Enter")
    turn.get_by_label("What was good or wrong?").fill("good")
    window.page.keyboard.press("Enter")
    expect(turn.get_by_text("Thank you")).to_be_visible()
    expect(turn.get_by_role("button", name="Copy answer")).to_be_focused()  # the form has gone


def test_on_a_phone_the_question_field_stays_at_hand(new_window: Callable[..., Window]) -> None:
    window = new_window(viewport=PHONE, has_touch=True).open()
    field = window.page.locator("#composer textarea")
    expect(field).to_be_in_viewport(ratio=1)
    expect(window.page.locator("#fold")).to_be_in_viewport(ratio=1)
    window.page.locator(".suggestion").nth(1).tap()
    turn = window.finished("Who rejected the claim")
    expect(field).not_to_be_focused()  # the phone's own keyboard would cover the answer
    turn.locator(".cite").tap()
    expect(window.page.locator("#back")).to_be_visible()
    window.ask("Give me 10 quotes")
    expect(field).to_be_in_viewport(ratio=1)
    expect(window.page.locator("#back")).to_be_hidden()
