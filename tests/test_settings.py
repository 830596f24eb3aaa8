"""Settings: precedence, refusal of what is unknown or out of bounds, and folders."""

from pathlib import Path

import pytest

from qa.errors import SettingsError
from qa.settings import PREFIX, Settings, seed_corpus


@pytest.fixture
def settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "qa.toml"
    path.write_text('top_k = 3\nthreads = 3\ncollection = "from-file"\n', encoding="utf-8")
    monkeypatch.setenv("QA_SETTINGS", str(path))
    return path


def test_defaults_need_nothing() -> None:
    settings = Settings.load()
    assert settings.chat_model == "embedded"
    assert settings.threads >= 1
    assert settings.corpus == seed_corpus()
    assert not settings.offline


def test_arguments_beat_variables_beat_the_file(settings_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QA_TOP_K", "4")
    monkeypatch.setenv("QA_THREADS", "4")
    settings = Settings.load(top_k=5, slots=None)
    assert (settings.top_k, settings.threads, settings.collection, settings.slots) == (5, 4, "from-file", 1)


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings.load().top_k = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("QA_TOPK", "4"),
        ("QA_TOP_K", "0"),
        ("QA_TOP_K", "many"),
        ("QA_THREADS", "-1"),
        ("QA_DECLINE_THRESHOLD", "1.5"),
        ("QA_OFFLINE", "perhaps"),
        ("QA_COLLECTION", "<script>"),
    ],
)
def test_wrong_variables_are_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        Settings.load()
    assert name.removeprefix(PREFIX).lower() in str(caught.value).lower()
    assert "known are" in str(caught.value)


def test_an_unknown_argument_is_named_with_what_is_known() -> None:
    with pytest.raises(SettingsError, match=r"colour.*top_k"):
        Settings.load(colour="blue")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(None, id="missing"),
        pytest.param("top_k = ", id="no-toml"),
        pytest.param("colour = 1", id="unknown"),
        pytest.param("top_k = 0", id="bounds"),
        pytest.param(b"\xff\xff", id="not-text"),
    ],
)
def test_an_unusable_file_is_refused(settings_file: Path, content: str | bytes | None) -> None:
    if content is None:
        settings_file.unlink()
    else:
        settings_file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SettingsError):
        Settings.load()


def test_a_key_is_never_shown() -> None:
    settings = Settings.load(api_key="secret-key")
    assert "secret-key" not in repr(settings) + str(settings) + settings.model_dump_json()
    assert settings.api_key is not None
    assert settings.api_key.get_secret_value() == "secret-key"


def test_each_corpus_has_an_index_folder_of_its_own(tmp_path: Path) -> None:
    one, two = (Settings.load(corpus=tmp_path / name).index_dir() for name in ("one", "two"))
    assert one != two
    assert one.is_relative_to(tmp_path), "the user's data folder of a test"
    assert one == Settings.load(corpus=tmp_path / "two" / ".." / "one").index_dir()
    assert Settings.load(data_dir=tmp_path / "here").index_dir() == tmp_path / "here"


def test_the_seed_corpus_holds_the_article(seed_article: Path) -> None:
    assert seed_corpus().is_dir()
    assert "Asif" in seed_article.read_text(encoding="utf-8")


def test_every_setting_is_described() -> None:
    assert all(field.description for field in Settings.model_fields.values())
