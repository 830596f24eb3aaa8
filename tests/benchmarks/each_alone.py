"""Questions on written articles, each article asked alone, read whole as a user has it: figures by kind, and a report.

python tests/benchmarks/each_alone.py [FOLDER] [--report FILE.md]

FOLDER holds articles (.txt or .md) and beside each its questions (.jsonl); without one it is `tests/data/everyday/`.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from qa.evaluation import circumstances, evaluate
from qa.metrics import figures
from qa.pipeline import QA
from qa.question_sets import read_question_set
from qa.reporting import report, table
from qa.scoring import Score
from qa.settings import Settings

EVERYDAY = Path(__file__).parent.parent / "data" / "everyday"


def scores_of(first: QA, article: Path, data_dir: Path) -> list[Score]:
    """Ask all questions on one article in an index of its own, with the models of another engine."""
    settings = first.settings.model_copy(update={"corpus": article, "data_dir": data_dir})
    with first.beside(settings) as engine:
        return list(evaluate(read_question_set(article.with_suffix(".jsonl")), engine))


def main() -> int:
    """Ask about every article of a folder and print the figures of all together."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=EVERYDAY)
    parser.add_argument("--report", type=Path)
    args = parser.parse_args()
    articles = sorted(p for p in args.folder.iterdir() if p.suffix != ".jsonl" and p.with_suffix(".jsonl").is_file())
    if not articles:
        parser.error(f"no article with questions in {str(args.folder)!r}")
    scores: list[Score] = []
    with tempfile.TemporaryDirectory() as folder, QA.open(Settings(data_dir=Path(folder) / "first")) as first:
        for article in articles:
            found = scores_of(first, article, Path(folder) / article.stem)
            right = sum(score.right for score in found)
            print(f"{article.stem}: {right} of {len(found)} as they should be", file=sys.stderr, flush=True)
            scores += found
        conditions = circumstances(first.settings)
    print(table(figures(scores)))
    print(conditions["date"], conditions["machine"])
    if args.report:
        title = f"Articles asked alone: {args.folder.name}"
        args.report.write_text(report(title, figures(scores), scores, conditions), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
