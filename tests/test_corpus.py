"""Files to documents: names, encodings, exact text, and what is refused."""

import os
from pathlib import Path

import pytest

from qa.corpus import list_files, make_document, read_document, read_file, title_of
from qa.decoding import decode
from qa.errors import CorpusError


@pytest.mark.parametrize(
    ("source", "title"),
    [
        ("pakistan-writes-off-afghan-taliban.txt", "Pakistan writes off afghan taliban"),
        ("notes/old_town  fair.md", "Old town fair"),
        ("Émile.txt", "Émile"),
        ("README", "README"),
        ("version-1.2", "Version 1.2"),
        ("---.txt", "---.txt"),
    ],
)
def test_title_is_the_file_name_made_readable(source: str, title: str) -> None:
    assert title_of(source) == title


@pytest.mark.parametrize(
    "text",
    [
        "One.\nTwo.\n",
        "Dos line ends.\r\nSecond.\rThird.\n",
        "\ufeffWith a mark.",
        "“Curly” – 日本語。 مرحبا 😀\n\n\tTabbed\x0cform feed",
        "Vertical\x0btab \x1b[1mescape\x85next line\u2028separator",
    ],
    ids=["plain", "line-ends", "bom", "scripts", "controls"],
)
def test_text_is_exactly_what_python_reads(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode("utf-8"))
    assert read_document(path, "a.txt", 1).text == path.read_text(encoding="utf-8")


def test_seed_article_is_read_exactly(seed_article: Path) -> None:
    document = read_document(seed_article, seed_article.name, 20)
    assert document.text == seed_article.read_text(encoding="utf-8")
    assert document.title == "Pakistan writes off afghan taliban"


@pytest.mark.parametrize(
    ("data", "text", "encoding"),
    [
        ("naïve café".encode(), "naïve café", "utf-8"),
        ("naïve “café”".encode("cp1252"), "naïve “café”", "cp1252"),
        ("naïve café 😀".encode("utf-16"), "naïve café 😀", "utf-16"),
        (b"\xfe\xff" + "große".encode("utf-16-be"), "große", "utf-16"),
    ],
    ids=["utf-8", "cp1252", "utf-16", "utf-16-be"],
)
def test_encodings_are_told(data: bytes, text: str, encoding: str) -> None:
    decoded = decode(data, "a.txt")
    assert (decoded.text, decoded.encoding) == (text, encoding)


@pytest.mark.parametrize(
    "data",
    [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", bytes(range(256)), b"abc\0def", b"caf\xe9 \x02\x03", b"\xff\xfea\0\0"],
    ids=["png", "all-bytes", "nul", "controls", "broken-utf-16"],
)
def test_bytes_that_are_no_text_are_refused(data: bytes) -> None:
    with pytest.raises(CorpusError, match=r"'a\.txt' is not a text file"):
        decode(data, "a.txt")


def test_refusals_say_which_file_and_what_to_do(tmp_path: Path) -> None:
    for name, content in {"big.txt": b"words " * 200_000, "a.odt": b"PK", "empty.txt": b" \n"}.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder.txt").mkdir()
    for name, said in {
        "big.txt": "'big.txt' has 1.2 MB, more than max_file_megabytes=1",
        "a.odt": "'a.odt' is of a kind that is not read (.odt): save it as PDF, text, HTML or an Office file",
        "empty.txt": "'empty.txt' holds no words",
        "gone.txt": "cannot read 'gone.txt'",
        "folder.txt": "cannot read 'folder.txt'",
    }.items():
        with pytest.raises(CorpusError) as caught:
            read_document(tmp_path / name, name, 1)
        assert said in str(caught.value)


def test_markdown_is_titled_by_its_first_heading(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("\ufeff\n# The *first* heading #\r\n\nText.\n", encoding="utf-8")
    (tmp_path / "b.md").write_text("Text first.\n\n# Later\n", encoding="utf-8")
    (tmp_path / "c.txt").write_text("# Not Markdown\n", encoding="utf-8")
    titles = [read_document(tmp_path / name, name, 1).title for name in ("a.md", "b.md", "c.txt")]
    assert titles == ["The *first* heading", "B", "C"]


def test_files_are_listed_by_source_without_hidden_ones(tmp_path: Path) -> None:
    awkward = 'it\'s "quoted" <script>alert(1)<.txt'
    for name in ("b.txt", "a/z.md", "a/.hidden.txt", ".git/config", awkward, "index/index.sqlite3"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("Text.")
    (tmp_path / "broken link.txt").symlink_to(tmp_path / "nowhere")
    files = list_files(tmp_path, exclude=tmp_path / "index")
    assert [file.source for file in files] == ["a/z.md", "b.txt", awkward]
    assert [file.size for file in files] == [5, 5, 5]


def test_a_name_that_is_no_unicode_is_listed(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/caf\xe9.txt"
    with open(path, "wb") as file:
        file.write(b"Text.")
    (found,) = list_files(tmp_path)
    assert found.source == "caf?.txt"
    assert read_file(found.path, found.source, 1)[0].text == "Text."


def test_one_file_is_a_corpus(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Text.")
    assert [(file.path, file.source) for file in list_files(path)] == [(path, "a.txt")]


def test_a_missing_or_empty_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no such file or folder"):
        list_files(tmp_path / "nowhere")
    with pytest.raises(CorpusError, match="holds no files"):
        list_files(tmp_path)


def test_a_document_is_its_source_and_text() -> None:
    one = make_document("Title", "a", "Text.")
    assert one == make_document("Title", "a", "Text.")
    assert len({one.id, make_document("T", "b", "Text.").id, make_document("T", "a", "Text!").id}) == 3
    assert make_document("  ", "my-notes", "Text.").title == "My notes"
    assert make_document("T", "a", "half a pair: \ud83d.").text == "half a pair: ?."
    with pytest.raises(CorpusError, match="holds no words"):
        make_document("T", "a", " ... ")
