"""Model files that installed packages carry: found by their folders and records, without running the packages' code."""

import hashlib
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, files
from importlib.util import find_spec
from pathlib import Path

from qa.errors import ModelError


@dataclass(frozen=True, slots=True)
class PackagedModel:
    """A model file that packages carry in parts, and that a hub carries whole.

    `parts` holds (package, path inside it) in joining order; `size` is in bytes; `sha256` is that of the whole file,
    as its makers publish it.
    """

    name: str
    size: int
    sha256: str
    parts: tuple[tuple[str, str], ...]
    version: str
    repository: str


def package_folder(package: str) -> Path | None:
    """Return the folder of a top-level package, or None when it is not installed; its code is not run."""
    spec = find_spec(package)
    locations = spec.submodule_search_locations if spec else None
    return Path(next(iter(locations))) if locations else None


def locate(model: PackagedModel) -> list[Path] | None:
    """Return the files of the model's parts in order, or None when not one of the packages is installed.

    Raises:
        ModelError: some parts are installed and others are not.
    """
    folders = [package_folder(package) for package, _ in model.parts]
    if not any(folders):
        return None
    found, missing = [], []
    for folder, (package, path) in zip(folders, model.parts, strict=True):
        if folder and (folder / path).is_file():
            found.append(folder / path)
        else:
            missing.append(package)
    if missing:
        raise ModelError(
            f"{len(missing)} of the {len(model.parts)} parts of {model.name} are missing: "
            + reinstall(missing, model.version)
        )
    return found


def damage(model: PackagedModel, parts: list[Path]) -> str:
    """Return what to do about parts that do not give the published file: those that differ from their records."""
    packages = [package for package, _ in model.parts]
    bad = [package for package, file in zip(packages, parts, strict=True) if not _as_recorded(package, file)]
    return reinstall(bad or packages, model.version)


def reinstall(packages: list[str], version: str) -> str:
    """Return the advice to install packages again."""
    names = " ".join(f"{name.replace('_', '-')}=={version}" for name in packages)
    return f"install again with: pip install --force-reinstall --no-cache-dir --no-deps {names}"


def _as_recorded(package: str, file: Path) -> bool:
    """Say whether a file has the sha256 that pip noted when it installed the package."""
    try:
        hashes = [entry.hash for entry in files(package) or () if entry.name == file.name and entry.hash]
    except PackageNotFoundError:
        return False
    if not hashes:
        return False
    with file.open("rb") as stream:
        return urlsafe_b64decode(hashes[0].value + "=") == hashlib.file_digest(stream, "sha256").digest()
