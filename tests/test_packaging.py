"""The installed package stands on its own: what the checkout holds besides code is in it too."""

import json
import subprocess
import sysconfig
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import pytest

SCRIPT = Path(sysconfig.get_path("scripts")) / "qa"


def installed() -> list[str]:
    try:
        return [str(file) for file in files("article-qa") or []]
    except PackageNotFoundError:
        return []


needs_installation = pytest.mark.skipif(
    "qa/__init__.py" not in installed(), reason="install the package as README.md says: pip install '.[local,test]'"
)


@needs_installation
def test_articles_adapters_and_pages_are_installed(seed_article: Path) -> None:
    package = Path(__file__).parent.parent / "qa"
    carried = {
        f"qa/{path.relative_to(package)}" for path in package.rglob("*.*") if path.suffix not in (".pyc", ".log")
    }
    assert carried - set(installed()) == set()
    assert f"qa/seed_corpus/{seed_article.name}" in installed()
    assert SCRIPT.is_file()


@needs_installation
@pytest.mark.slow
def test_the_installed_command_searches_the_seed_article_from_anywhere(tmp_path: Path, seed_article: Path) -> None:
    finished = subprocess.run(
        [SCRIPT, "search", "Who rejected the claim about the strikes?", "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    assert json.loads(finished.stdout)["passages"][0]["source"] == seed_article.name
