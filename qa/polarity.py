"""Is the "Yes" or "No" right that an answer begins with? The model is asked without its adapter, of the proof alone.

The reader learnt from questions of this kind that are mostly to be denied, and writes "No" too lightly; no word of a
sentence proves it. The two must agree, else the answer says what the sentences say and leaves the word out.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import replace

from langchain_core.messages import HumanMessage

from qa.answering import Reply
from qa.embedded import EmbeddedChatModel
from qa.questions import asks_whether
from qa.reading import NumberedSentence

NO_BELOW, YES_FROM = -0.4, 0.0
"""Natural log-odds of yes, by the model without its adapter, up to which "No" stays, and from which "Yes" does."""
LEAST = 1e-4

_ASKED = (
    "Passage: {passage}\n\nQuestion: {question}\n\n"
    "According to the passage, is the answer yes or no? Answer with one word, yes or no."
)
_WORD = re.compile(r"(?P<label>[^:\n]*:\s*)(?P<word>yes|no)[,.:;]\s+", re.IGNORECASE)
_REPORTED = re.compile(
    r"\b(?:sa(?:id|ys?|ying)|told|tells|claim\w*|alleg\w*|accus\w*|insist\w*|assert\w*|according|report(?:s|ed|edly))\b",
    re.IGNORECASE,
)


def begins_with_word(question: str, reply: Reply) -> bool:
    """Say whether a reply to a question whether something is so begins with yes or no."""
    return asks_whether(question) and bool(_WORD.match(reply.text))


def settled(question: str, reply: Reply, sentences: Sequence[NumberedSentence], model: EmbeddedChatModel) -> Reply:
    """Return the reply without the yes or no that it begins with, unless the model says so, too.

    What somebody is only reported to say is no reason for a yes.
    """
    found = _WORD.match(reply.text)
    if not found or not asks_whether(question):
        return reply
    numbers = reply.statements[0].numbers if reply.statements else ()
    passage = " ".join(sentence.text for sentence in sentences if sentence.number in numbers)
    odds = log_odds_of_yes(question, passage, model)
    denied = found["word"].lower() == "no"
    if odds <= NO_BELOW if denied else odds >= YES_FROM and not _REPORTED.search(passage):
        return reply
    return replace(reply, text=reply.text[: found.end("label")] + reply.text[found.end() :])


def log_odds_of_yes(question: str, passage: str, model: EmbeddedChatModel) -> float:
    """Return the natural log-odds that the answer from a passage is yes rather than no."""
    asked = HumanMessage(_ASKED.format(passage=passage, question=question))
    told = model.invoke([asked], max_tokens=1, logprobs=True, top_logprobs=20)
    (first,) = told.response_metadata["logprobs"]["content"][:1]
    chances = {"yes": LEAST, "no": LEAST}
    for alternative in first["top_logprobs"]:
        word = alternative["token"].strip().lower()
        if word in chances:
            chances[word] += math.exp(alternative["logprob"])
    return math.log(chances["yes"] / chances["no"])
