"""Train the cross-encoder that says whether a sentence answers a question (qa/cross_encoder.py).

    python tests/training/train_cross_encoder.py --squad FILE --selqa FILE FILE --out cross_encoder.safetensors

The layers of all-MiniLM-L6-v2 learn from the articles written for this project (articles/), from SQuAD 2.0 articles
but for those held out, and from SelQA. Of each question up to three proving sentences stand against seven others and
against "nothing here answers it", whose score is 0: a softmax over these is the loss, so the score is log-odds.
The embeddings stay MiniLM's. Needs torch, transformers and scikit-learn; 40 minutes on two cores.
"""

import argparse
import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from examples import HELD_OUT_ARTICLES, HERE, consensus, written_articles
from safetensors.torch import save_file
from sklearn.feature_extraction.text import TfidfVectorizer
from transformers import AutoModel, AutoTokenizer

from qa.conversation import search_question
from qa.corpus import make_document
from qa.embedding import embedder_folder
from qa.passages import split
from qa.reading import NumberedSentence, lay_out
from qa.settings import Settings

PASSAGE_CHARACTERS = 400
PROVING, OTHERS, HARD, BESIDE = 3, 7, 4, 3
"""Sentences of one question in a step: proving ones at most; others; of these, hard ones: the likest to it in words,
or, of SQuAD, some of the proof's own paragraph."""
QUESTIONS = 8
"""Questions in a step."""
PAIRS = 16
"""Pairs of like length that are read together."""
RATE = 1e-4
QUESTION_TOKENS, SENTENCE_TOKENS = 64, 96


@dataclass(frozen=True, slots=True)
class Task:
    """A question, the sentences of its text, which of them prove an answer, and those of the proof's own paragraph."""

    question: str
    sentences: tuple[str, ...]
    proving: tuple[int, ...]
    beside: tuple[int, ...] = ()


def touching(spans: Sequence[tuple[int, int]], sentences: Sequence[NumberedSentence]) -> tuple[int, ...]:
    """Return the places of the sentences that touch a span of the document."""
    return tuple(n for n, s in enumerate(sentences) if any(s.start < end and start < s.end for start, end in spans))


def written_tasks(folder: Path) -> Iterator[Task]:
    """Yield the questions on written articles, as they are searched for."""
    for document, examples in written_articles(folder):
        shown = lay_out(split(document, PASSAGE_CHARACTERS), [document]).sentences
        for example in examples:
            spans = [span for _, spans in example.statements for span in spans]
            question = search_question(example.question, example.turns)
            yield Task(question, tuple(s.text for s in shown), touching(spans, shown))


def squad_tasks(path: Path, held_out: bool) -> Iterator[Task]:
    """Yield the questions on whole SQuAD articles."""
    for article in json.loads(path.read_text(encoding="utf-8")):
        if (article["title"] in HELD_OUT_ARTICLES) != held_out:
            continue
        text = "\n\n".join(paragraph["context"] for paragraph in article["paragraphs"])
        document, begin = make_document(article["title"], article["title"], text), 0
        shown = lay_out(split(document, PASSAGE_CHARACTERS), [document]).sentences
        for paragraph in article["paragraphs"]:
            end = begin + len(paragraph["context"])
            for row in paragraph["questions"]:
                spans = []
                if row["answerable"]:
                    answer = consensus(row["answers"])
                    spans = [(begin + answer["start"], begin + answer["start"] + len(answer["text"]))]
                beside = touching([(begin, end)], shown)
                yield Task(row["question"].strip(), tuple(s.text for s in shown), touching(spans, shown), beside)
            begin = end + 2


def selqa_tasks(path: Path) -> Iterator[Task]:
    """Yield the questions of a SelQA file, each on its section."""
    for row in json.loads(path.read_text(encoding="utf-8")):
        if len(row["candidates"]) > 1:
            yield Task(row["question"], tuple(row["candidates"]), tuple(row["answers"]))


def likest(tasks: Sequence[Task]) -> list[list[int]]:
    """Return for each task its sentences by falling cosine of weighted word counts with the question, 24 at most."""
    counts = TfidfVectorizer(sublinear_tf=True, stop_words="english")
    counts.fit(sorted({sentence for task in tasks for sentence in task.sentences}))
    tables: dict[tuple[str, ...], Any] = {}
    found = []
    for task in tasks:
        if task.sentences not in tables:
            tables[task.sentences] = counts.transform(task.sentences)
        cosines = (tables[task.sentences] @ counts.transform([task.question]).T).toarray()[:, 0]
        found.append(np.argsort(-cosines, kind="stable")[:24].tolist())
    return found


class Scorer(torch.nn.Module):
    """MiniLM's layers, the mean of their last states, and a line through it."""

    def __init__(self, folder: str) -> None:
        super().__init__()
        self.layers = AutoModel.from_pretrained(folder, dtype=torch.float32)
        self.layers.embeddings.requires_grad_(False)
        self.layers.encoder.layer[0].requires_grad_(False)
        self.head = torch.nn.Linear(self.layers.config.hidden_size, 1)
        self._tokenizer = AutoTokenizer.from_pretrained(folder)
        self._known: dict[tuple[str, int], list[int]] = {}

    def _ids(self, text: str, most: int) -> list[int]:
        if (text, most) not in self._known:
            self._known[text, most] = self._tokenizer(text, add_special_tokens=False).input_ids[:most]
        return self._known[text, most]

    def forward(self, pairs: Sequence[tuple[str, str]]) -> torch.Tensor:
        """Return the scores of (question, sentence), shape (pairs,)."""
        ids = [(self._ids(q, QUESTION_TOKENS), self._ids(s, SENTENCE_TOKENS)) for q, s in pairs]
        order = sorted(range(len(ids)), key=lambda at: sum(map(len, ids[at])))
        scores: dict[int, torch.Tensor] = {}
        for first in range(0, len(order), PAIRS):
            part = order[first : first + PAIRS]
            scores |= zip(part, self._read([ids[at] for at in part]), strict=True)
        return torch.stack([scores[at] for at in range(len(pairs))])

    def _read(self, pairs: Sequence[tuple[list[int], list[int]]]) -> torch.Tensor:
        length = max(len(q) + len(s) for q, s in pairs) + 3
        tokens, kinds, seen = (torch.zeros(len(pairs), length, dtype=torch.long) for _ in range(3))
        begin, end = self._tokenizer.cls_token_id, self._tokenizer.sep_token_id
        for at, (question, sentence) in enumerate(pairs):
            line = [begin, *question, end, *sentence, end]
            tokens[at, : len(line)] = torch.tensor(line)
            seen[at, : len(line)] = 1
            kinds[at, len(question) + 2 : len(line)] = 1
        with torch.autocast("cpu", torch.bfloat16):
            states = self.layers(input_ids=tokens, attention_mask=seen, token_type_ids=kinds).last_hidden_state
        means = (states.float() * seen[..., None]).sum(1) / seen.sum(1, keepdim=True)
        return self.head(means)[:, 0]

    def save(self, path: Path) -> None:
        """Write layers and head in half precision, under the names of MiniLM's own file."""
        kept = {name: value for name, value in self.layers.state_dict().items() if name.startswith("encoder.")}
        kept |= {"head.weight": self.head.weight[0], "head.bias": self.head.bias}
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file({name: value.detach().to(torch.float16).contiguous() for name, value in kept.items()}, path)


def drawn(task: Task, alike: Sequence[int], rng: random.Random) -> tuple[list[int], list[int]]:
    """Return the proving sentences and the others that a step compares."""
    proving = rng.sample(task.proving, min(PROVING, len(task.proving)))
    wrong = [at for at in range(len(task.sentences)) if at not in task.proving]
    beside = [at for at in task.beside if at in wrong]
    beside = rng.sample(beside, min(BESIDE, len(beside)))
    hard = [*beside, *(at for at in alike if at in wrong and at not in beside)]
    rest = [*hard[HARD : HARD + 10], *wrong]  # so that those somewhat alike come twice as often
    rng.shuffle(rest)
    return proving, list(dict.fromkeys([*hard[:HARD], *rest]))[:OTHERS]


def loss_of(scores: torch.Tensor, proving: int) -> torch.Tensor:
    """Return the loss of one question: the first `proving` scores stand each against the others and against 0."""
    others = torch.cat([torch.zeros(1), scores[proving:]])
    if not proving:
        return torch.logsumexp(others, 0)
    each = [torch.logsumexp(torch.cat([scores[at : at + 1], others]), 0) - scores[at] for at in range(proving)]
    return torch.stack(each).mean()


def check(scorer: Scorer, name: str, tasks: Sequence[Task]) -> None:
    """Print how often the best of all sentences is a proving one, and how well the best score tells answerable."""
    first, best = [], []
    with torch.no_grad():
        for task in tasks:
            scores = scorer([(task.question, sentence) for sentence in task.sentences])
            best.append((bool(task.proving), float(scores.max())))
            first += [int(scores.argmax()) in task.proving] if task.proving else []
    yes, no = ([score for able, score in best if able is kind] for kind in (True, False))
    area = np.mean([(y > n) + 0.5 * (y == n) for y in yes for n in no])
    print(f"{name}: proving sentence first {np.mean(first):.3f} of {len(first)}, AUC of answerable {area:.3f}")


def main() -> None:
    """Train for a time, save, check on what was left out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--squad", type=Path, required=True)
    parser.add_argument("--selqa", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=40)
    args = parser.parse_args()
    rng = random.Random(7)
    torch.manual_seed(7)
    tasks = [*written_tasks(HERE / "articles"), *squad_tasks(args.squad, held_out=False)]
    tasks += [task for path in args.selqa for task in selqa_tasks(path)]
    left_out = {
        "written": list(written_tasks(HERE.parent / "data" / "held_out")),
        f"SQuAD, {', '.join(HELD_OUT_ARTICLES)}": list(squad_tasks(args.squad, held_out=True))[::4],
    }
    alike = likest(tasks)
    scorer = Scorer(embedder_folder(Settings.load()))
    weights = [parameter for parameter in scorer.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=RATE, weight_decay=0.01)
    print(f"{len(tasks)} questions, {np.mean([not t.proving for t in tasks]):.2f} without an answer", flush=True)
    begun, step, share = time.time(), 0, 0.0
    losses: list[float] = []
    while share < 1:
        order = rng.sample(range(len(tasks)), len(tasks))
        for first in range(0, len(order), QUESTIONS):
            share = (time.time() - begun) / 60 / args.minutes
            if share >= 1:
                break
            for group in optimizer.param_groups:
                group["lr"] = RATE * min(1, (step + 1) / 60) * (0.02 + 0.98 * (1 - share))
            pairs, sizes = [], []
            for at in order[first : first + QUESTIONS]:
                task = tasks[at]
                proving, others = drawn(task, alike[at], rng)
                sizes.append((len(proving), len(proving) + len(others)))
                pairs += [(task.question, task.sentences[n]) for n in (*proving, *others)]
            parts = scorer(pairs).split([size for _, size in sizes])
            loss = torch.stack([loss_of(part, size[0]) for part, size in zip(parts, sizes, strict=True)]).mean()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            losses.append(loss.item())
            step += 1
            if step % 50 == 0:
                print(f"step {step} loss {np.mean(losses[-50:]):.3f} {time.time() - begun:.0f} s", flush=True)
    scorer.save(args.out)
    for name, found in left_out.items():
        check(scorer, name, found)


if __name__ == "__main__":
    main()
