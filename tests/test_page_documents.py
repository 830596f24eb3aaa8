"""The page in a real browser: documents of one's own, sessions side by side, hostile documents, links, languages."""

import json
import re
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from gradio_client import Client
from page_support import HOSTILE
from page_window import TESTS, Window, expect, serving
from pdf_files import paragraphs, pdf

pytest_plugins = ["page_browser"]


def open_documents(window: Window) -> None:
    window.page.get_by_role("button", name="Documents").click()
    expect(window.page.locator("#paste")).to_be_visible()


def paste(window: Window, title: str, text: str) -> None:
    window.page.get_by_label("Title").fill(title)
    window.page.get_by_label("Text", exact=True).fill(text)
    window.page.get_by_role("button", name="Add this text").click()
    expect(window.page.locator("#notes")).to_contain_text("Added:")


def test_adding_choosing_and_removing(window: Window, tmp_path: Path) -> None:
    open_documents(window)
    (tmp_path / "notes on cats.md").write_text("# Cats\nCats sleep a lot.", encoding="utf-8")
    (tmp_path / "picture.bin").write_bytes(b"\x00\x01")
    window.page.locator("#documents input[type=file]").set_input_files(
        [tmp_path / "notes on cats.md", tmp_path / "picture.bin"]
    )
    notes = window.page.locator("#notes")
    expect(notes).to_contain_text("Added:")
    expect(notes).to_contain_text("is of a kind that is not read (.bin): save it as PDF, text, HTML or an Office file")
    expect(window.page.locator("#article")).to_contain_text("Cats sleep a lot.")
    paste(window, "Dogs", "Dogs bark.\nThey do.")

    turn = window.ask("In your own words")
    expect(turn.locator(".quotes li")).to_have_count(3)
    turn.locator('.cite[data-cite="3"]').click()
    expect(window.page.locator("#article-title")).to_have_text("Dogs")
    assert window.marked(3) == "Dogs bark."

    window.page.get_by_label("Ask in this document: Dogs").check()
    passages = window.ask("What barks?").locator(".passage")
    expect(passages).to_have_count(2)  # the two lines of Dogs, and nothing of the article
    window.page.get_by_role("button", name="Remove: Dogs").click()
    expect(notes).to_contain_text("Removed: Dogs")
    expect(window.page.locator(".shelf li")).to_have_count(2)


def test_a_pdf_is_shown_with_its_pages(window: Window, tmp_path: Path, seed_article: Path) -> None:
    open_documents(window)
    pdf(tmp_path / "report.pdf", paragraphs(seed_article.read_text(encoding="utf-8")), title="A rift")
    window.page.locator("#documents input[type=file]").set_input_files(tmp_path / "report.pdf")
    expect(window.page.locator("#article-title")).to_have_text("A rift")
    expect(window.page.locator("#article .page")).to_have_attribute("data-page", "Page 2")
    turn = window.ask("In your own words")
    turn.locator('.cite[data-cite="1"]').click()
    assert window.marked(1) == turn.locator(".quotes q").first.inner_text()


def test_adding_files_tells_how_far_it_is(window: Window, tmp_path: Path) -> None:
    open_documents(window)
    files = [tmp_path / name for name in ("slow notes.txt", "slow letter.txt")]
    for file in files:
        file.write_text(f"Words of the {file.stem}.", encoding="utf-8")
    window.page.locator("#documents input[type=file]").set_input_files(files)
    notes = window.page.locator("#notes")
    expect(notes).to_contain_text("slow notes.txt")
    expect(notes).to_contain_text("1 of 2")
    expect(notes).to_contain_text("2 of 2")
    expect(window.page.locator(".shelf li")).to_have_count(3)
    expect(notes).not_to_contain_text(" of 2")


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("empty.txt", b"", "holds no words"),
        ("binary.txt", b"\x00\x01\x02", "is not a text file: save it as UTF-8 text"),
        ("cut off.pdf", b"%PDF-1.7\n/Encrypt 5 0 R", "is a damaged PDF: save it or download it again"),
        ("large.txt", b"many words " * 100_000, "large.txt. At most 1 MB a file"),
    ],
)
def test_a_file_that_cannot_be_added_is_told(window: Window, tmp_path: Path, name: str, data: bytes, told: str) -> None:
    open_documents(window)
    (tmp_path / name).write_bytes(data)
    window.page.locator("#documents input[type=file]").set_input_files(tmp_path / name)
    expect(window.page.locator("#notes .error")).to_contain_text(told)
    expect(window.page.locator("#notes li")).to_have_count(1)
    expect(window.page.locator(".shelf li")).to_have_count(1)


def test_files_are_dropped_on_the_article(window: Window) -> None:
    window.page.locator("#article").evaluate(
        """(target) => {
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File(["Dropped words."], "dropped.txt", {type: "text/plain"}));
            dataTransfer.items.add(new File(["many words ".repeat(100000)], "large.txt", {type: "text/plain"}));
            for (const name of ["dragover", "drop"])
                target.dispatchEvent(new DragEvent(name, {dataTransfer, bubbles: true, cancelable: true}));
        }"""
    )
    expect(window.page.locator("#article")).to_contain_text("Dropped words.")
    expect(window.page.locator("#paste")).to_be_visible()
    expect(window.page.locator(".shelf li")).to_have_count(2)


def test_pasting_nothing_is_told(window: Window) -> None:
    open_documents(window)
    window.page.get_by_role("button", name="Add this text").click()
    expect(window.page.locator("#notes .error")).to_have_text("There is no text to add.")


def test_sessions_do_not_see_each_other(new_window: Callable[..., Window]) -> None:
    first, second = new_window().open(), new_window().open()
    open_documents(first)
    paste(first, "Secret plan", "The plan is secret.")
    first.ask("Who rejected it?")
    second.reload()
    expect(second.page.locator(".turn")).to_have_count(0)
    open_documents(second)
    expect(second.page.locator(".shelf li")).to_have_count(1)
    expect(second.ask("In your own words").locator(".quotes li")).to_have_count(1)
    expect(first.ask("In your own words").locator(".quotes li")).to_have_count(2)
    link = first.page.locator('.turn .cite[data-cite="2"]').get_attribute("href") or ""
    second.open(link, ready="#article")
    second.reload(ready="#article")
    expect(second.page.locator("#article")).to_contain_text("no longer here")


def test_a_closed_window_is_forgotten(window: Window, new_window: Callable[..., Window]) -> None:
    open_documents(window)
    paste(window, "Gone", "Gone soon.")
    window.reload()
    open_documents(window)
    expect(window.page.locator(".shelf li")).to_have_count(1)


def test_a_hostile_document_is_text(window: Window, tmp_path: Path) -> None:
    open_documents(window)
    text = HOSTILE.replace("\x00", "").replace("\n", " ")
    paste(window, "</h2><script>alert(0)</script>", text)
    expect(window.page.locator("#article-title")).to_have_text("</h2><script>alert(0)</script>")
    assert window.page.locator("#article .text").text_content() == text
    file = tmp_path / "<img src=x onerror=alert(9)> ${alert(10)}.txt"
    file.write_text(text, encoding="utf-8")
    window.page.locator("#documents input[type=file]").set_input_files(file)
    expect(window.page.locator(".shelf li")).to_have_count(3)
    turn = window.ask("<img src=x onerror=alert(11)> own words {{7*7}} ${alert(12)}")
    expect(turn.locator(".quotes li")).to_have_count(3)
    turn.locator('.cite[data-cite="2"]').click()
    expect(window.page.locator('#article mark[data-marks~="2"]').first).to_be_focused()
    assert window.marked(2) == text
    made = ":is(script, img, iframe, [onerror], [onload], [href^=javascript])"
    expect(window.page.locator(f"#conversation {made}, #reading {made}")).to_have_count(0)


def test_a_link_asks_its_question(new_window: Callable[..., Window]) -> None:
    window = new_window()
    window.open("?q=Who%20rejected%20it%3F&lang=de", ready=".cite")
    expect(window.page.locator(".question")).to_have_text(["Who rejected it?"])
    expect(window.page.locator("h1")).to_have_text("Frag den Artikel")


def test_a_link_opens_the_article_at_a_citation(window: Window, new_window: Callable[..., Window]) -> None:
    link = window.ask("Who rejected it?").locator(".cite").get_attribute("href")
    other = new_window()
    other.open(str(link), ready="#article mark")
    assert other.marked(0) == "The military spokesperson rejected the allegations."
    expect(other.page.locator("#article mark")).to_be_in_viewport()
    window.page.evaluate("location.hash = '#/?cite=nothing:0-1'")
    expect(window.page.locator("#article")).to_contain_text("no longer here")


@pytest.mark.parametrize(
    ("locale", "title", "button"),
    [("de-DE", "Frag den Artikel", "Fragen"), ("fr-FR", "Interroger l’article", "Demander"),
     ("es-ES", "Pregunta al artículo", "Preguntar"), ("ja-JP", "Ask the article", "Ask")],
)  # fmt: skip
def test_the_page_speaks_the_browser_s_language(
    new_window: Callable[..., Window], locale: str, title: str, button: str
) -> None:
    window = new_window(locale=locale).open()
    expect(window.page.locator("h1")).to_have_text(title)
    expect(window.page.locator("#composer button")).to_have_text(button)
    expect(window.page.locator("html")).to_have_attribute("lang", locale[:2] if locale != "ja-JP" else "en")


def test_the_page_is_there_before_the_models(new_window: Callable[..., Window], tmp_path: Path) -> None:
    with serving(str(TESTS / "page_server.py"), str(tmp_path), "held") as url:
        window = new_window()
        window.url = url
        window.open("", ready=".state.busy")
        expect(window.page.locator("#article")).to_contain_text("Defence Minister Khawaja Asif on Tuesday")
        field = window.page.locator("#composer textarea")
        field.fill("Who rejected it?")
        field.press("Enter")
        expect(window.page.locator(".turn.searching")).to_be_visible()
        (tmp_path / "go").touch()
        expect(window.finished("Who rejected it?").locator(".cite")).to_have_count(1)
        expect(window.page.locator(".state.ready")).to_be_visible()
        window.close()


def test_suggested_questions_may_come_later(new_window: Callable[..., Window], tmp_path: Path) -> None:
    with serving(str(TESTS / "page_server.py"), str(tmp_path), "late") as url:
        window = new_window()
        window.url = url
        window.open("", ready=".state.ready")
        expect(window.page.locator(".coming")).to_contain_text("Questions to start from are being made")
        expect(window.page.locator(".suggestion")).to_have_text(["What is this article about?"])
        (tmp_path / "go").touch()
        expect(window.page.locator(".suggestion")).to_have_count(3)
        expect(window.page.locator(".coming")).to_have_count(0)
        window.leave()


def test_questions_to_go_on_with_may_come_later(new_window: Callable[..., Window], tmp_path: Path) -> None:
    with serving(str(TESTS / "page_server.py"), str(tmp_path), "late") as url:
        window = new_window()
        window.url = url
        turn = window.open("", ready=".state.ready").ask("Who rejected it?")
        expect(turn.locator(".suggestion")).to_have_count(0)
        (tmp_path / "go").touch()
        expect(turn.locator(".suggestion")).to_have_text(["And what became of trade?"])
        window.leave()


def test_a_failed_preparation_is_told(new_window: Callable[..., Window], tmp_path: Path) -> None:
    with serving(str(TESTS / "page_server.py"), str(tmp_path), "broken") as url:
        window = new_window()
        window.url = url
        window.open("", ready=".state.broken")
        expect(window.page.locator(".state")).to_contain_text("pip install '.[local]' <b>now</b>")
        expect(window.ask("Who?").get_by_role("alert")).to_contain_text("part 7 of the model is missing")
        window.close()


def test_the_endpoints_return_the_same_objects(url: str) -> None:
    client = Client(url, verbose=False)
    answer = client.predict("Who rejected it?", api_name="/ask")
    assert answer["answered"] is True
    assert answer["citations"][0]["quote"] == "The military spokesperson rejected the allegations."
    history = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Yes?"}]
    assert client.predict("Who rejected it?", history, api_name="/ask")["search_question"] != "Who rejected it?"
    assert len(client.predict("trade", 2, api_name="/search")) == 2
    with pytest.raises(Exception, match="at most 5000"):
        client.predict("long " * 2000, api_name="/ask")
    assert set(client.view_api(return_format="dict")["named_endpoints"]) == {"/ask", "/search"}


def test_the_endpoint_without_a_client(url: str) -> None:
    request = urllib.request.Request(
        url + "gradio_api/call/ask",
        data=json.dumps({"data": ["Who rejected it?"]}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as reply:
        event = json.load(reply)["event_id"]
    with urllib.request.urlopen(f"{url}gradio_api/call/ask/{event}") as stream:
        data = re.search(r"event: complete\ndata: (.*)", stream.read().decode())
    assert data
    assert json.loads(data[1])[0]["citations"][0]["marker"] == 1
