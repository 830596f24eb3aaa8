"""An OpenAI-compatible embeddings server on loopback, over any function from texts to vectors."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Embed = Callable[[list[str]], Sequence[Sequence[float]]]


@contextmanager
def embedding_server(model: str, embed: Embed) -> Iterator[str]:
    """Serve one model until the block ends; yields the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
            status = 200 if self.path == "/v1/embeddings" and body["model"] == model else 404
            data = [
                {"object": "embedding", "index": place, "embedding": list(map(float, vector))}
                for place, vector in enumerate(embed(texts))
            ]
            reply = json.dumps({"object": "list", "data": data, "model": model, "usage": {}}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *_: Any) -> None:
            pass

    served = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=served.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{served.server_port}/v1"
    finally:
        served.shutdown()
        thread.join()
        served.server_close()
