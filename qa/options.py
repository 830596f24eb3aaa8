"""Parsed words of the shell -> settings, question and history; nothing heavy is loaded here."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from qa.datatypes import Turn
from qa.errors import QuestionError, SettingsError
from qa.settings import Settings
from qa.terminal import clean


def settings_of(arguments: argparse.Namespace) -> Settings:
    """Return the settings that options choose, over variables, file and defaults.

    Raises:
        SettingsError: an unknown name, a value out of bounds, or `--set` without a value.
    """
    chosen = {name: value for name, value in vars(arguments).items() if name in Settings.model_fields}
    for pair in arguments.set:
        name, given, value = pair.partition("=")
        if not given:
            raise SettingsError(f"--set {pair!r} lacks a value: write --set NAME=VALUE")
        chosen[name.strip()] = value
    return Settings.load(**chosen)


def question_of(arguments: argparse.Namespace) -> str:
    """Return the question, read from standard input when the word is '-'."""
    return clean(sys.stdin.read() if arguments.question == "-" else arguments.question)


def history_of(arguments: argparse.Namespace) -> Sequence[Turn]:
    """Return the earlier turns of the file that `--history` names; their shape is checked where they are used.

    Raises:
        QuestionError: the file is not there, or is no JSON list.
    """
    file = arguments.history
    if file is None:
        return ()
    try:
        turns = json.loads(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise QuestionError(f"cannot read the history {file!r} as JSON: {error}") from error
    if not isinstance(turns, list):
        raise QuestionError(f'the history {file!r} is no JSON list of {{"role": ..., "content": ...}}')
    return turns
