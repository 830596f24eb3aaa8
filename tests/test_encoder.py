"""The encoder in plain NumPy: which models it takes, and that its vectors are those of sentence-transformers."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from qa.embedding import SentenceTransformerEmbedder, prepare
from qa.encoder import Encoder, fits
from qa.settings import Settings

WIDTH, HEADS, WIDE = 4, 2, 8
CONFIG = {
    "architectures": ["BertModel"],
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-12,
    "num_attention_heads": HEADS,
    "num_hidden_layers": 1,
}
MODULES = [
    {"path": path, "type": f"sentence_transformers.models.{name}"}
    for path, name in (("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize"))
]
POOLING = {"word_embedding_dimension": WIDTH, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True}


def write(folder: Path, **changed: object) -> Path:
    """Write a model of four numbers a vector whose one layer does nothing but normalise."""
    files = {
        "config": CONFIG,
        "modules": MODULES,
        "config_sentence_transformers": {},
        "sentence_bert_config": {"max_seq_length": 3},
        "1_Pooling/config": POOLING,
    } | changed
    for name, value in files.items():
        path = folder / f"{name}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(value))
    shapes = {
        "attention.self.query": (WIDTH, WIDTH),
        "attention.self.key": (WIDTH, WIDTH),
        "attention.self.value": (WIDTH, WIDTH),
        "attention.output.dense": (WIDTH, WIDTH),
        "intermediate.dense": (WIDE, WIDTH),
        "output.dense": (WIDTH, WIDE),
    }
    names = [f"encoder.layer.0.{part}" for part in ("attention.output.LayerNorm", "output.LayerNorm")]
    tensors = {f"{name}.weight": np.ones(WIDTH) for name in ["embeddings.LayerNorm", *names]}
    tensors |= {f"{name}.bias": np.zeros(WIDTH) for name in ["embeddings.LayerNorm", *names]}
    for name, shape in shapes.items():
        tensors[f"encoder.layer.0.{name}.weight"] = np.zeros(shape)
        tensors[f"encoder.layer.0.{name}.bias"] = np.zeros(shape[0])
    tensors["embeddings.word_embeddings.weight"] = np.array([[1, 1, 1, 1], [3, -1, -1, -1], [-1, 3, -1, -1]])
    tensors["embeddings.position_embeddings.weight"] = np.zeros((3, WIDTH))
    tensors["embeddings.token_type_embeddings.weight"] = np.zeros((2, WIDTH))
    save_file({name: value.astype(np.float32) for name, value in tensors.items()}, folder / "model.safetensors")
    tokenizer = Tokenizer(WordLevel({"[UNK]": 0, "cat": 1, "dog": 2}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def test_a_small_model_by_hand(tmp_path: Path) -> None:
    encoder = Encoder(write(tmp_path))
    cat, dog = np.array([3, -1, -1, -1]) / 12**0.5, np.array([-1, 3, -1, -1]) / 12**0.5
    assert encoder.encode("cat") == pytest.approx(cat, abs=1e-6)
    both = (cat + dog) / np.linalg.norm(cat + dog)
    assert encoder.encode("cat dog") == pytest.approx(both, abs=1e-6)
    assert encoder.encode("cat dog dog dog dog") == pytest.approx(encoder.encode("cat dog dog"))


@pytest.mark.parametrize(
    "changed",
    [
        {"config": CONFIG | {"architectures": ["MPNetModel"]}},
        {"config": CONFIG | {"hidden_act": "gelu_new"}},
        {"config": CONFIG | {"position_embedding_type": "relative_key"}},
        {"modules": MODULES[:2]},
        {"1_Pooling/config": POOLING | {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}},
        {"config_sentence_transformers": {"prompts": {"query": "Represent: "}}},
        {"config": []},
    ],
)
def test_other_models_are_not_taken(tmp_path: Path, changed: dict[str, object]) -> None:
    assert not fits(write(tmp_path, **changed))


def test_a_model_of_this_shape_is_taken(tmp_path: Path) -> None:
    assert fits(write(tmp_path))
    assert not fits(tmp_path / "nowhere")


@pytest.mark.slow
def test_vectors_are_those_of_sentence_transformers() -> None:
    embedder = SentenceTransformerEmbedder(Settings())
    texts = ["Who rejected the claim?", "", "“Été” – 中文, ’x’", "word " * 600, "Pakistan’s minister said so."]
    small = embedder.embed_passages(texts)
    assert embedder._model is None
    prepare(embedder, many=True)
    assert (small * embedder.embed_passages(texts)).sum(axis=1).min() > 0.999


@pytest.mark.slow
def test_a_question_loads_no_torch() -> None:
    code = (
        "import sys; from qa.settings import Settings; from qa.embedding import open_embedder;"
        "open_embedder(Settings()).embed_question('Who?');"
        "print(sorted({'torch', 'sentence_transformers', 'transformers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")
