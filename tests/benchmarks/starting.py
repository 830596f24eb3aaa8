"""How long commands take from a standing start, and how much memory a process that answers holds; models in place."""

import os
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
QUESTION = "Who rejected the claim about the strikes?"
OTHERS = ("Which countries want peace in the region?", "Who was interviewed on television?")
TIMES = 3

ANSWERING = """
import sys
from pathlib import Path
from qa import QA, Settings
with QA.open(Settings(data_dir=Path(sys.argv[1]))) as engine:
    engine.sync()
    for question in ("Who rejected the claim?", "Which channel was it?", "What is the capital of Peru?"):
        engine.ask(question)
    print(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
"""
PLAIN = """
import sys
from pathlib import Path
sys.path.insert(0, "tests/benchmarks")
from plain_langchain import PlainLangChain
from qa.corpus import list_files, read_document
from qa.settings import Settings
settings = Settings()
file = list_files(settings.corpus)[0]
plain = PlainLangChain(settings, read_document(file.path, file.source, 20), Path(sys.argv[1]))
for question in ("Who rejected the claim?", "Which channel was it?", "What is the capital of Peru?"):
    plain.ask("", question, ())
print(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
plain.close()
"""


def environment() -> dict[str, str]:
    """Return the environment of a command."""
    return os.environ | {"PYTHONPATH": str(ROOT)}


def seconds(*command: str, times: int = TIMES) -> float:
    """Return the best time of a command among a few; others' work on the machine only adds."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        subprocess.run([sys.executable, *command], check=True, capture_output=True, cwd=ROOT, env=environment())
        taken.append(time.perf_counter() - begun)
    return min(taken)


def megabytes(code: str, folder: Path) -> float:
    """Return the most memory that a process held which answered three questions."""
    command = [sys.executable, "-c", code, str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT, env=environment())
    return float(done.stdout.splitlines()[-1]) / 1000


def warm_seconds(folder: Path) -> tuple[float, float]:
    """Return the seconds until `qa serve` is ready and those of `qa ask` then."""
    begun = time.perf_counter()
    command = [sys.executable, "-m", "qa", "serve", "--json", "--data-dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT, text=True) as serving:
        assert serving.stdout
        serving.stdout.readline()
        ready = time.perf_counter() - begun
        try:
            ask = ("-m", "qa", "ask", "--data-dir", str(folder))
            # Each once only: an answer is remembered.
            taken = [seconds(*ask, question, times=1) for question in (QUESTION, *OTHERS)]
            return ready, statistics.median(taken)
        finally:
            serving.terminate()


def page_seconds(folder: Path) -> float:
    """Return the seconds from the command to the page."""
    begun = time.perf_counter()
    command = [sys.executable, "app.py", "--data-dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT, text=True) as serving:
        assert serving.stdout
        line = next(line for line in serving.stdout if "http" in line)
        try:
            with urllib.request.urlopen(line[line.index("http") :].strip(), timeout=60) as page:
                page.read()
            return time.perf_counter() - begun
        finally:
            serving.terminate()


def measure(folder: Path) -> dict[str, float]:
    """Return all figures by name; the folder is for indexes."""
    ours = folder / "index"
    first = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "qa", "ask", "--data-dir", str(ours), QUESTION],
        check=True,
        capture_output=True,
        cwd=ROOT,
    )
    figures = {"first `qa ask` of all: article indexed and read, s": time.perf_counter() - first}
    figures["`import qa`, s"] = seconds("-c", "import qa")
    figures["`qa --help`, s"] = seconds("-m", "qa", "--help")
    figures["`qa ask`, cold, s"] = seconds("-m", "qa", "ask", "--data-dir", str(ours), QUESTION)
    figures["`qa serve` until ready, s"], figures["`qa ask` with `qa serve`, s"] = warm_seconds(ours)
    figures["`app.py` until the page, s"] = page_seconds(ours)
    figures["memory at the peak, MB"] = megabytes(ANSWERING, ours)
    figures["plain LangChain: memory at the peak, MB"] = megabytes(PLAIN, folder / "plain")
    return figures
