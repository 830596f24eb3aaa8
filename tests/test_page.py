"""The page in a real browser, over a scripted QA: asking, and tracing every claim to its words."""

import json
import re
from pathlib import Path

import pytest
from page_window import Window, expect

from qa.feedback import feedback_file, question_set
from qa.settings import seed_corpus

pytest_plugins = ["page_browser"]

ARTICLE = next(seed_corpus().iterdir()).read_text(encoding="utf-8")


def test_passages_come_first_then_text_then_the_answer(window: Window) -> None:
    field = window.page.locator("#composer textarea")
    field.fill("Tell me slowly about trade")
    field.press("Enter")
    turn = window.page.locator("#live .turn")
    expect(turn.locator(".passage").first).to_be_visible()
    expect(turn).to_have_attribute("aria-busy", "true")
    expect(turn.locator(".answer")).to_have_text(re.compile("Asif said"))
    expect(turn.locator(".cite")).to_have_count(0)
    expect(turn.locator(".cite")).to_have_count(2)
    expect(window.page.locator("#status")).to_contain_text("Asif said the Taliban could trade")


@pytest.mark.parametrize("count", [1, 10, 50])
def test_a_click_on_a_mark_shows_the_very_words(window: Window, count: int) -> None:
    turn = window.ask(f"Give me {count} quotes")
    expect(turn.locator(".cite")).to_have_count(count)
    for number in {1, (count + 1) // 2, count}:
        turn.locator(f'.cite[data-cite="{number}"]').click()
        quote = turn.locator(f'.quotes li[value="{number}"] q').text_content()
        assert window.marked(number) == quote
        assert quote in ARTICLE
        mark = window.page.locator(f'#article mark[data-marks~="{number}"]').first
        expect(mark).to_be_in_viewport()
        expect(mark).to_be_focused()
    assert window.page.locator("#article .text").text_content() == ARTICLE


def test_no_citation_and_nearest_passages(window: Window) -> None:
    turn = window.ask("What is the weather on Mars?")
    expect(turn.locator(".declined-label")).to_have_text("Not in the text")
    expect(turn.locator(".cite")).to_have_count(0)
    expect(turn.locator(".passages")).to_have_attribute("open", "")
    turn.locator(".passage").nth(1).click()
    place = window.page.locator("#article mark.place").first
    expect(place).to_be_in_viewport()
    shown = turn.locator(".passage").nth(1).text_content() or ""
    assert window.marked(0).startswith(shown.removesuffix(" …"))


def test_the_quote_is_shown_on_hover_and_focus(window: Window) -> None:
    turn = window.ask("Who rejected it?")
    tip = window.page.locator("#tip")
    turn.locator(".cite").hover()
    expect(tip).to_have_text("Quote 1: The military spokesperson rejected the allegations.")
    expect(turn.locator(".claim")).to_have_class(re.compile("pointed"))
    window.page.mouse.move(5, 5)
    expect(tip).to_be_hidden()
    turn.locator(".cite").focus()
    expect(tip).to_be_visible()
    window.page.keyboard.press("Escape")
    expect(tip).to_be_hidden()


def test_citations_of_an_earlier_answer_still_lead_to_their_words(window: Window) -> None:
    first = window.ask("Tell me about trade")
    second = window.ask("Who rejected it?")
    expect(second.locator(".searched")).to_contain_text("Who rejected it? (the Afghan Taliban)")
    assert window.marked(1) == "The military spokesperson rejected the allegations."
    first.locator('.cite[data-cite="2"]').click()
    expect(window.page.locator("#article article")).to_have_attribute("data-turn", "0")
    expect(window.page.locator('#article mark[data-marks="2"]')).to_be_focused()
    assert window.marked(2) == first.locator('.quotes li[value="2"] q').text_content()
    assert window.marked(1) == first.locator('.quotes li[value="1"] q').text_content()


def test_stopping_keeps_what_was_written_and_frees_the_field(window: Window) -> None:
    field = window.page.locator("#composer textarea")
    field.fill("Give me slowly 50 quotes")
    field.press("Enter")
    expect(window.page.locator("#live .answer")).to_have_text(re.compile("Statement"))
    window.page.get_by_role("button", name="Stop").click()
    turn = window.finished("Give me slowly 50 quotes")
    expect(turn.locator(".note")).to_have_text("Stopped before the end.")
    expect(turn.locator(".answer")).to_have_text(re.compile("Statement"))
    expect(window.ask("Who rejected it?").locator(".cite")).to_have_count(1)


def test_retry_edit_and_clear(window: Window) -> None:
    window.ask("Tell me about trade")
    window.ask("Who rejected it, slowly?").get_by_role("button", name="Try again").click()
    expect(window.page.locator(".turn[aria-busy] .question")).to_have_text("Who rejected it, slowly?")
    window.finished("Who rejected it, slowly?")
    expect(window.page.locator(".question")).to_have_text(["Tell me about trade", "Who rejected it, slowly?"])
    first = window.page.locator(".turn").first
    first.get_by_role("button", name="Edit question").click()
    field = window.page.locator("#composer textarea")
    expect(field).to_have_value("Tell me about trade")
    expect(field).to_be_focused()
    window.ask("Tell me more about trade")
    expect(window.page.locator(".question")).to_have_text(["Tell me more about trade"])
    window.page.locator(".menu summary").click()
    window.page.get_by_role("button", name="New conversation").click()
    expect(window.page.locator(".turn")).to_have_count(0)
    expect(window.page.locator(".suggestion")).to_have_count(3)


def test_what_the_article_is_about_is_the_first_question_to_start_from(window: Window) -> None:
    expect(window.page.locator(".suggestion").first).to_have_text("What is this article about?")


def test_starters_and_follow_ups_are_asked_at_a_click(window: Window) -> None:
    window.page.get_by_role("button", name="Who rejected the claim about the strikes?").click()
    turn = window.finished("Who rejected the claim")
    turn.get_by_role("button", name="And what became of trade?").click()
    window.finished("And what became of trade?")
    expect(window.page.locator(".suggestion")).to_have_count(1)


def test_copying_the_answer_and_links(window: Window) -> None:
    window.context.grant_permissions(["clipboard-read", "clipboard-write"])
    turn = window.ask("Who rejected it?")

    def copied(name: str) -> str:
        turn.get_by_role("button", name=name).click()
        expect(window.page.locator("#status")).to_contain_text("Copied")
        return str(window.page.evaluate("navigator.clipboard.readText()"))

    assert copied("Copy answer").startswith(
        "The military spokesperson did. [1]\n[1] The military spokesperson rejected"
    )
    assert copied("Link to this question") == f"{window.url}?q=Who%20rejected%20it%3F"
    assert re.fullmatch(re.escape(window.url) + r"#/\?cite=\w+:\d+-\d+", copied("Copy link"))


def test_a_verdict_with_a_remark_is_kept(window: Window, data_dir: Path) -> None:
    turn = window.ask("Who rejected it?")
    turn.get_by_role("button", name="Good answer").click()
    expect(turn.get_by_role("button", name="Good answer")).to_have_attribute("aria-pressed", "true")
    turn.get_by_label("What was good or wrong?").fill("to the point")
    turn.get_by_role("button", name="Send").click()
    expect(turn.get_by_text("Thank you")).to_be_visible()
    row = next(row for row in question_set(feedback_file(data_dir)) if row["question"] == "Who rejected it?")
    assert (row["remark"], row["evidence"]) == ("to the point", ["The military spokesperson rejected the allegations."])


def test_the_conversation_can_be_saved(window: Window) -> None:
    window.ask("Who rejected it?")

    def saved(name: str) -> str:
        window.page.locator(".menu summary").click()
        with window.page.expect_download() as download:
            window.page.get_by_role("button", name=name).click()
        return Path(download.value.path()).read_text(encoding="utf-8")

    assert "> The military spokesperson rejected the allegations." in saved("Save as Markdown")
    assert json.loads(saved("Save as JSON"))["turns"][0]["answer"]["citations"][0]["marker"] == 1


def test_errors_are_friendly(window: Window) -> None:
    field = window.page.locator("#composer textarea")
    field.fill("long " * 2000)
    field.press("Enter")
    expect(window.page.locator(".turn.failed").get_by_role("alert")).to_contain_text("at most 5000 can be asked")
    broken = window.ask("Please break")
    expect(broken.get_by_role("alert")).to_have_text(re.compile("Something went wrong inside"))
    field.fill("   ")
    with window.page.expect_response("**/queue/join*"):  # gradio reads the field only when it sends it
        field.press("Enter")
    expect(window.ask("Who rejected it?").locator(".cite")).to_have_count(1)
    expect(window.page.locator(".turn")).to_have_count(3)
