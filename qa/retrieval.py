"""Question -> passages: nearest by meaning and best by words, fused by reciprocal rank; also as a LangChain retriever.

Nothing here reads files or calls a language model.
"""

from collections.abc import Collection, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document as LangChainDocument
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from qa.datatypes import RetrievedPassage
from qa.embedding import Embedder
from qa.index import Index

POOL = 50
"""Candidates taken from each of the two rankings."""
DAMPING = 60
"""The usual constant of reciprocal rank fusion: how little the first places stand out."""


def fuse(rankings: Sequence[Sequence[str]]) -> dict[str, float]:
    """Fuse rankings by reciprocal rank, best first.

    Args:
        rankings: ids, best first, one sequence for each way of searching.

    Returns:
        Scores in 0..1 by id: the share of the most that can be had, so 1.0 is the first place in every ranking. Equal
        scores stay in the order of the earlier rankings.
    """
    scores: dict[str, float] = {}
    most = len(rankings) / (DAMPING + 1)
    for ranking in rankings:
        for rank, identity in enumerate(ranking, 1):
            scores[identity] = scores.get(identity, 0.0) + 1 / (DAMPING + rank) / most
    return dict(sorted(scores.items(), key=lambda item: -item[1]))


class Retriever:
    """Searches one index; safe to use from several threads."""

    def __init__(self, index: Index, embedder: Embedder, top_k: int) -> None:
        """Use an open index and the embedder that made it; `top_k` is how many passages a search returns."""
        self._index = index
        self._embedder = embedder
        self._top_k = top_k

    def search(
        self, question: str, k: int | None = None, documents: Collection[str] | None = None, owner: str = ""
    ) -> tuple[RetrievedPassage, ...]:
        """Return the passages that fit a question best.

        Args:
            question: any text; a blank one finds nothing.
            k: how many passages, instead of `top_k`.
            documents: ids of the only documents to look into, or None for all.
            owner: whose uploads are searched beside the corpus.

        Returns:
            Passages by falling score. A score is the share of the most that both rankings together can give: 1.0 for
            the first by meaning and by words, about 0.5 for the first by one that the other does not have at all.
        """
        wanted = self._top_k if k is None else k
        if not question.strip() or wanted < 1:
            return ()
        pool = max(POOL, wanted)
        cosines = dict(self._index.dense(self._embedder.embed_question(question), pool, documents, owner))
        words = [identity for identity, _ in self._index.lexical(question, pool, documents, owner)]
        scores = fuse((list(cosines), words))
        found = self._index.passages(list(scores)[:wanted])
        return tuple(
            RetrievedPassage(passage, rank, scores[passage.id], cosines.get(passage.id, 0.0))
            for rank, passage in enumerate(found, 1)
        )

    def source(self, document_id: str) -> str:
        """Return the source of a document, or '' if it is gone."""
        try:
            return self._index.document(document_id).source
        except KeyError:
            return ""


class PassageRetriever(BaseRetriever):
    """The search as LangChain knows it: passages as documents, with their place and scores as metadata."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    retriever: Retriever
    k: int | None = None
    owner: str = ""

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002 -- the base class hands it over
        **options: Any,
    ) -> list[LangChainDocument]:
        """Return the passages for a query; `k` may be given for this call."""
        found = self.retriever.search(query, options.get("k", self.k), owner=self.owner)
        return [
            LangChainDocument(
                id=hit.passage.id,
                page_content=hit.passage.text,
                metadata={
                    "source": self.retriever.source(hit.passage.document_id),
                    "start": hit.passage.start,
                    "end": hit.passage.end,
                    "passage_id": hit.passage.id,
                    "document_id": hit.passage.document_id,
                    "score": hit.score,
                    "cosine": hit.cosine,
                },
            )
            for hit in found
        ]
