"""Serve the chat page: parse the options, launch, wait. `python app.py --help` lists them."""

import argparse
import os
import signal
import sys

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

import qa
from qa.ui.server import Address, Server

EXIT_FAULT = 2


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description="Ask documents in the browser and see every answer's quotes.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; 0.0.0.0 is every network")
    parser.add_argument("--port", type=int, help="port; by default the first free one from 7860 on")
    parser.add_argument("--auth", action="append", metavar="NAME:PASSWORD", help="who may open the page; repeatable")
    parser.add_argument("--root-path", help="path under which a reverse proxy offers the page")
    settings = parser.add_argument_group("settings", "all others: QA_* variables, or the file QA_SETTINGS names")
    settings.add_argument("--corpus", metavar="PATH", help="file or folder of documents (default: the seed article)")
    settings.add_argument("--data-dir", metavar="FOLDER", help="folder of the index")
    settings.add_argument("--model", dest="chat_model", metavar="SPEC", help="embedded, gguf:PATH or PROVIDER:NAME")
    settings.add_argument("--base-url", metavar="URL", help="OpenAI-compatible server; with --model openai:NAME")
    options = parser.parse_args(arguments)
    options.auth = [tuple(entry.split(":", 1)) for entry in options.auth or []]
    if any(len(entry) != 2 or not all(entry) for entry in options.auth):
        parser.error("--auth takes NAME:PASSWORD")
    return options


def main(arguments: list[str] | None = None) -> int:
    """Serve the page until interrupted; returns the exit code."""
    options = parse(arguments)
    try:
        settings = qa.Settings.load(
            corpus=options.corpus, data_dir=options.data_dir, chat_model=options.chat_model, base_url=options.base_url
        )
        address = Address(options.host, options.port, options.root_path, options.auth)
        server = Server(lambda: qa.QA.open(settings), address)
        print(f"The page is at {server.start(settings.max_file_megabytes)}", flush=True)
    except qa.QAError as error:
        print(f"app.py: {error}", file=sys.stderr)
        return EXIT_FAULT
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that sessions' documents are forgotten then too
    try:
        server.wait()
    finally:
        server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
