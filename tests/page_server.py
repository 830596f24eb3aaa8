"""Serves the page over the scripted QA, as a process of its own: `python page_server.py DATA_DIR [KIND]`.

KIND is held, late or broken. Held, it is not ready before a file `go` appears in DATA_DIR; late, it has no suggested
questions before that. With `app OPTION...` in its place, `app.py` itself is run with these options.
"""

import os
import sys
from pathlib import Path

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

from page_qa import PageQA

import app
from qa.errors import ModelError
from qa.pipeline import QA
from qa.settings import Settings
from qa.ui.server import Address, Server

GRACE_SECONDS = 0.3
MEGABYTES = 1.0


def main() -> int:
    folder, kind = Path(sys.argv[1]), (sys.argv[2:] or [""])[0]

    def open_qa(settings: Settings) -> PageQA:
        if kind == "broken":
            raise ModelError("part 7 of the model is missing; run: pip install '.[local]' <b>now</b>")
        go = folder / "go"
        return PageQA(settings, hold=go if kind == "held" else None, late=go if kind == "late" else None)

    if kind == "app":
        QA.open = open_qa  # type: ignore[method-assign,assignment]
        return app.main(["--data-dir", str(folder), *sys.argv[3:]])
    settings = Settings(data_dir=folder, max_file_megabytes=MEGABYTES)
    server = Server(lambda: open_qa(settings), Address(), grace=GRACE_SECONDS)  # type: ignore[arg-type,return-value]
    print(server.start(MEGABYTES), flush=True)
    server.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
