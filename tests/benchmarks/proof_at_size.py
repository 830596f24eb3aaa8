"""Whether the seed article's proof is still found with many other documents beside it.

For each answerable question: do the sentences that the model would be given hold the gold evidence? Once from the
article alone, once from the article among others; no chat model is needed. Corpora are those of many_documents.py.

Run: python tests/benchmarks/proof_at_size.py --corpus FOLDER/corpus-20000 --index FOLDER/index-20000
"""

import argparse
import shutil
import statistics
import tempfile
from pathlib import Path

from qa.conversation import search_question
from qa.datatypes import Document
from qa.embedding import Embedder, open_embedder
from qa.index import Index
from qa.kept import KeptReadings
from qa.material import POOL, Material
from qa.models import Models
from qa.question_sets import GoldQuestion, article_questions, read_question_set
from qa.retrieval import Retriever
from qa.scoring import CitedSpan, overlap
from qa.settings import Settings, seed_corpus

QUESTIONS = Path(__file__).parent.parent / "data" / "article_questions.jsonl"


def found(
    index: Index, embedder: Embedder, material: Material, settings: Settings, question: GoldQuestion
) -> tuple[float, float]:
    """Return the shares of a question's evidence in the sentences read and in the first eight passages."""
    searched = search_question(question.question, question.history)
    hits = Retriever(index, embedder, settings.top_k).search(searched, POOL)
    best = material.best(searched, hits)
    sources = {document.id: document.source for document in index.documents()}
    read = [CitedSpan(start=s.start, end=s.end, source=sources[s.document_id]) for s in best.reading.sentences]
    shown = [
        CitedSpan(start=hit.passage.start, end=hit.passage.end, source=sources[hit.passage.document_id])
        for hit in hits[: settings.top_k]
    ]
    shares = [
        statistics.mean(any(overlap(span, place) for span in spans for place in places) for places in question.evidence)
        for spans in (read, shown)
    ]
    return shares[0], shares[1]


def measure(settings: Settings) -> tuple[int, float, float]:
    """Return the passages indexed and the mean shares over all answerable questions."""
    embedder = open_embedder(settings)
    index = Index.open(settings, embedder)
    index.sync()
    seed: list[Document] = [index.document(each.id) for each in index.documents() if "/" not in each.source]
    rows = read_question_set(QUESTIONS).rows
    questions = article_questions(rows, {each.source: each.text for each in seed})
    kept = KeptReadings(index, settings.index_dir(), settings.reading_megabytes)
    material = Material(index, kept, embedder, settings, Models(settings, None).scores)
    proved = [each for each in questions if each.answerable and each.evidence]
    shares = [found(index, embedder, material, settings, each) for each in proved]
    count = index.count()
    index.close()
    return count, statistics.mean(read for read, _ in shares), statistics.mean(shown for _, shown in shares)


def main() -> None:
    """Measure both and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--corpus", type=Path, required=True, help="folder of other documents; the article is copied in"
    )
    parser.add_argument("--index", type=Path, required=True)
    options = parser.parse_args()
    for file in seed_corpus().iterdir():
        shutil.copy2(file, options.corpus / file.name)
    print("| passages | evidence in the sentences read | in the eight passages found |\n|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="qa-benchmark-") as name:
        for settings in (
            Settings(data_dir=Path(name), whole_document_tokens=0),
            Settings(corpus=options.corpus, data_dir=options.index),
        ):
            count, read, shown = measure(settings)
            print(f"| {count:,} | {read:.2f} | {shown:.2f} |", flush=True)


if __name__ == "__main__":
    main()
