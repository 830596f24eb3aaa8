"""The command line: words to arguments, errors to exit codes; what the commands do is in commands.py.

Nothing heavy is loaded before the arguments are understood, so help and mistakes answer at once.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from qa.errors import QAError

EXIT_FAULT = 2
EXIT_INTERRUPTED = 130

Run = Callable[[argparse.Namespace], int]

SETTING_OPTIONS = (
    ("--corpus", "corpus", "PATH", "file or folder of documents (default: the seed article)"),
    ("--data-dir", "data_dir", "FOLDER", "folder of the index"),
    ("--model", "chat_model", "SPEC", "chat model: embedded, gguf:PATH, gguf:REPOSITORY/FILE or PROVIDER:NAME"),
    ("--base-url", "base_url", "URL", "OpenAI-compatible server; with --model openai:NAME"),
    ("--embedder", "embedder", "NAME", "sentence-transformers model, by name or path"),
    ("--chroma-url", "chroma_url", "URL", "Chroma server in place of a folder"),
    ("--top-k", "top_k", "N", "passages that a search returns"),
    ("--threads", "threads", "N", "threads of local models"),
)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="qa",
        description="Ask documents and get an answer whose every citation is a verbatim quote.",
        epilog="Every setting can also be given as a QA_* variable or in the TOML file that QA_SETTINGS names.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    common = _common_options()

    def add(name: str, summary: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=summary, description=summary, parents=[common])

    ask = add("ask", "answer one question, with numbered quotes")
    ask.add_argument("question", help="the question; - reads it from standard input")
    ask.add_argument("--history", metavar="FILE", help='earlier turns: a JSON list of {"role": ..., "content": ...}')
    add("chat", "answer questions one after another, each in the light of those before")
    index = add("index", "bring the index up to date with the documents")
    index.add_argument("--rebuild", action="store_true", help="discard the index and make it anew")
    search = add("search", "show the passages found for a question, without answering")
    search.add_argument("question", help="what to search for; - reads it from standard input")
    _evaluation_options(add("evaluate", "ask every question of a set and print figures"))
    add("serve", "keep the models loaded, so that `ask` with the same settings answers at once")
    add("doctor", "check the installation, the models and the index, and say what to do")
    return parser


def _common_options() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="print JSON")
    chosen = common.add_argument_group("settings")
    for flag, setting, placeholder, summary in SETTING_OPTIONS:
        chosen.add_argument(flag, dest=setting, metavar=placeholder, help=summary)
    chosen.add_argument("--offline", action="store_const", const=True, help="never contact a model hub")
    chosen.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="any other setting, by name")
    return common


def _evaluation_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("questions", metavar="FILE", help="article questions (JSON Lines) or Wikipedia articles (JSON)")
    parser.add_argument("--predictions", metavar="OUT.jsonl", help="keep every answer, one JSON object a line")
    parser.add_argument("--report", metavar="OUT.md", help="write questions, answers, citations and verdicts to read")
    parser.add_argument("--limit", type=_positive, metavar="N", help="ask only N questions, spread over the set")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return int(text)


def carry_out(parsed: argparse.Namespace) -> int:
    """Carry a command out: a question by a warm process if one runs, all else here.

    The modules are loaded now and by name: they bring the models' libraries, which help must not wait for.
    """
    if parsed.command == "ask":
        result: int | None = import_module("qa.warm").run(parsed)
        if result is not None:
            return result
    return int(import_module("qa.commands").run(parsed))


def main(arguments: Sequence[str] | None = None, run: Run | None = None) -> int:
    """Run one command.

    Args:
        arguments: the words after the program's name; those of this process if None.
        run: what carries a parsed command out; `carry_out` if None.

    Returns:
        0, also when the answer is that the documents do not say; 1 when `doctor` found a fault; 2 for a mistake or a
        failure, told in one line on standard error; 130 when interrupted.
    """
    parsed = build_parser().parse_args(arguments)
    try:
        result = (run or carry_out)(parsed)
        sys.stdout.flush()
        return result
    except QAError as error:
        print(f"qa: {' '.join(str(error).split())}", file=sys.stderr)
        return EXIT_FAULT
    except KeyboardInterrupt:
        print("qa: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader of our output left (as `head` does); Python would complain once more when closing it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAULT
