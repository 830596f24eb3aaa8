"""Serves the page over the scripted QA, as a process of its own: `python page_server.py DATA_DIR [KIND]`.

KIND is held, late, broken, locked or proxied. Held, it is not ready before a file `go` appears in
DATA_DIR; late, it has no suggested questions before that. Locked, it wants the name and password of LOGIN; proxied, it
is offered under PREFIX by something else.
"""

import os
import sys
from pathlib import Path

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

from page_qa import PageQA

from qa.errors import ModelError
from qa.settings import Settings
from qa.ui.server import Address, Server

GRACE_SECONDS = 0.3
MEGABYTES = 1.0
LOGIN = ("ada", "l0velace")
PREFIX = "/reading"


def main() -> None:
    kind = sys.argv[2] if len(sys.argv) > 2 else ""

    def open_qa() -> PageQA:
        if kind == "broken":
            raise ModelError("part 7 of the model is missing; run: pip install '.[local]' <b>now</b>")
        go = Path(sys.argv[1]) / "go"
        settings = Settings(data_dir=go.parent, max_file_megabytes=MEGABYTES)
        return PageQA(settings, hold=go if kind == "held" else None, late=go if kind == "late" else None)

    address = Address(auth=[LOGIN] if kind == "locked" else [], root_path=PREFIX if kind == "proxied" else None)
    server = Server(open_qa, address, grace=GRACE_SECONDS)  # type: ignore[arg-type]
    print(server.start(MEGABYTES), flush=True)
    server.wait()


if __name__ == "__main__":
    main()
