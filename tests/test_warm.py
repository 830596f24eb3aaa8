"""`qa serve` and the short way to it: same answers, same settings only, nobody else's socket, nothing heavy."""

import io
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from qa import commands, warm
from qa.cli import main
from qa.errors import QAError, QuestionError, SettingsError
from qa.settings import Settings

SCRIPT = {
    "Who came?": ("Ann came by boat [1].", ("Ann came by boat.",)),
    "Bad": QuestionError("the question is bad"),
    "Fault": ZeroDivisionError("by zero"),
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "boat.txt").write_text("Ann came by boat.\nThe boat was blue.\n", encoding="utf-8")
    return Settings(corpus=corpus)


@pytest.fixture
def serving(settings: Settings, scripted_qa) -> Iterator[list]:
    """A running server over the script; gives the list of what it was asked."""
    engine = scripted_qa(settings, SCRIPT)
    server = warm.WarmServer(settings, lambda question, history: engine.ask(question, history=history))
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield engine.asked
    server.stop()
    thread.join()
    assert not server.path.exists()


def test_an_answer_comes_back_whole(serving: list, settings: Settings) -> None:
    history = [{"role": "user", "content": "Hello"}]
    answer = warm.ask_warm(settings, "Who came?", history)
    assert answer is not None
    assert answer["text"] == "Ann came by boat [1]."
    assert answer["citations"][0]["quote"] == "Ann came by boat."
    assert serving == [("Who came?", tuple(history))]


@pytest.mark.parametrize(
    ("question", "told"),
    [("Bad", "the question is bad"), ("Fault", "ZeroDivisionError")],
)
def test_failures_are_told_and_the_server_goes_on(serving: list, settings: Settings, question: str, told: str) -> None:
    with pytest.raises(QAError, match=told):
        warm.ask_warm(settings, question, ())
    assert warm.ask_warm(settings, "Who came?", ()) is not None


def test_many_ask_at_once(serving: list, settings: Settings) -> None:
    answers: list = []
    asking = [
        threading.Thread(target=lambda: answers.append(warm.ask_warm(settings, "Who came?", ()))) for _ in range(20)
    ]
    for one in asking:
        one.start()
    for one in asking:
        one.join()
    assert [answer["answered"] for answer in answers] == [True] * 20


def test_nobody_answers_for_other_settings(serving: list, settings: Settings, tmp_path: Path) -> None:
    assert warm.ask_warm(settings.model_copy(update={"top_k": 3}), "Who came?", ()) is None
    assert warm.ask_warm(settings.model_copy(update={"data_dir": tmp_path}), "Who came?", ()) is None
    assert warm.ask_warm(settings.model_copy(update={"corpus": Path(os.path.relpath(settings.corpus))}), "x", ())


def test_a_second_server_is_refused(serving: list, settings: Settings) -> None:
    with pytest.raises(SettingsError, match="already"):
        warm.WarmServer(settings, lambda question, history: None)


def test_a_socket_left_behind_is_replaced(settings: Settings) -> None:
    path = warm.socket_path(settings)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    assert warm.ask_warm(settings, "Who came?", ()) is None
    warm.WarmServer(settings, lambda question, history: None).close()


def test_a_folder_open_to_others_is_not_trusted(serving: list, settings: Settings) -> None:
    folder = warm.socket_path(settings).parent
    folder.chmod(0o755)
    try:
        assert warm.ask_warm(settings, "Who came?", ()) is None
        with pytest.raises(SettingsError, match="open to others"):
            warm.WarmServer(settings, lambda question, history: None)
    finally:
        folder.chmod(0o700)


def test_without_a_runtime_folder_the_temporary_one_serves(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    for value in ("", "/nowhere"):
        monkeypatch.setenv("XDG_RUNTIME_DIR", value)
        assert warm.socket_path(settings).is_relative_to(tempfile.gettempdir())
    assert not recwarn.list


def test_a_server_that_leaves_is_told(settings: Settings) -> None:
    path = warm.socket_path(settings)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as rude:
        rude.bind(str(path))
        rude.listen()
        threading.Thread(target=lambda: rude.accept()[0].close()).start()
        with pytest.raises(QAError, match="left without an answer"):
            warm.ask_warm(settings, "Who came?", ())
    path.unlink()


def test_ask_takes_the_short_way_and_loads_nothing_heavy(serving: list, settings: Settings) -> None:
    code = (
        "import sys; from qa.cli import main\n"
        f"code = main(['ask', 'Who came?', '--json', '--corpus', {str(settings.corpus)!r}])\n"
        "assert not {'qa.commands', 'torch', 'chromadb', 'langchain_core', 'numpy'} & set(sys.modules)\n"
        "sys.exit(code)"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    assert json.loads(finished.stdout)["text"] == "Ann came by boat [1]."


def test_without_a_server_the_question_read_from_standard_input_is_kept(settings, monkeypatch, scripted_qa) -> None:
    path = warm.socket_path(settings)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.touch()
    monkeypatch.setattr("sys.stdin", io.StringIO("Who came?"))
    engine = scripted_qa(settings, SCRIPT)

    def carry_out(parsed) -> int:
        assert warm.run(parsed) is None
        return commands.run(parsed, open_engine=lambda _: engine)

    assert main(["ask", "-", "--corpus", str(settings.corpus)], run=carry_out) == 0
    assert engine.asked == [("Who came?", ())]
    path.unlink()


def test_serve_runs_until_interrupted(settings: Settings, scripted_qa, monkeypatch, capsys) -> None:
    engine = scripted_qa(settings, SCRIPT)
    asked: list = []

    def interrupted(self: warm.WarmServer) -> None:
        thread = threading.Thread(target=warm.WarmServer.serve_forever, args=(self,))
        thread.start()
        asked.append(warm.ask_warm(settings, "Who came?", ()))
        self.stop()
        thread.join()
        raise KeyboardInterrupt

    monkeypatch.setattr(warm.WarmServer, "serve_forever", warm.WarmServer.serve, raising=False)
    monkeypatch.setattr(warm.WarmServer, "serve", interrupted)
    words = ["serve", "--json", "--corpus", str(settings.corpus)]
    with suppress(SystemExit):
        assert main(words, run=partial(commands.run, open_engine=lambda _: engine)) == 130
    assert json.loads(capsys.readouterr().out)["ready"]
    assert asked[0]["text"] == "Ann came by boat [1]."
    assert engine.closed
