"""Train the reader: a low-rank adapter (Hu et al. 2021, arXiv 2106.09685) of the embedded chat model.

    python tests/training/train_reader.py CHAT.gguf --squad FILE --out qa/adapters/reader.gguf

It learns to name the proving sentences and to answer from them, or to write "none", on the articles written for
this project (articles/) and on SQuAD 2.0 articles but for those held out. Many questions share one reading of
their sentences: they are packed behind it in one sequence, each seeing the sentences and itself only. Layers below
FIRST_LAYER stay as they are, so their output is computed once and kept over the epochs.
Needs torch, transformers and gguf; on two cores with AMX an epoch takes about 15 minutes.

On a processor without bfloat16 it goes on from an adapter, with fewer layers and shorter replies (README.md).
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
FIRST_LAYER = 12
RANK, ALPHA = 16, 32
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
    """A question with the statements that answer it, each proved by spans of the document; none: not stated."""

    question: str
    history: tuple[tuple[str, str], ...]
    statements: tuple[tuple[str, tuple[tuple[int, int], ...]], ...]

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


def squad_articles(path: Path, held_out: bool) -> list[tuple[Document, list[Example]]]:
    """Load three neighbouring paragraphs of a SQuAD 2.0 article at a time as one document."""
    found = []
    for article in json.loads(path.read_text(encoding="utf-8")):
        if (article["title"] in HELD_OUT_ARTICLES) != held_out:
            continue
        for first in range(0, len(article["paragraphs"]), 3):
            text, examples = "", []
            for paragraph in article["paragraphs"][first : first + 3]:
                for q in paragraph["questions"]:
                    statements = ()
                    if q["answerable"]:
                        answer = consensus(q["answers"])
                        start = len(text) + answer["start"]
                        statements = ((answer["text"].strip(" ,.;:"), ((start, start + len(answer["text"])),)),)
                    examples.append(Example(q["question"].strip(), (), statements))
                text += paragraph["context"] + "\n\n"
            found.append((make_document(article["title"], article["title"], text), examples))
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


def pack(
    document: Document, examples: list[Example], drop: float, tokenizer, rng: random.Random, worded: int | None = None
) -> Pack:
    """Lay out a document, some passages left out as retrieval would, and tokenize its questions and replies.

    Replies but `worded` of them, drawn by chance, end behind their first label; None: all are whole.
    """
    passages: list[Passage] = split(document, PASSAGE_CHARACTERS)
    kept = [p for p in passages if rng.random() >= drop] or passages
    reading = lay_out(kept, [document])
    encode = lambda text: tokenizer(text, add_special_tokens=False).input_ids  # noqa: E731
    whole = set(range(len(examples)) if worded is None else rng.sample(range(len(examples)), worded))
    questions = []
    for at, example in enumerate(examples):
        reply = write_reply(statements_of(example, reading)) + END
        if at not in whole and ":" in reply:
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
        thin = torch.nn.functional.linear(x, self.a.to(x.dtype))
        return self.base(x) + torch.nn.functional.linear(thin, (self.b * (ALPHA / RANK)).to(x.dtype))


class Reader:
    """The chat model with an adapter, run layer by layer over packs; the layers from `first` on are trained."""

    def __init__(self, path: Path, first: int = FIRST_LAYER, dtype: torch.dtype = torch.bfloat16) -> None:
        self.tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
        packed = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32)
        self.model = packed.to(dtype)
        self.first = first
        self.model.requires_grad_(False)
        self.none, self.colon, self.line_break = (
            self.tokenizer(text, add_special_tokens=False).input_ids[0] for text in (NOT_STATED, ":", "\n")
        )
        for at, layer in enumerate(self.model.model.layers[FIRST_LAYER:], FIRST_LAYER):
            for name in MODULES:
                parent, child = name.split(".")
                module = LowRank(getattr(getattr(layer, parent), child)).requires_grad_(at >= first)
                setattr(getattr(layer, parent), child, module)
        self.parameters = [parameter for _, parameter in self._named() if parameter.requires_grad]

    def _geometry(self, pack: Pack) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return token ids (1, n), positions (1, n) and the mask (1, 1, n, n) of a pack."""
        first = len(pack.prefix)
        ids, positions, owner = list(pack.prefix), list(range(first)), [-1] * first
        for at, (question, reply) in enumerate(pack.questions):
            ids += question + reply
            positions += range(first, first + len(question) + len(reply))
            owner += [at] * (len(question) + len(reply))
        owners = torch.tensor(owner)
        mask = torch.ones(len(ids), len(ids), dtype=torch.bool).tril()
        mask &= (owners[None, :] == -1) | (owners[None, :] == owners[:, None])
        return torch.tensor([ids]), torch.tensor([positions]), mask[None, None]

    def _run(self, hidden: torch.Tensor, positions: torch.Tensor, mask: torch.Tensor, layers) -> torch.Tensor:
        angles = self.model.model.rotary_emb(hidden, positions)
        for layer in layers:
            hidden = layer(hidden, attention_mask=mask, position_ids=positions, position_embeddings=angles)
        return hidden

    @torch.no_grad()
    def lower(self, pack: Pack) -> torch.Tensor:
        """Return the output of the frozen layers, shape (1, tokens, width)."""
        ids, positions, mask = self._geometry(pack)
        return self._run(self.model.model.embed_tokens(ids), positions, mask, self.model.model.layers[: self.first])

    def losses(self, pack: Pack, hidden: torch.Tensor) -> tuple[torch.Tensor, list[Outcome]]:
        """Return the mean loss a question, and what the first token of each reply would be."""
        _, positions, mask = self._geometry(pack)
        hidden = self._run(hidden, positions, mask, self.model.model.layers[self.first :])
        at, places, targets, weights, firsts = len(pack.prefix), [], [], [], []
        for question, reply in pack.questions:
            at += len(question)
            firsts.append(len(places))
            places += range(at - 1, at - 1 + len(reply))
            targets += reply
            weights += self._weights(reply)
            at += len(reply)
        states = self.model.model.norm(hidden[0, places])
        logits = torch.nn.functional.linear(states, self.model.lm_head.weight).float()
        loss = torch.nn.functional.cross_entropy(logits, torch.tensor(targets), reduction="none")
        chances = logits[firsts].detach().softmax(-1).clamp(1e-6, 1 - 1e-6)
        odds = (chances[:, self.none] / (1 - chances[:, self.none])).log().tolist()
        chances[:, self.none] = 0
        outcomes = [
            Outcome(reply[0] == self.none, odd, best in reply)
            for (_, reply), odd, best in zip(pack.questions, odds, chances.argmax(-1).tolist(), strict=True)
        ]
        return (loss * torch.tensor(weights)).sum() / len(pack.questions), outcomes

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

    def load(self, path: Path) -> None:
        """Take an adapter's weights as the beginning."""
        tensors = {tensor.name: tensor.data for tensor in gguf.GGUFReader(path).tensors}
        for name, parameter in self._named():
            parameter.data.copy_(torch.from_numpy(tensors[name].astype(np.float32)))

    def _named(self) -> Iterator[tuple[str, torch.nn.Parameter]]:
        for at, layer in enumerate(self.model.model.layers[FIRST_LAYER:], FIRST_LAYER):
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
            writer.add_tensor(name, parameter.detach().numpy().astype(np.float16))
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


def main() -> None:
    """Train, print the losses, save after every epoch."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--squad", type=Path, help="SQuAD 2.0 articles to train on beside the written ones")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="an adapter to go on from")
    parser.add_argument("--articles", type=Path, default=HERE / "articles")
    parser.add_argument("--float32", action="store_true", help="compute in it, not in bfloat16")
    parser.add_argument("--first-layer", type=int, default=FIRST_LAYER, help="train from this one on")
    parser.add_argument("--worded", type=int, help="replies of an article that are trained on behind their first label")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rate", type=float, default=3e-4)
    parser.add_argument("--limit", type=int, help="packs, to try the script")
    parser.add_argument("--minutes", type=float, default=60, help="plan the learning rate to end within this time")
    args = parser.parse_args()
    rng = random.Random(7)
    torch.manual_seed(7)
    reader = Reader(args.model, args.first_layer, torch.float32 if args.float32 else torch.bfloat16)
    if args.start:
        reader.load(args.start)
    packs = [pack(d, e, 0.06, reader.tokenizer, rng, args.worded) for d, e in written_articles(args.articles)]
    held_out = {"written": written_articles(HERE.parent / "data" / "held_out")}
    if args.squad:
        packs += [pack(d, e, 0.10, reader.tokenizer, rng) for d, e in squad_articles(args.squad, held_out=False)]
        held_out["SQuAD"] = squad_articles(args.squad, held_out=True)[::6]
    checks = {n: [pack(d, e, 0.0, reader.tokenizer, rng) for d, e in found] for n, found in held_out.items()}
    rng.shuffle(packs)
    packs = packs[: args.limit]
    tokens = sum(len(p.prefix) + sum(len(q) + len(r) for q, r in p.questions) for p in packs)
    print(f"{len(packs)} packs, {sum(len(p.questions) for p in packs)} questions, {tokens} tokens", flush=True)
    optimizer = torch.optim.AdamW(reader.parameters, lr=args.rate, weight_decay=0.01, betas=(0.9, 0.99))
    lowers: dict[int, torch.Tensor] = {}
    steps, begun = args.epochs * len(packs), time.time()
    step = 0
    for epoch in range(args.epochs):
        order = rng.sample(range(len(packs)), len(packs))
        running: list[float] = []
        seen: list[Outcome] = []
        for at in order:
            share = max(step / steps, (time.time() - begun) / 60 / args.minutes)
            if share >= 1:
                break
            warm = min(1.0, (step + 1) / 10)
            for group in optimizer.param_groups:
                group["lr"] = args.rate * warm * (0.05 + 0.95 * 0.5 * (1 + np.cos(np.pi * share)))
            if at not in lowers:
                lowers[at] = reader.lower(packs[at])
            loss, outcomes = reader.losses(packs[at], lowers[at])
            seen += outcomes
            loss.backward()
            torch.nn.utils.clip_grad_norm_(reader.parameters, 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            running.append(loss.item())
            step += 1
            if step % 10 == 0:
                seconds = time.time() - begun
                mean = np.mean(running[-10:])
                print(f"epoch {epoch} step {step}/{steps} loss {mean:.3f} {seconds:.0f} s, {summary(seen)}", flush=True)
                seen = []
            if step % 30 == 0:
                reader.save(args.out)
        for name, held_out in checks.items():
            with torch.no_grad():
                results = [reader.losses(p, reader.lower(p)) for p in held_out]
            loss = np.mean([float(loss) for loss, _ in results])
            print(f"epoch {epoch}: {name}: loss {loss:.3f}, {summary([o for _, f in results for o in f])}", flush=True)
        reader.save(args.out)


if __name__ == "__main__":
    main()
