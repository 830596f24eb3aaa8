"""Train the reader: a low-rank adapter (Hu et al. 2021, arXiv 2106.09685) of the embedded chat model.

    python tests/training/train_reader.py CHAT.gguf --squad FILE --selqa FILE FILE --out qa/adapters/reader.gguf

It learns to name the proving sentences and to answer from them, or to write "none", on the articles written for
this project (articles/, next/, more/, long/), on SQuAD 2.0 articles but for those held out, and, to name sentences
only, on SelQA. It reads whole articles, parts of long ones, and the sentences that retrieval would choose.
Many questions share one reading of their sentences: they are packed behind it in one sequence, each seeing the
sentences and itself only. Each epoch leaves out other passages, whose questions then are not stated.
The weights of several runs, which begin alike and take the questions in other orders, are averaged (Wortsman et al.
2022, arXiv 2203.05482).
Needs torch, transformers and gguf, and a GPU, where an epoch of 810 packs takes some three minutes.
"""

import argparse
import functools
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np
import torch
from examples import HERE, selqa_articles, squad_articles, squad_threes, written_articles
from layouts import Encode, Pack, Ranked, in_corpora, parts, ranked, retrieved, whole
from transformers import AutoModelForCausalLM, AutoTokenizer

from qa.reading import NOT_STATED

SHORT, LONG = ("articles", "next", "more"), "long"
RANK, ALPHA, DROPOUT = 12, 24, 0.1
RATE, WARM = 3e-4, 20
"""Learning rate at its highest, and the steps until it is reached; it falls along a cosine."""
AVERAGED, DECAY = 0.4, 0.996
"""Share of the steps, the last ones, whose weights are averaged, and how slowly the mean forgets."""
LEFT_OUT = {0.05: 0.7, 0.2: 0.2, 0.6: 0.1}
"""Share of an article's passages that is left out, as retrieval would, and how often."""
THREES, SEARCHED, READ = 0.6, 0.4, {"squad": 0.5, "long": 0.7, "short": 0.4}
"""Shares: of SQuAD's threes of paragraphs in an epoch; of the questions on short articles that are searched for at all;
and of those searched for, by the kind of their corpus, in an epoch."""
MODULES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
LABEL_SHARE = 0.6
"""Share of the labels in the loss of a reply; the words follow from the sentences that they name."""


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
    """The chat model with an adapter, run layer by layer over packs; `parameters` are those that are trained."""

    low_rank = LowRank

    def __init__(self, path: Path, device: str) -> None:
        self.tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
        packed = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32)
        self.model = packed.to(torch.bfloat16)
        self.device = device
        self.model.requires_grad_(False)
        self.none, self.colon, self.line_break = (self.encode(text)[0] for text in (NOT_STATED, ":", "\n"))
        for layer in self.model.model.layers:
            for name in MODULES:
                parent, child = name.split(".")
                setattr(getattr(layer, parent), child, self.low_rank(getattr(getattr(layer, parent), child)))
        self.model.to(device)
        self.parameters = [parameter for _, parameter in self.named()]

    @functools.cache  # noqa: B019 -- there is one reader
    def encode(self, text: str) -> list[int]:
        """Return the token ids of a text; the same texts come in every epoch."""
        return self.tokenizer(text, add_special_tokens=False).input_ids

    def _geometry(self, pack: Pack) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return token ids (1, n), positions (1, n) and the mask (1, 1, n, n) of a pack, n a multiple of 8."""
        ids, positions, spans = pack.in_a_row()
        owner = [-1] * len(pack.prefix) + [at for at, (start, end) in enumerate(spans) for _ in range(start, end)]
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
        loss = torch.nn.functional.cross_entropy(logits, torch.tensor(targets, device=self.device), reduction="none")
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

    def named(self) -> Iterator[tuple[str, torch.nn.Parameter]]:
        """Yield the adapter's matrices with the names that llama.cpp has for them."""
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
        for name, parameter in self.named():
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


class Questions:
    """All that is trained on, loaded and searched for once, and laid out anew for every epoch."""

    def __init__(self, args: argparse.Namespace, encode: Encode, rng: random.Random) -> None:
        self._args, self._encode, self._rng = args, encode, rng
        self._short = [asked for folder in SHORT for asked in written_articles(HERE / folder)]
        self._long = written_articles(HERE / LONG)
        corpora = {
            "squad": ([asked] for asked in squad_articles(args.squad, held_out=False)),
            "long": ([asked] for asked in self._long),
            "short": in_corpora(rng.sample(self._short, len(self._short))),
        }
        self._ranked: dict[str, list[Ranked]] = {
            kind: list(ranked(list(found)[: args.limit], SEARCHED if kind == "short" else 1.0, rng))
            for kind, found in corpora.items()
        }

    def epoch(self, number: int) -> list[Pack]:
        """Return the packs of an epoch, in any order."""
        rng, encode = self._rng, self._encode
        shares, often = zip(*LEFT_OUT.items(), strict=True)
        packs = [whole(asked, rng.choices(shares, often)[0], encode, rng) for asked in self._short]
        threes = [asked for asked in squad_threes(self._args.squad, False, number % 3) if rng.random() < THREES]
        packs += [whole(asked, 0.1, encode, rng) for asked in threes]
        packs += [whole(asked, 0.03, encode, rng) for asked in selqa_articles(self._args.selqa, rng)]
        packs += [pack for asked in self._long for pack in parts(asked, encode, rng)]
        read = [one for kind, found in self._ranked.items() for one in found if rng.random() < READ[kind]]
        packs += retrieved(read, encode, rng)
        return rng.sample(packs, len(packs))[: self._args.limit]


def rate_at(share: float, step: int, highest: float = RATE, warm: int = WARM) -> float:
    """Return the learning rate when this share (0..1) of the training is done."""
    return highest * min(1.0, (step + 1) / warm) * (0.03 + 0.97 * 0.5 * (1 + np.cos(np.pi * min(1.0, share))))


def check(reader: Reader, checks: dict[str, list[Pack]]) -> None:
    """Print how the questions held out are answered."""
    reader.model.eval()
    with torch.no_grad():
        for name, packs in checks.items():
            results = [reader.losses(p) for p in packs]
            loss = np.mean([float(loss) for loss, _ in results])
            print(f"  {name}: loss {loss:.3f}, {summary([o for _, found in results for o in found])}", flush=True)
    reader.model.train()


class Training:
    """AdamW on a reader's parameters, and the mean of their last values."""

    def __init__(self, reader: Reader, decay: float) -> None:
        self.mean: list[torch.Tensor] = []
        self._reader, self._decay = reader, decay
        self._optimizer = torch.optim.AdamW(reader.parameters, lr=RATE, weight_decay=0.01, betas=(0.9, 0.99))

    def step(self, pack: Pack, rate: float, averaged: bool) -> tuple[float, list[Outcome]]:
        """Learn a pack at this learning rate; return the loss and what was known before, as `Reader.losses` does."""
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        loss, known = self._reader.losses(pack)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._reader.parameters, 1.0, error_if_nonfinite=True)
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        if averaged:
            self.mean = self.mean or [parameter.detach().clone() for parameter in self._reader.parameters]
            for kept, parameter in zip(self.mean, self._reader.parameters, strict=True):
                kept.lerp_(parameter.detach(), 1 - self._decay)
        return loss.item(), known


def train(reader: Reader, questions: Questions, epochs: int, checks: dict[str, list[Pack]]) -> list[torch.Tensor]:
    """Train from nothing, print the losses after every epoch, and return the mean of the last weights."""
    training = Training(reader, DECAY)
    step, steps, begun = 0, 0, time.time()
    for epoch in range(epochs):
        packs, losses = questions.epoch(epoch), []
        steps = steps or epochs * len(packs)
        for one in packs:
            loss, _ = training.step(one, rate_at(step / steps, step), step + 1 >= steps * (1 - AVERAGED))
            losses.append(loss)
            step += 1
        print(f"epoch {epoch}: {len(packs)} packs, loss {np.mean(losses):.3f}, {time.time() - begun:.0f} s", flush=True)
        check(reader, checks)
    return training.mean


def take(reader: Reader, weights: list[torch.Tensor]) -> None:
    """Give the reader these weights."""
    for parameter, weight in zip(reader.parameters, weights, strict=True):
        parameter.data.copy_(weight)


def held_out(args: argparse.Namespace, encode: Encode) -> dict[str, list[Pack]]:
    """Return packs of questions that nothing is trained on."""
    rng = random.Random(7)
    unseen = written_articles(HERE / "unseen")[: args.limit]
    wholes = {
        "unseen": unseen,
        "held_out": written_articles(HERE.parent / "data" / "held_out")[: args.limit],
        "SQuAD": squad_threes(args.squad, held_out=True)[: args.limit],
    }
    corpora = {
        "unseen, retrieved": in_corpora(unseen),
        "SQuAD, retrieved": ([asked] for asked in list(squad_articles(args.squad, held_out=True))[: args.limit]),
    }
    packs = {name: [whole(asked, 0.0, encode, rng) for asked in found] for name, found in wholes.items()}
    for name, found in corpora.items():
        packs[name] = retrieved(list(ranked(found, 1.0, rng)), encode, rng, spoilt=False)[: args.limit]
    return packs


def main() -> None:
    """Train and save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--squad", type=Path, required=True, help="SQuAD 2.0 articles")
    parser.add_argument("--selqa", type=Path, required=True, nargs="+", help="SelQA files")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--runs", type=int, default=4, help="whose weights are averaged")
    parser.add_argument("--limit", type=int, help="corpora, packs of an epoch and of a check, to try the script")
    args = parser.parse_args()
    # cuDNN's attention with a mask gave gradients that are no numbers (torch 2.11, H200).
    torch.backends.cuda.enable_cudnn_sdp(False)
    torch.manual_seed(7)
    reader = Reader(args.model, "cuda" if torch.cuda.is_available() else "cpu")
    begin = [parameter.detach().clone() for parameter in reader.parameters]
    checks = held_out(args, reader.encode)
    questions, sums = Questions(args, reader.encode, random.Random(7)), [torch.zeros_like(one) for one in begin]
    for _ in range(args.runs):
        take(reader, begin)
        for total, weight in zip(sums, train(reader, questions, args.epochs, checks), strict=True):
            total += weight / args.runs
    take(reader, sums)
    print("mean of the runs")
    check(reader, checks)
    reader.save(args.out)


if __name__ == "__main__":
    main()
