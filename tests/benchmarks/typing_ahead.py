"""What a reader gains from reading ahead: seconds from Enter to the first word, typed by hand and pasted, in Chromium.

Every question of the set is asked once in each of two rounds, typed in one and pasted in the other, in changing order;
each round has a page process of its own, so that nothing is answered from memory. Needs the extras `local` and `test`.

Run: python tests/benchmarks/typing_ahead.py
"""

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

TESTS = Path(__file__).parent.parent
sys.path.insert(0, str(TESTS))

from page_window import serving  # noqa: E402

from qa.metrics import percentile  # noqa: E402

APP = str(TESTS.parent / "app.py")
MINUTES_5 = 300_000
WAYS = ("typed", "pasted")

TIMED = """(before) => new Promise((resolve) => {
    const begun = performance.now();
    new MutationObserver((_, observer) => {
        const turn = document.querySelector(`.turn[data-turn="${before}"]`);
        if (!turn || !(turn.querySelector(".answer") || !turn.hasAttribute("aria-busy"))) return;
        observer.disconnect();
        resolve([(performance.now() - begun) / 1000, turn.querySelector(".answer") !== null]);
    }).observe(document.querySelector("#scroll"), {childList: true, subtree: true, attributes: true});
    const press = {key: "Enter", bubbles: true, cancelable: true};
    document.activeElement.dispatchEvent(new KeyboardEvent("keydown", press));
    document.activeElement.dispatchEvent(new KeyboardEvent("keypress", press));
})"""


def ask(page: Page, url: str, question: str, way: str, options: argparse.Namespace) -> float | None:
    """Ask, on a new page or in the conversation; return the seconds from Enter to the first word, None if declined."""
    if not options.conversing:
        page.goto(url)
    page.wait_for_selector(".state.ready", state="attached")
    before = page.locator(".turn").count()
    field = page.locator("#composer textarea")
    if way == "typed":
        field.press_sequentially(question, delay=options.key_seconds * 1000)
    else:
        field.fill(question)
    page.wait_for_timeout(options.pause_seconds * 1000)
    waited, answered = page.evaluate(TIMED, before)
    page.wait_for_selector("#live .turn:not([aria-busy])")
    return waited if answered else None


def main() -> None:
    """Measure and print both rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=int, default=42, help="questions")
    parser.add_argument("--key-seconds", type=float, default=0.1, help="from one key to the next")
    parser.add_argument("--pause-seconds", type=float, default=0.5, help="from the last key or the pasting to Enter")
    parser.add_argument("--conversing", action="store_true", help="ask all in one conversation")
    options = parser.parse_args()
    lines = (TESTS / "data" / "article_questions.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if not row["history"] and row["kind"] != "unanswerable"]
    questions = [row["question"] for row in rows][: options.limit]
    waits: dict[str, list[float]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory(prefix="qa-benchmark-") as folder, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for turn in range(2):
            with serving(APP, "--data-dir", folder) as url:
                page = chromium.new_page()
                page.set_default_timeout(MINUTES_5)
                page.goto(url)
                page.wait_for_selector(".suggestion")  # from here on the model is free
                for number, question in enumerate(questions):
                    way = WAYS[(number + turn) % 2]
                    waited = ask(page, url, question, way, options)
                    if waited is not None:
                        waits[way].append(waited)
                    print(f"\r{turn + 1}: {number + 1}/{len(questions)}", end="", file=sys.stderr)
                page.goto("about:blank")
        chromium.close()
    print("\n| | answers | Enter to the first word, p50, s | p95, s |\n|---|---|---|---|")
    for way, found in waits.items():
        print(f"| {way} | {len(found)} | {percentile(found, 50):.2f} | {percentile(found, 95):.2f} |")


if __name__ == "__main__":
    main()
