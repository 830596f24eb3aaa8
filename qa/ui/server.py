"""The page served: launched with nothing that reaches another machine."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import gradio as gr
from gradio.exceptions import ServerFailedToStartError

from qa.errors import SettingsError
from qa.ui.engine import Engine
from qa.ui.layout import STATIC, build_page, i18n
from qa.ui.sessions import GRACE_SECONDS, Sessions

if TYPE_CHECKING:
    from qa.pipeline import QA

SCRIPTS = ("panel.js", "standing.js", "files.js", "page.js")
WAITING_QUESTIONS = 200
THREADS = 64
_FONTS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif")
_MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")


@dataclass(frozen=True, slots=True)
class Address:
    """Where the page is served, and who may see it.

    `root_path` is the path under which a reverse proxy offers it; `auth` holds (name, password) pairs.
    """

    host: str = "127.0.0.1"
    port: int | None = None
    root_path: str | None = None
    auth: list[tuple[str, str]] = field(default_factory=list)


class Server:
    """A running page. The engine prepares itself behind it, beginning when the page can already be loaded."""

    def __init__(self, open_qa: "Callable[[], QA]", address: Address, grace: float = GRACE_SECONDS) -> None:
        self.engine = Engine(open_qa)
        self.sessions = Sessions(self.engine.forget, grace)
        self.page = build_page(self.engine, self.sessions)
        self.address = address
        self.url = ""

    def start(self, max_file_megabytes: float) -> str:
        """Serve the page and begin to prepare; returns its address on this machine.

        Raises:
            SettingsError: the port is taken, or the host is not this machine's.
        """
        self.page.queue(max_size=WAITING_QUESTIONS)
        try:
            self.url = self._launch(max_file_megabytes)
        except (OSError, ServerFailedToStartError) as error:
            where = f"{self.address.host}:{self.address.port or 'any port from 7860 on'}"
            raise SettingsError(f"the page cannot be served at {where}; choose another --host or --port") from error
        self.engine.start()
        return self.url

    def _launch(self, max_file_megabytes: float) -> str:
        _, url, _ = self.page.launch(
            server_name=self.address.host,
            server_port=self.address.port,
            root_path=self.address.root_path,
            auth=self.address.auth or None,
            max_threads=THREADS,
            max_file_size=int(max_file_megabytes * 1_000_000),
            css_paths=[STATIC / "page.css", STATIC / "reading.css"],
            head="".join(f"<script>{(STATIC / name).read_text(encoding='utf-8')}</script>" for name in SCRIPTS),
            favicon_path=STATIC / "favicon.svg",
            theme=gr.themes.Base(font=_FONTS, font_mono=_MONO),
            i18n=i18n,
            footer_links=[],
            run_history=False,
            share=False,
            ssr_mode=False,
            pwa=False,
            mcp_server=False,
            enable_monitoring=False,
            inbrowser=False,
            quiet=True,
            prevent_thread_lock=True,
        )
        return str(url)

    def wait(self) -> None:
        """Serve until interrupted."""
        self.page.block_thread()

    def stop(self) -> None:
        """Stop serving, forget what sessions added, and close the engine."""
        self.page.close()
        self.sessions.close()
        self.engine.close()
