"""The page served with each option of app.py: behind a proxy, behind a login, at another address; and while busy."""

import json
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from gradio_client import Client
from page_proxy import proxying
from page_window import TESTS, Window, expect, serving

import app

pytest_plugins = ["page_browser"]

LOGIN = ("ada", "l0velace")
PREFIX = "/reading"
SLOW = "Give me slowly 50 quotes"
MORE_THAN_RUN_AT_ONCE = 20


@contextmanager
def window_on(new_window: Callable[..., Window], folder: Path, *options: str) -> Iterator[Window]:
    """A window on an app.py of its own with these options, left before the server ends."""
    with serving(str(TESTS / "page_server.py"), str(folder), "app", *options) as url:
        window = new_window()
        window.url = url
        yield window
        window.leave()


def test_behind_a_reverse_proxy(new_window: Callable[..., Window], tmp_path: Path) -> None:
    with window_on(new_window, tmp_path, "--root-path", PREFIX) as window, proxying(window.url, PREFIX) as url:
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
        window.leave()


def test_behind_a_login(new_window: Callable[..., Window], tmp_path: Path) -> None:
    with window_on(new_window, tmp_path, "--auth", ":".join(LOGIN)) as window:
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
    with window_on(new_window, tmp_path) as window:
        turn = window.open().ask("What is the weather on Mars?")
        client = Client(window.url, verbose=False)
        jobs = [client.submit(SLOW, api_name="/ask") for _ in range(MORE_THAN_RUN_AT_ONCE)]
        assert len(client.predict("trade", 2, api_name="/search")) == 2
        turn.locator(".passage").nth(1).click()
        expect(window.page.locator("#article mark.place").first).to_be_in_viewport()
        turn.get_by_role("button", name="Good answer").click()
        expect(turn.get_by_role("button", name="Good answer")).to_have_attribute("aria-pressed", "true")
        assert not any(job.done() for job in jobs)


def test_at_an_address_of_its_own(new_window: Callable[..., Window], tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.2", 0))
        port = free.getsockname()[1]
    with window_on(new_window, tmp_path, "--host", "127.0.0.2", "--port", str(port)) as window:
        assert window.url == f"http://127.0.0.2:{port}/"
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
        command = [sys.executable, str(TESTS.parent / "app.py"), "--host", "127.0.0.2", "--port", str(port)]
        second = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert (second.returncode, "choose another --host or --port" in second.stderr) == (2, True)


def test_a_login_without_a_password_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        app.main(["--auth", "ada"])
    assert "--auth takes NAME:PASSWORD" in capsys.readouterr().err


@pytest.mark.parametrize(("language", "command"), [("python", [sys.executable, "-c"]), ("console", ["bash", "-euc"])])
def test_the_examples_for_programs_run_as_written(url: str, language: str, command: list[str]) -> None:
    section = (TESTS.parent / "README.md").read_text(encoding="utf-8").partition("## From other programs\n")[2]
    example = section.partition(f"```{language}\n")[2].partition("```")[0]
    script = example.replace("http://127.0.0.1:7860", url.rstrip("/")).replace("$ ", "")
    if "curl" in script and shutil.which("curl") is None:
        pytest.skip("no curl")
    done = subprocess.run([*command, script], capture_output=True, text=True, timeout=120)
    assert "The military spokesperson rejected the allegations." in done.stdout, done.stderr


def test_the_link_for_programs_describes_the_endpoints(window: Window) -> None:
    window.page.locator(".menu summary").click()
    window.page.get_by_role("link", name="For programs").click()
    window.page.wait_for_url("**/gradio_api/info")
    described = json.loads(window.page.locator("body").inner_text())["named_endpoints"]
    assert set(described) == {"/ask", "/search"}
    assert "verbatim citations" in described["/ask"]["description"]
