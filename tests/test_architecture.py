"""The shape of the package, read from its source: layers, heavy libraries, public names, lengths, dependencies."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import qa

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "qa"

LONGEST_MODULE = 250
LONGEST_FUNCTION = 60

UI = (
    "ui",
    "ui.markup",
    "ui.messages",
    "ui.sessions",
    "ui.claims",
    "ui.streaming",
    "ui.beginning",
    "ui.session",
    "ui.icons",
    "ui.answers",
    "ui.shelf",
    "ui.article",
    "ui.transcript",
    "ui.export",
    "ui.engine",
    "ui.api",
    "ui.drawing",
    "ui.acts",
    "ui.adding",
    "ui.conversing",
    "ui.opening",
    "ui.layout",
    "ui.server",
)

LAYERS = (
    (("errors", "settings"), ("datatypes",), ("errand",)),
    (("blocks", "tables", "decoding", "paragraphs", "pdf", "office", "epub", "formats"),),
    (
        ("corpus",),
        ("passages", "parts"),
        ("lexical",),
        (
            "courtesy",
            "questions",
            "follow_ups",
            "conversation",
            "reading",
            "drafting",
            "numerals",
            "proving",
            "conflicts",
            "introducing",
            "durations",
            "disputes",
            "speakers",
            "actors",
            "names",
            "citations",
            "pointing",
            "calibration",
        ),
        ("feedback",),
        ("joining", "packaged", "weights"),
    ),
    (
        ("attention", "encoder", "embedding", "cross_encoder"),
        (
            "gate",
            "generation",
            "ik_library",
            "ik_slots",
            "ik_server",
            "llama_server",
            "runtime",
            "slot_cache",
            "messages",
            "embedded",
            "language_model",
        ),
    ),
    (("database", "store", "vectors", "shelves", "syncing", "index"),),
    (
        ("retrieval",),
        ("ranking", "kept", "material", "overview", "inventory", "timeline", "listing", "extremes", "selecting"),
        ("suggesting",),
        ("provided", "answering", "judging", "topics", "polarity"),
        ("runnables",),
    ),
    (
        ("models",),
        ("library",),
        ("attempts",),
        ("answer_cache",),
        ("mentions", "query", "concluding", "several"),
        ("showing",),
    ),
    (("preparing", "single", "pipeline", "asking"),),
    (("question_sets", "scoring", "metrics", "reporting", "evaluation"), ("doctor",)),
    (("cli", "__main__"), ("terminal", "options", "warm", "commands"), UI),
)
"""Bottom to top. A module imports from lower layers, and from what stands before it in its own room; nothing else."""

HEAVY = {
    "chromadb": {"vectors"},
    "docx": {"office"},
    "gradio": {"ui"},
    "huggingface_hub": {"weights"},
    "ik_llama_cpp": {"ik_library"},
    "openpyxl": {"office"},
    "pptx": {"office"},
    "pypdfium2": {"pdf"},
    "sentence_transformers": {"embedding"},
    "torch": {"embedding"},
    "trafilatura": {"formats"},
    "transformers": {"attention", "embedding"},
    "xllamacpp": {"llama_server"},
}
"""Heavy library -> the module, or the folder, that alone may import it."""

LOADED_BY_NAME = {"", "cli"}
"""Who may load our own modules by name: the package's face and the shell, so that both are light until used."""

NOT_IMPORTED = {"langchain-openai", "lxml-html-clean"}
"""Declared though never imported: LangChain loads one by name, trafilatura needs the other."""


def module_name(path: Path) -> str:
    """Return 'ui.session' for qa/ui/session.py and '' for qa/__init__.py."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").removesuffix(".")


@cache
def sources() -> dict[str, ast.Module]:
    return {module_name(path): ast.parse(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py")}


def own(name: str) -> str:
    """Return the module of ours that a dotted name means: 'qa.ui.session.Session' is in 'ui.session'."""
    parts = name.split(".")[1:]
    while parts and ".".join(parts) not in sources():
        parts.pop()
    return ".".join(parts)


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield the dotted names that a tree imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative imports hide where a name comes from"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and (name := loaded_by_name(node)):
            yield name


def loaded_by_name(call: ast.Call) -> str | None:
    """Return the name given to import_module, also the fixed beginning of one that is put together."""
    if ast.unparse(call.func).rpartition(".")[2] not in ("import_module", "__import__") or not call.args:
        return None
    name = call.args[0].values[0] if isinstance(call.args[0], ast.JoinedStr) else call.args[0]
    return str(name.value) if isinstance(name, ast.Constant) else "?"


def places() -> dict[str, tuple[int, int, int]]:
    return {
        name: (layer, room, at)
        for layer, rooms in enumerate(LAYERS)
        for room, names in enumerate(rooms)
        for at, name in enumerate(names)
    }


def test_every_module_has_a_place_in_the_layers() -> None:
    assert set(sources()) - {""} == set(places())


def test_imports_point_downward() -> None:
    place = places()
    wrong = []
    for name, tree in sources().items():
        if name in LOADED_BY_NAME:
            continue
        layer, room, at = place[name]
        for target in {own(full) for full in imported(tree) if full.split(".")[0] == "qa"} - {name}:
            assert target, f"qa.{name} imports from the package's face: name the module"
            other = place[target]
            if not (other[0] < layer or (other[:2] == (layer, room) and other[2] < at)):
                wrong.append(f"qa.{name} imports qa.{target}")
    assert not wrong


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_no_own_import_hides_in_a_function() -> None:
    hidden = [
        f"qa.{name}: {full}"
        for name, tree in sources().items()
        for function in functions(tree)
        for full in imported(function)
        if full.split(".")[0] == "qa" and name not in LOADED_BY_NAME
    ]
    assert not hidden


def test_own_modules_are_loaded_by_name_only_where_said() -> None:
    loading = {
        name
        for name, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and (loaded_by_name(node) or "").split(".")[0] in ("qa", "?")
    }
    assert loading == LOADED_BY_NAME


def test_heavy_libraries_are_imported_in_one_place() -> None:
    found: dict[str, set[str]] = {library: set() for library in HEAVY}
    for name, tree in sources().items():
        for library in {full.split(".")[0] for full in imported(tree)} & set(HEAVY):
            found[library].add("ui" if name.startswith("ui") else name)
    assert found == HEAVY


def test_public_names_are_sorted_and_true() -> None:
    assert qa.__all__ == sorted(set(qa.__all__))
    assert dir(qa) == qa.__all__
    for name in qa.__all__:
        assert getattr(qa, name).__name__ == name
    with pytest.raises(AttributeError, match="nonsense"):
        _ = qa.nonsense


def test_every_error_is_public_and_the_tree_is_drawn() -> None:
    errors = import_module("qa.errors")
    names = {name for name, value in vars(errors).items() if isinstance(value, type)}
    assert names <= set(qa.__all__)
    assert all(name in (errors.__doc__ or "") for name in names)
    assert all(issubclass(getattr(errors, name), errors.QAError) for name in names)


def test_import_loads_nothing_heavy_and_prints_nothing() -> None:
    heavy = sorted({*HEAVY, "langchain", "langchain_core", "numpy", "pydantic"})
    code = f"import sys, qa; print(*sorted(set({heavy!r}) & set(sys.modules)), end='')"
    finished = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert (finished.stdout, finished.stderr) == ("", "")


def test_modules_and_functions_stay_short() -> None:
    files = [*PACKAGE.rglob("*.py"), *ROOT.glob("*.py")]
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert {str(path): length for path, length in lengths.items() if length > LONGEST_MODULE} == {}
    long = {
        f"qa.{name}.{function.name}": length
        for name, tree in sources().items()
        for function in functions(tree)
        if (length := (function.end_lineno or 0) - function.lineno + 1) > LONGEST_FUNCTION
    }
    assert long == {}


def test_what_is_imported_is_declared_and_what_is_declared_is_imported() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.split(r"[^\w-]", line)[0].lower().replace("_", "-") for line in project["dependencies"]}
    trees = [*sources().values(), *(ast.parse(path.read_text(encoding="utf-8")) for path in ROOT.glob("*.py"))]
    outside = {full.split(".")[0] for tree in trees for full in imported(tree)} - set(sys.stdlib_module_names) - {"qa"}
    homes = packages_distributions()
    needed = {homes[library][0].lower().replace("_", "-") for library in outside}
    by_name = {name for name in declared if any(name.replace("-", "_") in ast.dump(tree) for tree in trees)}
    assert needed <= declared
    assert declared - needed - by_name <= NOT_IMPORTED
