"""Train the reader's adapter on, on a machine without a GPU: its upper half of layers, for some minutes.

    python tests/training/train_on.py CHAT.gguf qa/adapters/reader.gguf --squad FILE --minutes 36 --out FILE.gguf

It goes through the documents of daily/ again and again; a third of the steps repeats what the adapter has learnt before
(articles/, next/, more/, parts of long/ and SQuAD's threes of paragraphs). The lower layers take the adapter in and
stay as they are. Needs torch, transformers and gguf, and 19 GB of memory; a step of 2,000 tokens takes 35 seconds on
two cores with AVX-512.
Have glibc keep the memory that it has, or a third of the time goes into getting it again and again:

    export GLIBC_TUNABLES=glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=17179869184:glibc.malloc.hugetlb=1
"""

import argparse
import random
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from examples import HERE, Asked, Example, squad_threes, written_articles
from layouts import Pack, parts, whole
from torch.nn.functional import linear, scaled_dot_product_attention
from train_reader import (
    ALPHA,
    DROPOUT,
    LEFT_OUT,
    LONG,
    RANK,
    SHORT,
    LowRank,
    Outcome,
    Reader,
    Training,
    rate_at,
    summary,
    take,
)
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

LOWEST = 14
"""The lowest layer that is trained."""
RATE, WARM = 1.5e-4, 6
"""Learning rate at its highest, and the steps until it is reached; it falls along a cosine."""
AVERAGED, DECAY = 0.5, 0.94
"""Share of the time, the last of it, whose weights are averaged, and how slowly the mean forgets."""
NEW, SQUAD, IN_PARTS = 0.68, 0.12, 0.1
"""Shares of the steps: on new documents, SQuAD's paragraphs, parts of long articles; the rest, on short articles."""
WORDED = 0.4
"""Of answers of one statement, the share whose words are learnt too; of the others the labels, which is cheaper."""
NEW_LEFT_OUT = {0.03: 0.75, 0.15: 0.18, 0.5: 0.07}
"""Share of a new document's passages that is left out, and how often."""
MOST_TOKENS = 2300
"""Of a pack; what questions do not fit wait for the next time."""


class OneDropout(LowRank):
    """A frozen layer plus the product of thin matrices, the same inputs dropped for all tokens.

    That takes far fewer random numbers than dropping others for each.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return base(x) + (alpha / rank) b a x."""
        kept = (torch.rand(x.shape[-1]) > DROPOUT) / (1 - DROPOUT) if self.training else 1.0
        flat = x.reshape(-1, x.shape[-1])
        thin = linear(flat, (self.a * kept).to(x.dtype))
        found = torch.addmm(self.base(flat), thin, (self.b * (ALPHA / RANK)).to(x.dtype).t())
        return found.view(*x.shape[:-1], -1)

    def take_in(self) -> None:
        """Add the product to the layer's weights; it computes with these alone from now on, and keeps the matrices."""
        added = (self.b @ self.a) * (ALPHA / RANK)
        self.base.weight.data = (self.base.weight.float() + added).to(self.base.weight.dtype)
        self.forward = self.base.forward


class PackReader(Reader):
    """A reader whose questions attend to what they share and to themselves, one by one; lower layers stay."""

    low_rank = OneDropout

    def __init__(self, path: Path, adapter: Path) -> None:
        super().__init__(path, "cpu")
        ALL_ATTENTION_FUNCTIONS.register("packed", self._attend)
        self.model.config._attn_implementation = "packed"
        found = weights_of(adapter)
        for name, parameter in self.named():
            parameter.data.copy_(found[name])
            parameter.requires_grad_(int(name.split(".")[1]) >= LOWEST)
        self.parameters = [parameter for parameter in self.parameters if parameter.requires_grad]
        for module in self.model.model.layers[:LOWEST].modules():
            if isinstance(module, OneDropout):
                module.take_in()

    def _states(self, pack: Pack) -> torch.Tensor:
        ids, positions, self._spans = pack.in_a_row()
        places = torch.tensor([positions])
        hidden = self.model.model.embed_tokens(torch.tensor([ids]))
        angles = self.model.model.rotary_emb(hidden, places)
        for layer in self.model.model.layers:
            hidden = layer(hidden, attention_mask=None, position_ids=places, position_embeddings=angles)
        return hidden[0]

    def _attend(
        self, _: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, *__: Any, scaling: float, **___: Any
    ) -> tuple[torch.Tensor, None]:
        """Return the attention of a pack, shape (1, tokens, heads, width), and no weights."""
        key, value = (x.repeat_interleave(query.shape[1] // x.shape[1], 1) for x in (key, value))
        first = self._spans[0][0]
        shared = [x[:, :, :first] for x in (query, key, value)]
        found = [scaled_dot_product_attention(*shared, is_causal=True, scale=scaling)]
        for start, end in self._spans:
            own = [torch.cat([x[:, :, :first], x[:, :, start:end]], 2) for x in (key, value)]
            seen = torch.ones(end - start, first + end - start, dtype=torch.bool).tril(first)
            found.append(scaled_dot_product_attention(query[:, :, start:end], *own, attn_mask=seen, scale=scaling))
        return torch.cat(found, 2).transpose(1, 2).contiguous(), None


def weights_of(adapter: Path) -> dict[str, torch.Tensor]:
    """Return the weights of an adapter's file by name."""
    return {t.name: torch.tensor(np.array(t.data, np.float32)) for t in gguf.GGUFReader(adapter).tensors}


def average(reader: Reader, others: list[Path]) -> None:
    """Give the reader the mean of its weights and those of other adapters."""
    found = [weights_of(other) for other in others]
    for name, parameter in reader.named():
        parameter.data.copy_(torch.stack([parameter.data, *(weights[name] for weights in found)]).mean(0))


def packs(reader: Reader, squad: Path, rng: random.Random) -> Iterator[tuple[str, Pack]]:
    """Yield what is to be learnt, without end, with whether it is new or old."""
    short = [asked for folder in SHORT for asked in written_articles(HERE / folder)]
    long, threes = written_articles(HERE / LONG), squad_threes(squad, held_out=False, offset=1)
    left: list[Asked] = []

    def one(asked: Asked, shares: dict[float, float]) -> Pack:
        return whole(partly_worded(asked, rng), rng.choices(list(shares), list(shares.values()))[0], reader.encode, rng)

    while True:
        if (chance := rng.random()) < NEW:
            left = left or written_articles(HERE / "daily")
            yield "new", shortened(one(left.pop(rng.randrange(len(left))), NEW_LEFT_OUT))
        elif chance < NEW + SQUAD:
            yield "old", shortened(one(rng.choice(threes), {0.1: 1.0}))
        elif chance < NEW + SQUAD + IN_PARTS:
            yield "old", shortened(rng.choice(list(parts(partly_worded(rng.choice(long), rng), reader.encode, rng))))
        else:
            yield "old", shortened(one(rng.choice(short), LEFT_OUT))


def partly_worded(asked: Asked, rng: random.Random) -> Asked:
    """Leave the words of some answers out."""
    document, examples = asked

    def one(example: Example) -> Example:
        return replace(example, worded=len(example.statements) > 1 or rng.random() < WORDED)

    return document, [one(example) for example in examples]


def shortened(pack: Pack) -> Pack:
    """Leave out the questions that are too many."""
    kept, room = [], MOST_TOKENS - len(pack.prefix)
    for question, reply in pack.questions:
        room -= len(question) + len(reply)
        if room > 0 or not kept:
            kept.append((question, reply))
    return Pack(pack.prefix, kept)


def train(reader: PackReader, found: Iterator[tuple[str, Pack]], minutes: float) -> list[torch.Tensor]:
    """Train for some minutes, print the losses and what was known before each step; return the mean of the weights."""
    training = Training(reader, DECAY)
    outcomes: dict[str, list[Outcome]] = {"new": [], "old": []}
    begun, step = time.time(), 0
    reader.model.train()
    while (share := (time.time() - begun) / (60 * minutes)) < 1:
        kind, pack = next(found)
        loss, known = training.step(pack, rate_at(share, step, RATE, WARM), share > 1 - AVERAGED)
        step += 1
        outcomes[kind] += known
        print(f"{step}: {kind}, loss {loss:.3f}, {time.time() - begun:.0f} s", flush=True)
        if step % 10 == 0:
            print({kind: summary(last[-300:]) for kind, last in outcomes.items() if last}, flush=True)
    return training.mean


def main() -> None:
    """Train on and save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("adapter", type=Path)
    parser.add_argument("--squad", type=Path, required=True, help="SQuAD 2.0 articles")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--minutes", type=float, default=36)
    parser.add_argument("--mean", type=Path, nargs="+", default=[], help="adapters to take the mean with, at the end")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    reader = PackReader(args.model, args.adapter)
    take(reader, train(reader, packs(reader, args.squad, random.Random(args.seed)), args.minutes))
    average(reader, args.mean)
    reader.save(args.out)


if __name__ == "__main__":
    main()
