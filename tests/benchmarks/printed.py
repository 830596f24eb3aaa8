"""Print articles to PDF with Chromium, read them back, and tell how many sentences are what they were.

    python tests/benchmarks/printed.py

Every article of tests/data/held_out/ and tests/training/unseen/ is set in each layout below, on A5 paper, with a
running head and numbered pages. A sentence counts where it is read back to the letter, white space aside.
"""

import html
import shutil
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from qa.corpus import make_document
from qa.passages import split
from qa.pdf import read_pdf

TESTS = Path(__file__).parent.parent
ARTICLES = sorted([*TESTS.glob("data/held_out/*.txt"), *TESTS.glob("training/unseen/*.txt")])
DIVIDED = "text-align: justify; hyphens: auto"
LAYOUTS = {
    "one column, 11 pt": "div { font: 11pt/1.4 serif }",
    "one column, 10 pt, words divided": f"div {{ font: 10pt/1.3 serif; {DIVIDED} }}",
    "two columns, 9 pt, words divided": f"div {{ font: 9pt/1.25 serif; {DIVIDED}; columns: 2; column-gap: 8mm }}",
    "two columns, 9.5 pt, words divided, first lines set in, no space between paragraphs": (
        f"div {{ font: 9.5pt/1.2 serif; {DIVIDED}; columns: 2 }} p {{ margin: 0; text-indent: 4mm }}"
    ),
    "three columns, 9 pt": "div { font: 9pt/1.3 sans-serif; columns: 3 }",
}
EDGE = "<span style='font-size: 8px; margin-left: 2cm'>{}</span>"
HEAD = EDGE.format("The Daily News")
FOOT = EDGE.format("Page <span class=pageNumber></span> of <span class=totalPages></span>")


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, each in one line."""
    document = make_document("", "article", text)
    return [" ".join(text[a:b].split()) for passage in split(document, 400) for a, b in passage.sentences]


def printed(browser: Browser, paragraphs: list[str], style: str) -> bytes:
    """Return the PDF of an article."""
    page = browser.new_page()
    body = "".join(f"<p>{html.escape(paragraph)}</p>" for paragraph in paragraphs)
    page.set_content(f"<html lang=en><style>{style}</style><h1>The weekly letter</h1><div>{body}</div></html>")
    data = page.pdf(
        format="A5",
        margin={"top": "1.8cm", "bottom": "1.8cm", "left": "1.8cm", "right": "1.8cm"},
        display_header_footer=True,
        header_template=HEAD,
        footer_template=FOOT,
    )
    page.close()
    return data


def kept(browser: Browser, style: str) -> Iterator[bool]:
    """Say of each sentence whether it is read back."""
    for path in ARTICLES:
        paragraphs = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        text, _ = read_pdf(printed(browser, paragraphs, style), path.name)
        read = set(sentences(text))
        yield from (sentence in read for sentence in sentences("\n\n".join(paragraphs)))


def main() -> None:
    """Print a table."""
    print("| layout | sentences | read back |\n|---|---|---|")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, style in LAYOUTS.items():
            found = list(kept(browser, style))
            print(f"| {name} | {len(found)} | {sum(found) / len(found):.3f} |", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
