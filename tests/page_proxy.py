"""A reverse proxy on loopback, as small as can be: passes what lies under a path on to a server, streams what returns."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

HOP_BY_HOP = {"connection", "content-length", "keep-alive", "transfer-encoding"}


@contextmanager
def proxying(url: str, prefix: str) -> Iterator[str]:
    """Offer the server at `url` under `prefix` until the block ends; yields the address of that."""
    target = urlsplit(url)

    class Handler(BaseHTTPRequestHandler):
        def forward(self) -> None:
            if not self.path.startswith(prefix):
                self.send_error(404)
                return
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            connection = HTTPConnection(str(target.hostname), target.port)
            connection.request(self.command, self.path.removeprefix(prefix) or "/", body or None, dict(self.headers))
            reply = connection.getresponse()
            self.send_response(reply.status)
            for name, value in reply.getheaders():
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value)
            self.end_headers()
            try:
                while piece := reply.read1(65536):
                    self.wfile.write(piece)
                    self.wfile.flush()
            except ConnectionError:
                pass  # the browser has left
            finally:
                connection.close()

        do_GET = do_POST = do_HEAD = forward  # noqa: N815 - names of the library

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}{prefix}/"
    finally:
        server.shutdown()
        server.server_close()
