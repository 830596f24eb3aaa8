"""Check the written articles: every evidence span must stand in its article, every question must be well formed.

python tests/training/check_articles.py [ARTICLE.txt ...]
"""

import json
import sys
from collections import Counter
from pathlib import Path

FOLDERS = Path(__file__).parent
KINDS = {
    "fact",
    "list",
    "why_how",
    "multi",
    "attribution",
    "false_premise",
    "unanswerable",
    "followup",
    "typo_style",
}
FIELDS = {"id", "kind", "question", "history", "statements"}


def faults(article: Path) -> list[str]:
    """Return what is wrong with one article's questions, a line each."""
    text = article.read_text(encoding="utf-8")
    found: list[str] = []
    kinds: Counter[str] = Counter()
    seen: set[str] = set()
    for number, line in enumerate(article.with_suffix(".jsonl").read_text(encoding="utf-8").splitlines(), 1):
        row = json.loads(line)
        where = f"{article.stem}:{number}"
        if set(row) != FIELDS:
            found.append(f"{where}: fields {sorted(row)} are not {sorted(FIELDS)}")
            continue
        if row["kind"] not in KINDS:
            found.append(f"{where}: unknown kind {row['kind']!r}")
        if row["question"] in seen:
            found.append(f"{where}: the question stands twice: {row['question']!r}")
        seen.add(row["question"])
        kinds[row["kind"]] += 1
        if (row["kind"] == "unanswerable") != (not row["statements"]):
            found.append(f"{where}: an unanswerable question has no statements, any other has some")
        for statement in row["statements"]:
            if not statement["evidence"]:
                found.append(f"{where}: a statement without evidence: {statement['text']!r}")
            if len(statement["text"].split()) > 30:
                found.append(f"{where}: a statement of more than 30 words: {statement['text']!r}")
            found += [f"{where}: not in the article: {span!r}" for span in statement["evidence"] if span not in text]
    print(f"{article.stem}: {len(text.split())} words, {sum(kinds.values())} questions, {dict(sorted(kinds.items()))}")
    return found


def main() -> int:
    """Check the articles named on the command line, or all of them."""
    articles = [Path(name) for name in sys.argv[1:]] or sorted(FOLDERS.glob("*/*.txt"))
    found = [fault for article in articles for fault in faults(article)]
    print("\n".join(found) or "no faults")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
