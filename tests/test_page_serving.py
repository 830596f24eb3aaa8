"""The page served in other ways: behind a proxy, behind a login, while it is busy, its view for programs."""

import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from gradio_client import Client
from page_proxy import proxying
from page_server import LOGIN, PREFIX
from page_window import TESTS, Window, expect, serving

pytest_plugins = ["page_browser"]

SLOW = "Give me slowly 50 quotes"
MORE_THAN_RUN_AT_ONCE = 20


@contextmanager
def window_on(new_window: Callable[..., Window], folder: Path, kind: str) -> Iterator[Window]:
    """A window on a server of its own, left before the server ends."""
    with serving(str(TESTS / "page_server.py"), str(folder), kind) as url:
        window = new_window()
        window.url = url
        yield window
        window.page.goto("about:blank")


def test_behind_a_reverse_proxy(new_window: Callable[..., Window], tmp_path: Path) -> None:
    with window_on(new_window, tmp_path, "proxied") as window, proxying(window.url, PREFIX) as url:
        direct = window.url.rstrip("/")
        window.url = url
        addresses: list[str] = []
        window.page.on("request", lambda request: addresses.append(request.url))
        window.open("?q=Who%20rejected%20it%3F", ready=".cite")
        window.page.locator(".cite").first.click()
        expect(window.page.locator("#article mark").first).to_be_focused()
        outside = [a for a in addresses if not a.startswith((url, "data:", "blob:"))]
        assert outside == []
        assert not any(address.startswith(direct) for address in addresses)
        window.page.goto("about:blank")


def test_behind_a_login(new_window: Callable[..., Window], tmp_path: Path) -> None:
    with window_on(new_window, tmp_path, "locked") as window:
        for path, body in (("config", None), ("gradio_api/call/ask", b"{}")):
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(urllib.request.Request(window.url + path, body))
            assert refused.value.code in (401, 403)
            refused.value.close()
        window.page.goto(window.url)
        name, password = window.page.locator("input").first, window.page.locator("input[type=password]")
        name.fill(LOGIN[0])
        password.fill(LOGIN[1])
        window.page.get_by_role("button", name="Login").click()
        expect(window.page.locator(".suggestion").first).to_be_visible()
        expect(window.ask("Who rejected it?").locator(".cite")).to_have_count(1)
        window.faults[:] = [fault for fault in window.faults if "401" not in fault]  # the login page's own first look
        client = Client(window.url, auth=LOGIN, verbose=False)
        assert client.predict("Who rejected it?", api_name="/ask")["answered"]


def test_answers_under_way_block_neither_reading_nor_searching(
    new_window: Callable[..., Window], tmp_path: Path
) -> None:
    with window_on(new_window, tmp_path, "") as window:
        turn = window.open().ask("What is the weather on Mars?")
        client = Client(window.url, verbose=False)
        jobs = [client.submit(SLOW, api_name="/ask") for _ in range(MORE_THAN_RUN_AT_ONCE)]
        assert len(client.predict("trade", 2, api_name="/search")) == 2
        turn.locator(".passage").nth(1).click()
        expect(window.page.locator("#article mark.place").first).to_be_in_viewport()
        turn.get_by_role("button", name="Good answer").click()
        expect(turn.get_by_role("button", name="Good answer")).to_have_attribute("aria-pressed", "true")
        assert not any(job.done() for job in jobs)


def test_the_view_for_programs_reaches_no_other_machine(window: Window) -> None:
    window.page.locator(".menu summary").click()
    window.page.get_by_role("link", name="For programs").click()
    expect(window.page.get_by_text("/search").first).to_be_visible()
    expect(window.page.get_by_text("/ask").first).to_be_visible()
