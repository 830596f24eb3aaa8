"""The shell: whole outputs, exit codes and one-line errors, over a scripted QA; then for real with the real models."""

import argparse
import io
import json
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from shell import qa

from qa import commands
from qa.cli import SETTING_OPTIONS, build_parser, main
from qa.errors import ModelError, QuestionError, SettingsError
from qa.options import settings_of
from qa.settings import Settings
from qa.terminal import progress_bar

HEAVY = ("chromadb", "gradio", "langchain", "langchain_core", "numpy", "sentence_transformers", "torch", "xllamacpp")
HELP_SECONDS = 0.5

SCRIPT = {
    "Who came?": ("Ann came by boat [1].", ("Ann came by boat.",)),
    "What colour?": ("Blue [1].", ("The boat was blue.",)),
    "Fail": ModelError("the model file\nis damaged: install it again"),
    "Stop": KeyboardInterrupt(),
    "Bad": QuestionError("the question is bad"),
}


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "boat.txt").write_text("Ann came by boat.\nThe boat was blue.\n", encoding="utf-8")
    return folder


@pytest.fixture
def shell(scripted_qa, corpus: Path):
    """Run `qa WORDS` over the script; returns the exit code. What was opened is in `shell.engines`."""

    def run(*words: str) -> int:
        def opened(settings: Settings):
            run.engines.append(scripted_qa(settings, SCRIPT))
            return run.engines[-1]

        return main([*words, "--corpus", str(corpus)], run=partial(commands.run, open_engine=opened))

    run.engines = []
    return run


def test_a_bar_tells_what_is_done_next_though_nothing_more_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("qa.terminal.LONG_WORK", 0)
    monkeypatch.setattr(sys, "stderr", shown := Terminal())
    with progress_bar("questions") as show:
        for done in range(3):
            show(done, 9, "fact")
            time.sleep(0.2)
        assert "reading Force" not in shown.getvalue()
        show(2, 9, "reading Force")
        assert "reading Force" in shown.getvalue()


def test_ask_prints_the_answer_and_its_quotes(shell, capsys: pytest.CaptureFixture[str]) -> None:
    assert shell("ask", "Who came?") == 0
    output = capsys.readouterr()
    assert output.out == "Ann came by boat [1].\n\n[1] Ann came by boat.\n    boat.txt 0-17\n"
    assert output.err == "skipped a.png: not text\nconfidence 0.75, 0.5 s\n"
    assert shell.engines[0].synced
    assert shell.engines[0].closed


def test_ask_json_is_one_object_with_the_public_names(shell, corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert shell("ask", "--json", "Who came?") == 0
    output = capsys.readouterr().out
    answer = json.loads(output)
    assert output.count("\n") == 1
    assert {"question", "search_question", "text", "answered", "confidence", "citations", "passages"} <= set(answer)
    text = (corpus / "boat.txt").read_text(encoding="utf-8")
    for cited in answer["citations"]:
        assert text[cited["start"] : cited["end"]] == cited["quote"]
        assert {"marker", "quote", "source", "start", "end"} <= set(cited)


def test_declining_is_a_success(shell, capsys: pytest.CaptureFixture[str]) -> None:
    assert shell("ask", "Who sank it?") == 0
    assert capsys.readouterr().out == "The article does not say.\n"


def test_ask_reads_the_question_from_standard_input(shell, monkeypatch, capsys) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("Who came?"))
    assert shell("ask", "-") == 0
    assert shell.engines[0].asked == [("Who came?", ())]


def test_bytes_that_are_no_text_can_still_be_printed(shell, capsys: pytest.CaptureFixture[str]) -> None:
    assert shell("ask", "--json", "Who \udcff?") == 0
    assert json.loads(capsys.readouterr().out)["question"] == "Who ??"


def test_history_comes_from_a_file(shell, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    history = [{"role": "user", "content": "Who came?"}, {"role": "assistant", "content": "Ann."}]
    file = tmp_path / "history.json"
    file.write_text(json.dumps(history), encoding="utf-8")
    assert shell("ask", "What colour?", "--history", str(file)) == 0
    assert shell.engines[0].asked == [("What colour?", tuple(history))]
    assert "searched for: Who came? What colour?" in capsys.readouterr().err


@pytest.mark.parametrize("content", [None, "no json", '{"role": "user"}'])
def test_an_unusable_history_is_one_line(shell, tmp_path: Path, capsys, content: str | None) -> None:
    file = tmp_path / "history.json"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    assert shell("ask", "Who came?", "--history", str(file)) == 2
    assert_one_line(capsys, "history.json")


def test_chat_answers_line_by_line_and_remembers(shell, monkeypatch, capsys) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("Who came?\n\nBad\nWhat colour?"))
    assert shell("chat", "--json") == 0
    output = capsys.readouterr()
    assert [json.loads(line)["text"] for line in output.out.splitlines()] == ["Ann came by boat [1].", "Blue [1]."]
    assert "the question is bad" in output.err
    assert shell.engines[0].asked[-1][1] == (
        {"role": "user", "content": "Who came?"},
        {"role": "assistant", "content": "Ann came by boat [1]."},
    )


def test_documents_are_read_while_a_chat_waits_for_a_question(shell, monkeypatch) -> None:
    monkeypatch.setattr("qa.commands.QUIET_SECONDS", 0.01)

    def typed() -> Iterator[str]:
        while not shell.engines[0].reads:
            time.sleep(0.01)
        yield "Who came?"

    monkeypatch.setattr("qa.commands.typed_lines", typed)
    assert shell("chat") == 0
    assert shell.engines[0].reads
    assert "qa-reading" not in {thread.name for thread in threading.enumerate()}


def test_index_reports_what_changed(shell, capsys: pytest.CaptureFixture[str]) -> None:
    assert shell("index", "--rebuild") == 0
    output = capsys.readouterr()
    assert output.out == (
        "documents: 1 added, 0 changed, 0 removed, 0 unchanged\npassages: 2, 2 of them embedded now\n"
    )
    assert shell.engines[0].rebuilt
    assert shell("index", "--json") == 0
    assert json.loads(capsys.readouterr().out)["skipped"] == {"a.png": "not text"}
    assert not shell.engines[1].rebuilt


def test_search_shows_passages_with_their_places(shell, capsys: pytest.CaptureFixture[str]) -> None:
    assert shell("search", "boat") == 0
    assert capsys.readouterr().out == " 1  0.875  boat.txt 0-17\n    Ann came by boat.\n"
    assert shell("search", "boat", "--json") == 0
    [found] = json.loads(capsys.readouterr().out)["passages"]
    assert (found["source"], found["passage"]["text"]) == ("boat.txt", "Ann came by boat.")


def test_evaluate_prints_figures_and_keeps_predictions_and_report(shell, tmp_path: Path, capsys) -> None:
    questions = tmp_path / "set.jsonl"
    row = {"id": "a1", "kind": "fact", "question": "Who came?", "must_include": [["Ann"]], "evidence": ["Ann came"]}
    questions.write_text(json.dumps(row) + "\n" + json.dumps(row | {"id": "a2"}), encoding="utf-8")
    kept, written = tmp_path / "kept.jsonl", tmp_path / "report.md"
    words = ("evaluate", str(questions), "--predictions", str(kept), "--report", str(written))
    assert shell(*words) == 0
    assert "accuracy_answerable    1.000" in capsys.readouterr().out
    assert [json.loads(line)["id"] for line in kept.read_text(encoding="utf-8").splitlines()] == ["a1", "a2"]
    assert written.read_text(encoding="utf-8").startswith("# Evaluation: set.jsonl\n")
    assert shell("evaluate", str(questions), "--json", "--limit", "1") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["accuracy_answerable"], found["count_by_kind"]) == (1.0, {"fact": 1})
    assert {"settings", "date", "machine", "interval_by_kind", "reliability", "brier"} <= set(found)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param(("ask", "Fail"), "the model file is damaged: install it again", id="model"),
        pytest.param(("ask", "Bad"), "the question is bad", id="question"),
        pytest.param(("ask", "x", "--top-k", "0"), "top_k", id="bounds"),
        pytest.param(("ask", "x", "--set", "nonsense=1"), "nonsense", id="unknown-setting"),
        pytest.param(("ask", "x", "--set", "top_k"), "NAME=VALUE", id="no-value"),
        pytest.param(("evaluate", "nowhere.jsonl"), "nowhere.jsonl", id="no-question-set"),
    ],
)
def test_failures_are_one_line_and_exit_code_2(shell, capsys, words: tuple[str, ...], told: str) -> None:
    assert shell(*words) == 2
    assert_one_line(capsys, told)


def assert_one_line(capsys: pytest.CaptureFixture[str], told: str) -> None:
    output = capsys.readouterr()
    lines = [line for line in output.err.splitlines() if line.startswith("qa: ")]
    assert output.out == ""
    assert len(lines) == 1
    assert told in lines[0]
    assert "Traceback" not in output.err


def test_an_unwritable_output_is_told_before_anything_is_asked(shell, data: Path, tmp_path: Path, capsys) -> None:
    questions = str(data / "article_questions.jsonl")
    assert shell("evaluate", questions, "--predictions", str(tmp_path / "none" / "x.jsonl")) == 2
    assert_one_line(capsys, "x.jsonl")
    assert not any(engine.asked for engine in shell.engines)


def test_interruption_is_130(shell, capsys: pytest.CaptureFixture[str]) -> None:
    assert shell("ask", "Stop") == 130
    assert capsys.readouterr().err.endswith("qa: interrupted\n")


def test_usage_mistakes_are_2(capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["nonsense"], ["ask"], ["evaluate", "x", "--limit", "0"]):
        with pytest.raises(SystemExit) as caught:
            main(words)
        assert caught.value.code == 2
        assert "usage: qa" in capsys.readouterr().err


def parse(*words: str) -> argparse.Namespace:
    return build_parser().parse_args(words)


def test_options_choose_settings_over_variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("QA_TOP_K", "3")
    monkeypatch.setenv("QA_THREADS", "3")
    words = (
        "--top-k",
        "5",
        "--data-dir",
        str(tmp_path),
        "--offline",
        "--set",
        "slots=2",
        "--set",
        "base_url=http://a=b",
    )
    settings = settings_of(parse("index", *words))
    assert (settings.top_k, settings.threads, settings.slots) == (5, 3, 2)
    assert (settings.data_dir, settings.offline, settings.base_url) == (tmp_path, True, "http://a=b")
    assert not settings_of(parse("index")).offline


def test_setting_options_exist_and_every_command_has_json() -> None:
    assert {setting for _, setting, _, _ in SETTING_OPTIONS} <= set(Settings.model_fields)
    for command in commands.COMMANDS:
        words = {"ask": ["x"], "search": ["x"], "evaluate": ["x"]}.get(command, [])
        assert parse(command, *words, "--json").json


def test_unknown_setting_is_named() -> None:
    with pytest.raises(SettingsError, match="colour"):
        settings_of(parse("index", "--set", "colour=blue"))


@pytest.mark.parametrize("command", ["", *commands.COMMANDS])
def test_help_loads_nothing_heavy(command: str) -> None:
    code = (
        "import sys; from qa.cli import main\n"
        f"try: main({[*command.split(), '--help']!r})\n"
        f"finally: assert not set({HEAVY!r}) & set(sys.modules), 'heavy'"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.startswith("usage: qa")


def test_help_answers_within_half_a_second_of_computing() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "qa", "--help"], stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < HELP_SECONDS


def test_a_reader_that_leaves_gets_no_complaint() -> None:
    code = "import sys; from qa.cli import main; sys.exit(main(['index'], run=lambda _: print('x' * 10**6) or 0))"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    told = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 2
    assert told == b""


@pytest.mark.slow
def test_ask_for_real(seed_article: Path, asked_for_real: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    finished, _ = asked_for_real
    assert finished.returncode == 0, finished.stderr
    answer = json.loads(finished.stdout)
    text = seed_article.read_text(encoding="utf-8")
    assert answer["answered"], finished.stdout
    assert answer["citations"], finished.stdout
    for cited in answer["citations"]:
        assert text[cited["start"] : cited["end"]] == cited["quote"]


@pytest.mark.slow
def test_doctor_for_real(tmp_path: Path) -> None:
    finished = qa("doctor", "--json")
    checks = json.loads(finished.stdout)
    assert (finished.returncode, checks["healthy"]) == (0, True), checks
    broken = qa("doctor", "--json", "--corpus", str(tmp_path / "nowhere"), "--model", "gguf:nowhere.gguf")
    failed = {check["name"]: check["remedy"] for check in json.loads(broken.stdout)["checks"] if not check["passed"]}
    assert broken.returncode == 1
    assert {"chat weights", "chat model", "index"} <= set(failed)
    assert all(failed.values())


@pytest.mark.slow
@pytest.mark.parametrize("question", ["", "   ", "x" * 100_000])
def test_unusable_questions_for_real(question: str) -> None:
    finished = qa("ask", question)
    assert (finished.returncode, finished.stdout) == (2, "")
    assert finished.stderr.startswith("qa: ")
    assert finished.stderr.count("\n") == 1
