"""Train the reader: a low-rank adapter (Hu et al. 2021, arXiv 2106.09685) of the embedded chat model.

    python tests/training/train_reader.py CHAT.gguf --squad FILE --selqa FILE FILE --out qa/adapters/reader.gguf

It learns to name the proving sentences and to answer from them, or to write "none", on the articles written for
this project (articles/, next/), on SQuAD 2.0 articles but for those held out, and, to name sentences only, on SelQA.
Many questions share one reading of their sentences: they are packed behind it in one sequence, each seeing the
sentences and itself only. Each epoch leaves out other passages, whose questions then are not stated.
Needs torch, transformers and gguf, and a GPU, where an epoch of 490 packs takes about two minutes.
"""

import argparse
import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from qa.corpus import make_document, title_of
from qa.datatypes import Document, Passage, Turn
from qa.passages import split
from qa.reading import NOT_STATED, Reading, Statement, chat_prefix, chat_suffix, lay_out, write_reply

HERE = Path(__file__).parent
HELD_OUT_ARTICLES = ("Harvard University", "Packet switching")
RANK, ALPHA, DROPOUT = 12, 24, 0.1
RATE, WARM = 3e-4, 20
"""Learning rate at its highest, and the steps until it is reached; it falls along a cosine."""
AVERAGED, DECAY = 0.6, 0.996
"""Share of the steps, the last ones, whose weights are averaged, and how slowly the mean forgets; the mean is saved."""
LEFT_OUT = {0.05: 0.7, 0.2: 0.2, 0.6: 0.1}
"""Share of an article's passages that is left out, as retrieval would, and how often."""
SELQA_CHARACTERS, SELQA_SHARE = 4000, 1 / 3
"""Length of a document put together from SelQA's sections, and the share of these that an epoch takes."""
PASSAGE_CHARACTERS = 500
MODULES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
END = "<|im_end|>"
LABEL_SHARE = 0.6
"""Share of the labels in the loss of a reply; the words follow from the sentences that they name."""


@dataclass(frozen=True, slots=True)
class Example:
    """A question with the statements that answer it, each proved by spans of the document; none: not stated.

    Where no answer `worded` like the others is known, only the first label is learnt.
    """

    question: str
    history: tuple[tuple[str, str], ...]
    statements: tuple[tuple[str, tuple[tuple[int, int], ...]], ...]
    worded: bool = True

    @property
    def turns(self) -> list[Turn]:
        """The history as QA takes it."""
        roles = ("user", "assistant")
        return [Turn(role=r, content=c) for pair in self.history for r, c in zip(roles, pair, strict=True)]


@dataclass(frozen=True, slots=True)
class Pack:
    """One reading and the questions asked about it, as token ids."""

    prefix: list[int]
    questions: list[tuple[list[int], list[int]]]


def written_articles(folder: Path) -> list[tuple[Document, list[Example]]]:
    """Load the articles written for this project with their questions."""
    found = []
    for path in sorted(folder.glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        examples = []
        for row in map(json.loads, path.with_suffix(".jsonl").read_text(encoding="utf-8").splitlines()):
            statements = tuple(
                (s["text"], tuple((text.index(e), text.index(e) + len(e)) for e in s["evidence"]))
                for s in row["statements"]
            )
            examples.append(Example(row["question"], tuple(map(tuple, row["history"])), statements))
        found.append((make_document(title_of(path.name), path.name, text), examples))
    return found


def consensus(answers: list[dict]) -> dict:
    """Return the annotators' answer that shares most words with the others'; the shorter one of equals."""
    words = [set(a["text"].lower().split()) for a in answers]

    def agreement(at: int) -> float:
        return sum(2 * len(words[at] & other) / (len(words[at]) + len(other)) for other in words)

    return answers[max(range(len(answers)), key=lambda at: (agreement(at), -len(answers[at]["text"])))]


def squad_articles(path: Path, held_out: bool, offset: int = 0) -> list[tuple[Document, list[Example]]]:
    """Load three neighbouring paragraphs of a SQuAD 2.0 article at a time, `offset` before others, as one document."""
    found = []
    for article in json.loads(path.read_text(encoding="utf-8")):
        if (article["title"] in HELD_OUT_ARTICLES) != held_out:
            continue
        for first in range(offset - 3 if offset else 0, len(article["paragraphs"]), 3):
            text, examples = "", []
            for paragraph in article["paragraphs"][max(0, first) : first + 3]:
                for q in paragraph["questions"]:
                    statements = ()
                    if q["answerable"]:
                        answer = consensus(q["answers"])
                        start = len(text) + answer["start"]
                        statements = ((answer["text"].strip(" ,.;:"), ((start, start + len(answer["text"])),)),)
                    examples.append(Example(q["question"].strip(), (), statements))
                text += paragraph["context"] + "\n\n"
            if examples:
                found.append((make_document(article["title"], article["title"], text), examples))
    return found


def selqa_articles(paths: list[Path], rng: random.Random) -> list[tuple[Document, list[Example]]]:
    """Put sections of SelQA, drawn by chance, together to documents, with the questions on them."""
    asked: dict[tuple[str, tuple[str, ...]], list[tuple[str, list[int]]]] = {}
    for row in (row for path in paths for row in json.loads(path.read_text(encoding="utf-8"))):
        if row["answers"] and len(row["candidates"]) > 1:
            asked.setdefault((row["article"], tuple(row["candidates"])), []).append((row["question"], row["answers"]))
    found, text, examples = [], "", []
    for title, sentences in sorted(rng.sample(list(asked), int(len(asked) * SELQA_SHARE))):
        places = []
        for sentence in sentences:
            places.append((len(text), len(text) + len(sentence)))
            text += sentence + " "
        text = text.rstrip() + "\n\n"
        for question, answers in asked[title, sentences]:
            proof = (places[rng.choice(answers)],)
            examples.append(Example(question.strip(), (), (("", proof),), worded=False))
        if len(text) > SELQA_CHARACTERS:
            found.append((make_document(title, title, text), examples))
            text, examples = "", []
    if examples:
        found.append((make_document(title, title, text), examples))
    return found


def statements_of(example: Example, reading: Reading) -> list[Statement]:
    """Return the statements that the shown sentences prove; those whose proof is not shown are left out."""
    found = []
    for text, spans in example.statements:
        numbers = [
            [s.number for s in reading.sentences if s.start < end and start < s.end] for start, end in spans
        ]
        if all(numbers):
            found.append(Statement(text, tuple(sorted({n for group in numbers for n in group}))))
    return found


def pack(document: Document, examples: list[Example], left_out: float, tokenizer, rng: random.Random) -> Pack:
    """Lay out a document, a share of its passages left out, and tokenize its questions and replies in any order."""
    passages: list[Passage] = split(document, PASSAGE_CHARACTERS)
    reading = lay_out([p for p in passages if rng.random() >= left_out] or passages, [document])
    encode = lambda text: tokenizer(text, add_special_tokens=False).input_ids  # noqa: E731
    questions = []
    for example in rng.sample(examples, len(examples)):
        reply = write_reply(statements_of(example, reading)) + END
        if not example.worded and ":" in reply:
            reply = reply[: reply.index(":") + 1]
        questions.append((encode(chat_suffix(example.question, example.turns)), encode(reply)))
    return Pack(encode(chat_prefix(reading)), questions)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether a question is unanswerable, the log-odds of "none", and whether the likeliest label is a right one."""

    unanswerable: bool
    odds: float
    right: bool


class LowRank(torch.nn.Module):
    """A frozen linear layer plus the trained product of two thin matrices."""

    def __init__(self, base: torch.nn.Linear) -> None:
        super().__init__()
        self.base = base
        self.a = torch.nn.Parameter(torch.randn(RANK, base.in_features) / base.in_features**0.5)
        self.b = torch.nn.Parameter(torch.zeros(base.out_features, RANK))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return base(x) + (alpha / rank) b a x."""
        dropped = torch.nn.functional.dropout(x, DROPOUT, self.training)
        thin = torch.nn.functional.linear(dropped, self.a.to(x.dtype))
        return self.base(x) + torch.nn.functional.linear(thin, (self.b * (ALPHA / RANK)).to(x.dtype))


class Reader:
    """The chat model with an adapter, run layer by layer over packs."""

    def __init__(self, path: Path, device: str) -> None:
        self.tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
        packed = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32)
        self.model = packed.to(torch.bfloat16)
        self.device = device
        self.model.requires_grad_(False)
        self.none, self.colon, self.line_break = (
            self.tokenizer(text, add_special_tokens=False).input_ids[0] for text in (NOT_STATED, ":", "\n")
        )
        for layer in self.model.model.layers:
            for name in MODULES:
                parent, child = name.split(".")
                setattr(getattr(layer, parent), child, LowRank(getattr(getattr(layer, parent), child)))
        self.model.to(device)
        self.parameters = [parameter for _, parameter in self._named()]

    def _geometry(self, pack: Pack) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return token ids (1, n), positions (1, n) and the mask (1, 1, n, n) of a pack, n a multiple of 8."""
        first = len(pack.prefix)
        ids, positions, owner = list(pack.prefix), list(range(first)), [-1] * first
        for at, (question, reply) in enumerate(pack.questions):
            ids += question + reply
            positions += range(first, first + len(question) + len(reply))
            owner += [at] * (len(question) + len(reply))
        padding = [0] * (-len(ids) % 8)
        owners = torch.tensor(owner + [-2] * len(padding), device=self.device)
        mask = torch.ones(len(owners), len(owners), dtype=torch.bool, device=self.device).tril()
        mask &= (owners[None, :] == -1) | (owners[None, :] == owners[:, None])
        shown = (torch.tensor([row + padding], device=self.device) for row in (ids, positions))
        return *shown, mask[None, None]

    def _states(self, pack: Pack) -> torch.Tensor:
        """Return the last layer's output, shape (tokens, width)."""
        ids, positions, mask = self._geometry(pack)
        hidden = self.model.model.embed_tokens(ids)
        angles = self.model.model.rotary_emb(hidden, positions)
        for layer in self.model.model.layers:
            hidden = layer(hidden, attention_mask=mask, position_ids=positions, position_embeddings=angles)
        return hidden[0]

    def losses(self, pack: Pack) -> tuple[torch.Tensor, list[Outcome]]:
        """Return the mean loss a question, and what the first token of each reply would be."""
        at, places, targets, weights, firsts = len(pack.prefix), [], [], [], []
        for question, reply in pack.questions:
            at += len(question)
            firsts.append(len(places))
            places += range(at - 1, at - 1 + len(reply))
            targets += reply
            weights += self._weights(reply)
            at += len(reply)
        states = self.model.model.norm(self._states(pack)[places])
        logits = torch.nn.functional.linear(states, self.model.lm_head.weight).float()
        loss = torch.nn.functional.cross_entropy(
            logits, torch.tensor(targets, device=self.device), reduction="none"
        )
        chances = logits[firsts].detach().softmax(-1).clamp(1e-6, 1 - 1e-6)
        odds = (chances[:, self.none] / (1 - chances[:, self.none])).log().tolist()
        chances[:, self.none] = 0
        outcomes = [
            Outcome(reply[0] == self.none, odd, best in reply)
            for (_, reply), odd, best in zip(pack.questions, odds, chances.argmax(-1).tolist(), strict=True)
        ]
        return (loss * torch.tensor(weights, device=self.device)).sum() / len(pack.questions), outcomes

    def _weights(self, reply: list[int]) -> list[float]:
        """Return the share of each token in the loss of a reply: LABEL_SHARE for the labels, the rest for the words."""
        colons = [at for at, token in enumerate(reply) if token == self.colon]
        breaks = [at for at, token in enumerate(reply) if token == self.line_break]
        labels: set[int] = set()
        for start in (0, *(at + 1 for at in breaks)):
            labels.update(range(start, next((c for c in colons if c > start), start) + 1))
        share = LABEL_SHARE / len(labels)
        rest = (1 - LABEL_SHARE) / max(1, len(reply) - len(labels))
        return [share if at in labels else rest for at in range(len(reply))]

    def _named(self) -> Iterator[tuple[str, torch.nn.Parameter]]:
        for at, layer in enumerate(self.model.model.layers):
            for name, target in MODULES.items():
                parent, child = name.split(".")
                module = getattr(getattr(layer, parent), child)
                yield f"blk.{at}.{target}.weight.lora_a", module.a
                yield f"blk.{at}.{target}.weight.lora_b", module.b

    def save(self, path: Path) -> None:
        """Write the adapter in the form that llama.cpp loads, half precision."""
        writer = gguf.GGUFWriter(path, arch="qwen2")
        writer.add_type(gguf.GGUFType.ADAPTER)
        writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
        writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, float(ALPHA))
        for name, parameter in self._named():
            writer.add_tensor(name, parameter.detach().cpu().numpy().astype(np.float16))
        path.parent.mkdir(parents=True, exist_ok=True)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()


def summary(outcomes: list[Outcome]) -> str:
    """Return the area under the ROC curve of "not stated" by its log-odds, and the share of right first labels."""
    yes = [o.odds for o in outcomes if o.unanswerable]
    no = [o.odds for o in outcomes if not o.unanswerable]
    area = float(np.mean([(y > n) + 0.5 * (y == n) for y in yes for n in no])) if yes and no else float("nan")
    right = np.mean([o.right for o in outcomes if not o.unanswerable])
    return f"AUC of not stated {area:.3f}, first label right {right:.3f}, {len(outcomes)} questions"


def drawn(args: argparse.Namespace, tokenizer, rng: random.Random, epoch: int) -> list[Pack]:
    """Return the packs of an epoch, in any order."""
    shares, often = zip(*LEFT_OUT.items(), strict=True)
    packs = [
        pack(document, examples, rng.choices(shares, often)[0], tokenizer, rng)
        for folder in ("articles", "next")
        for document, examples in written_articles(HERE / folder)
    ]
    packs += [pack(*found, 0.1, tokenizer, rng) for found in squad_articles(args.squad, False, epoch % 3)]
    packs += [pack(*found, 0.03, tokenizer, rng) for found in selqa_articles(args.selqa, rng)]
    return rng.sample(packs, len(packs))[: args.limit]


def rate_at(share: float, step: int) -> float:
    """Return the learning rate when this share (0..1) of the steps is done."""
    return RATE * min(1.0, (step + 1) / WARM) * (0.03 + 0.97 * 0.5 * (1 + np.cos(np.pi * min(1.0, share))))


def check(reader: Reader, checks: dict[str, list[Pack]]) -> None:
    """Print how the questions held out are answered."""
    reader.model.eval()
    with torch.no_grad():
        for name, packs in checks.items():
            results = [reader.losses(p) for p in packs]
            loss = np.mean([float(loss) for loss, _ in results])
            print(f"  {name}: loss {loss:.3f}, {summary([o for _, found in results for o in found])}", flush=True)
    reader.model.train()


def train(reader: Reader, args: argparse.Namespace, checks: dict[str, list[Pack]], rng: random.Random) -> None:
    """Train, print the losses after every epoch, and leave the mean of the last weights in the reader."""
    optimizer = torch.optim.AdamW(reader.parameters, lr=RATE, weight_decay=0.01, betas=(0.9, 0.99))
    mean: list[torch.Tensor] = []
    step, steps, begun = 0, 0, time.time()
    for epoch in range(args.epochs):
        packs, losses = drawn(args, reader.tokenizer, rng, epoch), []
        steps = steps or args.epochs * len(packs)
        for one in packs:
            for group in optimizer.param_groups:
                group["lr"] = rate_at(step / steps, step)
            loss, _ = reader.losses(one)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(reader.parameters, 1.0, error_if_nonfinite=True)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            losses.append(loss.item())
            step += 1
            if step >= steps * (1 - AVERAGED):
                mean = mean or [parameter.detach().clone() for parameter in reader.parameters]
                for kept, parameter in zip(mean, reader.parameters, strict=True):
                    kept.lerp_(parameter.detach(), 1 - DECAY)
        print(f"epoch {epoch}: {len(packs)} packs, loss {np.mean(losses):.3f}, {time.time() - begun:.0f} s", flush=True)
        check(reader, checks)
    for kept, parameter in zip(mean, reader.parameters, strict=True):
        parameter.data.copy_(kept)
    print("mean of the last weights")
    check(reader, checks)


def main() -> None:
    """Train and save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--squad", type=Path, required=True, help="SQuAD 2.0 articles")
    parser.add_argument("--selqa", type=Path, required=True, nargs="+", help="SelQA files")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--limit", type=int, help="packs of an epoch and of a check, to try the script")
    args = parser.parse_args()
    rng = random.Random(7)
    torch.manual_seed(7)
    # cuDNN's attention with a mask gave gradients that are no numbers (torch 2.11, H200).
    torch.backends.cuda.enable_cudnn_sdp(False)
    reader = Reader(args.model, "cuda" if torch.cuda.is_available() else "cpu")
    held_out = {
        "unseen": written_articles(HERE / "unseen"),
        "held_out": written_articles(HERE.parent / "data" / "held_out"),
        "SQuAD": squad_articles(args.squad, held_out=True),
    }
    checks = {
        name: [pack(*one, 0.0, reader.tokenizer, rng) for one in found[: args.limit]]
        for name, found in held_out.items()
    }
    train(reader, args, checks, rng)
    reader.save(args.out)


if __name__ == "__main__":
    main()
