"""What a document is about, in its own words: its sentences that together say most of it, verbatim.

No model writes here. Sentences are chosen one by one, each for how much nearer it brings all of the document's
sentences, the central ones above all, to one that is chosen, by the cosine of their vectors (facility location; Lin and
Bilmes, "A Class of Submodular Functions for Document Summarization", 2011), and earlier ones rather than later.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from qa.datatypes import Document, Passage, Turn
from qa.embedding import Embedder, Vectors
from qa.index import Index
from qa.numerals import numbers, without_numbers
from qa.ranking import numbered, sentences_of
from qa.reading import NumberedSentence

Item = TypeVar("Item")

SENTENCES = 5
"""Sentences of an overview unless the question asks for another number."""
MOST_SENTENCES = 10
SHORTEST, LONGEST = 8, 45
"""Words of a sentence that is taken."""
MOST_WORDS = 30
"""Words of a sentence on average; an overview has as many as its sentences may have together."""
MOST_COMPARED = 64
"""Sentences that are compared, a hundredth of a second each: all of a short document, of a long one the first of
paragraphs that lie evenly spread."""
MOST_DOCUMENTS = 5
"""Documents that an overview is given of at once, and that are looked through for what a question mentions."""
EARLIER = 1.0
"""By how much more the first sentence counts than the last."""

_ASKED = re.compile(
    r"\bsummar|\boverview\b|\bsynopsis\b|\bgist\b|\btl;?\s?dr\b|\brecap\b|\btakeaways?\b|\bin a nutshell\b|"
    r"\b(?:main|key|central|most important|essential) (?:\w+ )?(?:points?|ideas?|messages?|facts?|topics?|themes?)\b|"
    r"\bwhat(?:['’]s| is| are| does| do)\b.*\b(?:about|cover|discuss|say)\W*$|\beli5\b|"
    r"^\W*(?:(?:please|(?:can|could) you) )*explain (?:it|this|(?:the|this) (?:\w+ )?(?:article|document|text))\b|"
    r"\bzusammenfass|\bfass\w*\b.*\bzusammen\b|\büberblick\b|\bworum geht\b|\bwovon handelt\b|\bwichtigsten \w+|"
    r"\brésum|\baperçu\b|\bde quoi (?:parle|traite|s['’]agit)|\b(?:points?|idées?) (?:clés?|principa\w+|essenti\w+)|"
    r"\bresum|\bsíntesis\b|\bde qué (?:trata|habla|va)\b|\b(?:puntos?|ideas?) (?:clave|principales)\b",
    re.IGNORECASE,
)
"""In the page's languages."""
_WORD = re.compile(r"[^\W_]+")
POINTS = re.compile(r"\b(?:it|that|this|these|those)\b(?! (?:\w+ )?(?:article|document|text|paper|page|file|story))")
_DEPENDS = re.compile(
    r"^\W*(?:(?:all|most|some|many|much|one|none|each|of|but|and|when|after|before|in|on|to|by|if|as|for|with|at|then|"
    r"because|although|while|since|until|once|had|did|was|is) )*"
    r"(?:he|she|it|they|them|him|his|hers?|its|their|this|that|these|those|such|there|then|so|also|however|moreover|"
    r"still|yet|instead|meanwhile|but|and|or|nor|both|another|others?|i|we|you|our|my|your)\b|"
    r"^(?:when )?asked\b|^[\"“‘'«„(]",
    re.IGNORECASE,
)
_FINISHED = re.compile(r"[.!…。！।][\"”’»)\]]*$")


def topic_words(text: str) -> set[str]:
    """Return the words of a text in lower case, those of the plural in the singular."""
    return {word.lower().removesuffix("s") for word in _WORD.findall(text)} - {""}


SAYS_NOTHING_ELSE = topic_words(
    """a an and are as at be by can could do does for from in into is it of on that the these this those to what with
    you your give show make write provide tell me us i need want would like please let know summary summaries summarise
    summarize overview synopsis gist tl dr tldr recap takeaway nutshell about cover discuss say main key central most
    important essential point idea message fact topic theme article document text paper page file story news report
    piece content whole entire full all short brief briefly quick quickly concise simple one few some bullet list
    sentence word paragraph line explain eli simply term plain easy own language english like i m am child kid
    beginner layman year old

    bitte gib mir einen eine ein den das der die dem diesem diesen dieser dieses im in es geht sich worum wovon handelt
    fasse fass zusammen zusammenfassung überblick kurz kurzen kurze artikel dokument sind was wichtigsten punkte
    aussagen über mit sätzen

    s il vous te plaît donne donnez moi un une le la les l d de du des ce cet cette en quoi parle traite agit texte
    article résumé résume résumez résumer aperçu bref court points clé clés principaux principales essentiels quels
    quelles sont idées phrases fais faites faire peux tu pouvez

    por favor dame el los las del este esta texto documento artículo resume resumen resumir resúmeme haz hazme qué trata
    habla va puntos clave ideas cuáles son breve corto frases puedes"""
)
"""In the page's languages: what a request for an overview is worded with when it names nothing that it is of."""


def sentences_wanted(question: str) -> int:
    """Return how many sentences of overview a question asks for; 0 if it asks for none."""
    if not _ASKED.search(question):
        return 0
    told = [int(number) for number in numbers(question) if number.isdigit()]
    return min(told[0], MOST_SENTENCES) if len(told) == 1 and told[0] else SENTENCES


def documents_meant(question: str, documents: Sequence[Document]) -> list[Document]:
    """Return the documents that a request for an overview means: all, or those of which it names half the title."""
    named = topic_words(without_numbers(question)) - SAYS_NOTHING_ELSE
    titles = ((document, topic_words(document.title) - SAYS_NOTHING_ELSE) for document in documents)
    return [document for document, title in titles if not named or (named <= title and 2 * len(named) >= len(title))]


@dataclass(frozen=True, slots=True)
class Overview:
    """A document and those of its sentences that say most of it, in its order."""

    document: Document
    sentences: tuple[NumberedSentence, ...]


class Overviews:
    """Overviews of the documents of an index."""

    def __init__(self, index: Index, embedder: Embedder) -> None:
        """Use an open index and an embedder."""
        self._index = index
        self._embedder = embedder

    def asked(
        self, question: str, history: Sequence[Turn], documents: Collection[str] | None, owner: str
    ) -> list[Overview]:
        """Return the overviews that a question asks for; none if it asks for something else, or too many documents'.

        What it points to with a bare "it" or "that" is, within a conversation, something that was said there.
        """
        wanted = sentences_wanted(question)
        if not wanted or (history and POINTS.search(question)):
            return []
        meant = documents_meant(question, self._index.documents(owner, documents))
        if len(meant) > MOST_DOCUMENTS:
            return []
        each = max(1, wanted // max(1, len(meant)))
        overviews = (self._overview(document.id, each) for document in meant)
        return [overview for overview in overviews if overview.sentences]

    def _overview(self, document_id: str, number: int) -> Overview:
        compared = _spread(self._index.document_passages(document_id))
        chosen = choose([sentence.text for sentence in compared], number, self._embedder.embed_passages)
        return Overview(self._index.document(document_id), tuple(compared[place] for place in chosen))


def choose(texts: Sequence[str], number: int, embed: Callable[[Sequence[str]], Vectors]) -> list[int]:
    """Return the places of the sentences, at most `number`, that together say most of a text, in its order.

    A sentence that needs the one before it, a title or a part of a quotation is none of them if there are others, nor
    is an item of a list or the row of a table if there are sentences.
    """
    if not texts:
        return []
    vectors = embed(texts)
    near = np.clip(vectors @ vectors.T, 0, None)
    central = near.mean(axis=1) / near.mean()
    everywhere = range(len(texts))
    alone = [place for place in everywhere if stands_alone(texts[place])]
    alone = alone or [place for place in everywhere if _FINISHED.search(texts[place])] or list(everywhere)
    earlier = 1 + EARLIER * (1 - np.arange(len(texts)) / len(texts))
    chosen = alone[:1]
    room = MOST_WORDS * number - len(texts[chosen[0]].split())
    while len(chosen) < number:
        covered = near[chosen].max(axis=0)
        gains = earlier * ((np.maximum(near, covered) - covered) @ central)
        left = [place for place in alone if place not in chosen and len(texts[place].split()) <= room]
        if not left:
            break
        chosen.append(max(left, key=lambda place: gains[place]))
        room -= len(texts[chosen[-1]].split())
    return sorted(chosen)


def stands_alone(sentence: str) -> bool:
    """Say whether a sentence can be understood without the one before it, and is whole."""
    balanced = sentence.count("“") == sentence.count("”") and sentence.count('"') % 2 == 0
    long_enough = SHORTEST <= len(sentence.split()) <= LONGEST
    return bool(long_enough and balanced and _FINISHED.search(sentence) and not _DEPENDS.match(sentence))


def _spread(passages: Sequence[Passage]) -> list[NumberedSentence]:
    """Return at most MOST_COMPARED sentences: all, or else the first of each passage, evenly spread."""
    sentences = sentences_of(passages)
    if len(sentences) <= MOST_COMPARED:
        return sentences
    first = [(passage, passage.sentences[0]) for passage in passages if passage.sentences]
    return numbered(evenly(first, MOST_COMPARED))


def evenly(items: Sequence[Item], most: int) -> list[Item]:
    """Return at most so many of the items, evenly spread."""
    places = np.linspace(0, len(items) - 1, min(len(items), most)).astype(int)
    return [items[place] for place in places]
