"""Train the reader's adapter on, on a machine without a GPU: its upper half of layers, for some minutes.

    python tests/training/train_on.py CHAT.gguf qa/adapters/reader.gguf --squad FILE --minutes 36 --out FILE.gguf

It goes through the documents of daily/ again and again; a quarter of the steps repeats what the adapter has learnt
before (articles/, next/, more/ and SQuAD's threes of paragraphs). The lower layers take the adapter in and stay as they
are. Needs torch, transformers and gguf, and 19 GB of memory; a step of 2,000 tokens takes 35 seconds on two cores with
AVX-512. Have glibc keep the memory that it has, or a third of the time goes into getting it again and again:

    export GLIBC_TUNABLES=glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=17179869184:glibc.malloc.hugetlb=1
"""

import argparse
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from examples import HERE, Asked, Example, squad_threes, written_articles
from layouts import Pack, whole
from torch.nn.functional import linear, scaled_dot_product_attention
from train_reader import ALPHA, DROPOUT, LEFT_OUT, MODULES, RANK, SHORT, LowRank, Outcome, Reader, summary
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

NEW, LOWEST = "daily", 14
"""The folder that is trained on, and the lowest layer that is trained."""
RATE, WARM = 1.5e-4, 6
"""Learning rate at its highest, and the steps until it is reached; it falls along a cosine."""
AVERAGED, DECAY = 0.5, 0.94
"""Share of the time, the last of it, whose weights are averaged, and how slowly the mean forgets."""
REPEATED, REPEATED_SQUAD = 0.26, 0.4
"""Share of the steps that repeat, and of these SQuAD's."""
WORDED = 0.4
"""Of answers of one statement, the share whose words are learnt too; of the others the labels, which is cheaper."""
NEW_LEFT_OUT = {0.03: 0.75, 0.15: 0.18, 0.5: 0.07}
"""Share of a new document's passages that is left out, and how often."""
MOST_TOKENS = 2300
"""Of a pack; what questions do not fit wait for the next time."""


class PackReader(Reader):
    """A reader whose questions attend to what they share and to themselves, one by one; lower layers stay."""

    def __init__(self, path: Path, adapter: Path) -> None:
        super().__init__(path, "cpu")
        ALL_ATTENTION_FUNCTIONS.register("packed", self._attend)
        self.model.config._attn_implementation = "packed"
        found = {tensor.name: np.array(tensor.data, np.float32) for tensor in gguf.GGUFReader(adapter).tensors}
        for name, parameter in self._named():
            parameter.data.copy_(torch.tensor(found[name]))
            parameter.requires_grad_(int(name.split(".")[1]) >= LOWEST)
        for layer in self.model.model.layers[:LOWEST]:
            for parent, child in (name.split(".") for name in MODULES):
                taken_in(getattr(getattr(layer, parent), child))
        self.trained = [parameter for parameter in self.parameters if parameter.requires_grad]

    def _states(self, pack: Pack) -> torch.Tensor:
        first, ids, positions, self._spans = len(pack.prefix), list(pack.prefix), list(range(len(pack.prefix))), []
        for question, reply in pack.questions:
            self._spans.append((len(ids), len(ids) + len(question) + len(reply)))
            positions += range(first, first + len(question) + len(reply))
            ids += question + reply
        with torch.no_grad():
            hidden = self.model.model.embed_tokens(torch.tensor([ids]))
            places = torch.tensor([positions])
            angles = self.model.model.rotary_emb(hidden, places)
        for at, layer in enumerate(self.model.model.layers):
            with torch.set_grad_enabled(at >= LOWEST and torch.is_grad_enabled()):
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


def taken_in(layer: LowRank) -> None:
    """Add a layer's product of thin matrices to its weights; it computes with these alone from now on."""
    added = (layer.b @ layer.a) * (ALPHA / RANK)
    layer.base.weight.data = (layer.base.weight.float() + added).to(layer.base.weight.dtype)
    layer.forward = layer.base.forward


def forward(self: LowRank, x: torch.Tensor) -> torch.Tensor:
    """As LowRank's, but whole inputs are dropped, the same ones for all tokens: far fewer random numbers."""
    flat = x.reshape(-1, x.shape[-1])
    kept = (torch.rand(flat.shape[-1]) > DROPOUT) / (1 - DROPOUT) if self.training else 1.0
    thin = linear(flat, (self.a * kept).to(x.dtype))
    return torch.addmm(self.base(flat), thin, (self.b * (ALPHA / RANK)).to(x.dtype).t()).view(*x.shape[:-1], -1)


def packs(reader: Reader, squad: Path, rng: random.Random) -> Iterator[tuple[str, Pack]]:
    """Yield what is to be learnt, without end, with whether it is new or old."""
    short = [asked for folder in SHORT for asked in written_articles(HERE / folder)]
    threes = squad_threes(squad, held_out=False, offset=1)
    new: list[Asked] = []

    def laid_out(asked: Asked, shares: dict[float, float]) -> Pack:
        left_out = rng.choices(list(shares), list(shares.values()))[0]
        return shortened(whole(partly_worded(asked, rng), left_out, reader.encode, rng))

    while True:
        if rng.random() >= REPEATED:
            new = new or written_articles(HERE / NEW)
            yield "new", laid_out(new.pop(rng.randrange(len(new))), NEW_LEFT_OUT)
        elif rng.random() < REPEATED_SQUAD:
            yield "old", laid_out(rng.choice(threes), {0.1: 1.0})
        else:
            yield "old", laid_out(rng.choice(short), LEFT_OUT)


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


def train(reader: PackReader, found: Iterator[tuple[str, Pack]], minutes: float) -> Sequence[torch.Tensor]:
    """Train for some minutes, print the losses and what was known before each step; return the mean of the weights."""
    optimizer = torch.optim.AdamW(reader.trained, lr=RATE, weight_decay=0.01, betas=(0.9, 0.99))
    mean: list[torch.Tensor] = []
    outcomes: dict[str, list[Outcome]] = {"new": [], "old": []}
    begun, step = time.time(), 0
    reader.model.train()
    while (share := (time.time() - begun) / (60 * minutes)) < 1:
        kind, pack = next(found)
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / WARM) * (0.05 + 0.95 * 0.5 * (1 + np.cos(np.pi * share)))
        loss, known = reader.losses(pack)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(reader.trained, 1.0, error_if_nonfinite=True)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        step += 1
        outcomes[kind] += known
        if share > AVERAGED:
            mean = mean or [parameter.detach().clone() for parameter in reader.trained]
            for kept, parameter in zip(mean, reader.trained, strict=True):
                kept.lerp_(parameter.detach(), 1 - DECAY)
        print(f"{step}: {kind}, loss {loss.item():.3f}, {time.time() - begun:.0f} s", flush=True)
        if step % 10 == 0:
            print({kind: summary(last[-300:]) for kind, last in outcomes.items() if last}, flush=True)
    return mean


def main() -> None:
    """Train on and save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("adapter", type=Path)
    parser.add_argument("--squad", type=Path, required=True, help="SQuAD 2.0 articles")
    parser.add_argument("--minutes", type=float, default=36)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    torch.manual_seed(7)
    LowRank.forward = forward
    reader = PackReader(args.model, args.adapter)
    mean = train(reader, packs(reader, args.squad, random.Random(7)), args.minutes)
    for parameter, weight in zip(reader.trained, mean, strict=True):
        parameter.data.copy_(weight)
    reader.save(args.out)


if __name__ == "__main__":
    main()
