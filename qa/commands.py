"""What each command of the shell does, on top of QA; parsing is in cli.py, printing in terminal.py."""

import argparse
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from qa.datatypes import Answer, SyncReport, Turn
from qa.doctor import examine
from qa.errand import Errand, Urgency
from qa.errors import QAError, QuestionError, SettingsError
from qa.evaluation import circumstances, evaluate
from qa.metrics import figures
from qa.options import history_of, question_of, settings_of
from qa.pipeline import QA
from qa.question_sets import read_question_set
from qa.reporting import report, table
from qa.scoring import Score
from qa.settings import Settings
from qa.terminal import clean, note, print_json, print_passages, progress_bar, show_answer, typed_lines
from qa.warm import WarmServer

OpenQA = Callable[[Settings], QA]

QUIET_SECONDS = 2.0
"""How often it is tried to have documents read."""


def run(arguments: argparse.Namespace, open_engine: OpenQA = QA.open) -> int:
    """Carry out a parsed command and return its exit code."""
    command = COMMANDS[arguments.command]
    return command(arguments, settings_of(arguments), open_engine)


@contextmanager
def _synced(settings: Settings, open_engine: OpenQA) -> Iterator[QA]:
    with open_engine(settings) as engine:
        _sync(engine)
        yield engine


def _sync(engine: QA, rebuild: bool = False) -> SyncReport:
    with progress_bar("B") as show:
        changes = engine.sync(progress=show, rebuild=rebuild)
    for source, reason in changes.skipped.items():
        note(f"skipped {source}: {reason}")
    for source, remark in changes.notes.items():
        note(f"{source}: {remark}")
    return changes


def ask(arguments: argparse.Namespace, settings: Settings, open_engine: OpenQA) -> int:
    """Answer one question."""
    history, question = history_of(arguments), question_of(arguments)
    with _synced(settings, open_engine) as engine:
        show_answer(engine.ask(question, history=history).to_json(), arguments.json)
    return 0


def chat(arguments: argparse.Namespace, settings: Settings, open_engine: OpenQA) -> int:
    """Answer questions line by line until the input ends."""
    history: list[Turn] = []
    with _synced(settings, open_engine) as engine, _reading(engine):
        note("Ask, one question a line; an empty line or the end of input leaves.")
        for line in map(clean, typed_lines()):
            try:
                answer = engine.ask(line, history=history)
            except QuestionError as error:
                note(str(error))
                continue
            show_answer(answer.to_json(), arguments.json)
            history += [Turn(role="user", content=line), Turn(role="assistant", content=answer.text)]
    return 0


def serve(arguments: argparse.Namespace, settings: Settings, open_engine: OpenQA) -> int:
    """Keep the models loaded and answer every `qa ask` with the same settings, until interrupted."""
    with _synced(settings, open_engine) as engine:
        engine.warm_up(note)

        def answer(question: str, history: Sequence[Turn]) -> Answer:
            engine.sync()
            return engine.ask(question, history=history)

        server = WarmServer(settings, answer)
        if arguments.json:
            print_json({"ready": True, "socket": str(server.path)})
        note("`qa ask` is answered at once while this runs; Ctrl-C ends it.")
        with _reading(engine):
            server.serve()
    return 0


@contextmanager
def _reading(engine: QA) -> Iterator[None]:
    """Have documents read while nobody asks."""
    leaving, errand = threading.Event(), Errand(Urgency.IDLE)

    def read() -> None:
        with errand.under(), suppress(QAError):
            while not leaving.wait(QUIET_SECONDS):
                engine.read_documents(leaving.is_set)

    thread = threading.Thread(target=read, name="qa-reading", daemon=True)
    thread.start()
    try:
        yield
    finally:
        leaving.set()
        errand.cancel()
        thread.join()


def index(arguments: argparse.Namespace, settings: Settings, open_engine: OpenQA) -> int:
    """Bring the index up to date."""
    with open_engine(settings) as engine:
        changes = _sync(engine, rebuild=arguments.rebuild)
    if arguments.json:
        print_json(asdict(changes))
        return 0
    counts = ("added", "changed", "removed", "unchanged")
    print(f"documents: {', '.join(f'{getattr(changes, name)} {name}' for name in counts)}")
    print(f"passages: {changes.passages}, {changes.embedded} of them embedded now")
    return 0


def search(arguments: argparse.Namespace, settings: Settings, open_engine: OpenQA) -> int:
    """Show the passages found for a question."""
    question = question_of(arguments)
    with _synced(settings, open_engine) as engine:
        found = engine.search(question)
        sources = {document.id: document.source for document in engine.documents()}
    if arguments.json:
        rows = [{**asdict(hit), "source": sources[hit.passage.document_id]} for hit in found]
        print_json({"question": question, "passages": rows})
    else:
        print_passages(found, sources)
    return 0


def evaluate_set(arguments: argparse.Namespace, settings: Settings, open_engine: OpenQA) -> int:
    """Ask every question of a set and print the figures."""
    questions = read_question_set(Path(arguments.questions))
    if arguments.limit:
        questions = questions.limited(arguments.limit)
    scores: list[Score] = []
    with (
        _writing(arguments.predictions) as kept,
        open_engine(settings) as engine,
        progress_bar("questions") as show,
    ):
        for score in evaluate(questions, engine, lambda what: show(len(scores), len(questions), f"reading {what}")):
            scores.append(score)
            if kept and score.prediction:
                kept.write(score.prediction.model_dump_json(exclude_none=True) + "\n")
                kept.flush()
            show(len(scores), len(questions), score.question.kind)
    found, conditions = figures(scores), circumstances(settings)
    if arguments.report:
        with _writing(arguments.report) as written:
            print(report(f"Evaluation: {Path(arguments.questions).name}", found, scores, conditions), file=written)
    if arguments.json:
        print_json(found | conditions)
    else:
        print(table(found))
        note(f"{conditions['date']}, {conditions['machine']}")
    return 0


@contextmanager
def _writing(path: str | None) -> Iterator[TextIO | None]:
    if path is None:
        yield None
        return
    try:
        stream = Path(path).open("w", encoding="utf-8")  # noqa: SIM115, closed below
    except OSError as error:
        raise SettingsError(f"cannot write {path!r}: {error.strerror or error}") from error
    with stream:
        yield stream


def doctor(arguments: argparse.Namespace, settings: Settings, open_engine: OpenQA) -> int:
    """Check the installation; 1 when something is wrong."""
    checks = []
    for check in examine(settings, open_engine):
        checks.append(check)
        if not arguments.json:
            print(f"{'ok  ' if check.passed else 'FAIL'}  {check.name:<16}{check.found}", flush=True)
            if check.remedy:
                print(f"      {'':<16}to do: {check.remedy}", flush=True)
    healthy = all(check.passed for check in checks)
    if arguments.json:
        print_json({"healthy": healthy, "checks": [asdict(check) for check in checks]})
    return 0 if healthy else 1


COMMANDS: dict[str, Callable[[argparse.Namespace, Settings, OpenQA], int]] = {
    "ask": ask,
    "chat": chat,
    "doctor": doctor,
    "evaluate": evaluate_set,
    "index": index,
    "search": search,
    "serve": serve,
}
