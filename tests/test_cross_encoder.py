"""The cross-encoder in plain NumPy: its scores are those of the trained model, and it knows paraphrases."""

import numpy as np
import pytest
from safetensors.numpy import load_file

from qa.cross_encoder import FILE, LONGEST, open_cross_encoder
from qa.errors import ModelError
from qa.settings import Settings
from qa.weights import embedder_folder

pytestmark = pytest.mark.slow

QUESTION = "Which officer denied that?"
SENTENCES = ["The military spokesperson rejected the allegations.", "It rained in May. " * 60, "“Ça, non”, – 中文."]


def test_scores_are_those_of_the_trained_model() -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer

    folder, trained = embedder_folder(Settings()), load_file(FILE)
    model = AutoModel.from_pretrained(folder, dtype=torch.float32)
    layers = {name: torch.from_numpy(value).float() for name, value in trained.items() if "head" not in name}
    assert not model.load_state_dict(layers, strict=False).unexpected_keys
    tokenizer = AutoTokenizer.from_pretrained(folder)
    expected = []
    for sentence in SENTENCES:
        pair = tokenizer(QUESTION, sentence, return_tensors="pt", truncation=True, max_length=LONGEST)
        with torch.no_grad():
            mean = model(**pair).last_hidden_state[0].mean(0).numpy()
        expected.append(float(trained["head.weight"].astype(np.float32) @ mean + trained["head.bias"].item()))
    assert open_cross_encoder(Settings()).scores(QUESTION, SENTENCES) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    ("question", "proof", "other"),
    [
        ("Who turned the accusation down?", SENTENCES[0], "The military parade began at noon."),
        ("How much did the crossing cost?", "The price of the bridge was 12 million crowns.", "Ana Lind opened it."),
    ],
)
def test_a_paraphrase_is_known_and_a_question_with_no_answer_too(question: str, proof: str, other: str) -> None:
    right, wrong = open_cross_encoder(Settings()).scores(question, [proof, other])
    assert right > 0 > wrong


def test_nothing_to_score() -> None:
    assert open_cross_encoder(Settings()).scores(QUESTION, []).shape == (0,)


def test_damaged_weights_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    damaged = tmp_path / "cross_encoder.safetensors"
    damaged.write_bytes(b"not weights")
    monkeypatch.setattr("qa.cross_encoder.FILE", damaged)
    with pytest.raises(ModelError, match="install qa anew"):
        open_cross_encoder(Settings())
