"""What most people build first, to compare with: LangChain's usual parts, four chunks stuffed into a prompt.

RecursiveCharacterTextSplitter 1000/200, MiniLM by langchain-huggingface, Chroma by langchain-chroma, and the embedded
chat model without the adapter. Whole chunks are its citations, and it declines by saying so.
"""

import re
import time
from collections.abc import Sequence
from pathlib import Path

from langchain_chroma import Chroma
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter

from qa.datatypes import Document, Timings, Turn
from qa.embedded import EmbeddedChatModel
from qa.scoring import CitedSpan, Prediction
from qa.settings import Settings
from qa.weights import chat_model_file, embedder_folder

CHUNKS = 4
INSTRUCTION = (
    "Answer the question from the context. If the context does not hold the answer, say that you do not know.\n\n"
    "Context:\n{context}"
)
_DECLINED = re.compile(
    r"\b(do(es)? not|don't|doesn't|cannot|can't|not|no) (\w+ ){0,2}"
    r"(know|say|state|mention|provide|contain|specif|answer|information|hold|find)",
    re.IGNORECASE,
)


class PlainLangChain:
    """One document, indexed in a folder of its own."""

    def __init__(self, settings: Settings, document: Document, folder: Path) -> None:
        splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200, add_start_index=True)
        embeddings = HuggingFaceEmbeddings(model_name=embedder_folder(settings), model_kwargs={"device": "cpu"})
        chunks = splitter.create_documents([document.text], [{"source": document.source}])
        self._store = Chroma.from_documents(chunks, embeddings, persist_directory=str(folder))
        self._model = EmbeddedChatModel(path=chat_model_file(settings), threads=settings.threads).load()

    def ask(self, identity: str, question: str, history: Sequence[Turn]) -> tuple[Prediction, Timings]:
        """Answer one question."""
        begun = time.perf_counter()
        chunks = self._store.similarity_search(question, k=CHUNKS)
        found = time.perf_counter() - begun
        messages: list[BaseMessage] = [
            SystemMessage(INSTRUCTION.format(context="\n\n".join(c.page_content for c in chunks)))
        ]
        messages += [(HumanMessage if turn["role"] == "user" else AIMessage)(turn["content"]) for turn in history]
        text, first = "", 0.0
        for piece in self._model.stream([*messages, HumanMessage(question)], max_tokens=160):
            first = first or (time.perf_counter() - begun if piece.text else 0.0)
            text += piece.text
        total = time.perf_counter() - begun
        places = [(each.metadata["source"], each.metadata["start_index"], len(each.page_content)) for each in chunks]
        spans = tuple(CitedSpan(source=source, start=start, end=start + length) for source, start, length in places)
        answered = not _DECLINED.search(text)
        return (
            Prediction(id=identity, answer=text, answered=answered, citations=spans, seconds=total),
            Timings(found, first or total, total),
        )

    def close(self) -> None:
        """Free the model's memory."""
        self._model.close()
