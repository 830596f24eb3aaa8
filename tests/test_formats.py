"""PDF, Word and web pages become text: paragraphs, headings, lists and tables, and pages where there are some."""

import io
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import docx
import pptx
import pytest
from docx.document import Document as WordDocument
from openpyxl import Workbook
from pdf_files import STYLES, paragraphs, pdf
from pptx.presentation import Presentation
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, Table

from qa import office
from qa.blocks import blocks
from qa.corpus import read_document
from qa.datatypes import Document
from qa.errors import CorpusError
from qa.passages import split


def kinds(document: Document) -> list[tuple[str, str]]:
    """Return the kind and the words of each block of a document."""
    return [(block.kind, document.text[block.start : block.end]) for block in blocks(document.text)]


def test_an_article_comes_out_of_a_pdf_as_it_went_in(tmp_path: Path, seed_article: Path) -> None:
    text = seed_article.read_text(encoding="utf-8")
    path = pdf(tmp_path / "report.pdf", [Paragraph("A rift", STYLES["Title"]), *paragraphs(text)])
    document = read_document(path, path.name, 20)
    assert document.title == "A rift"
    assert document.text.count("\f") == 1
    pair = (document.text.replace("\f", " "), text)
    read, written = ([" ".join(line.split()) for line in one.splitlines()] for one in pair)
    assert list(filter(None, read)) == ["# A rift", *filter(None, written)]


def test_a_table_in_a_pdf_becomes_rows(tmp_path: Path) -> None:
    rows = [["Year", "Exports", "Imports"], ["2022", "4.1 m", "1.2 m"], ["2023", "5.3 m", "0.9 m"]]
    content = [*paragraphs("The trade of the town grew. " * 12), Table(rows, colWidths=[80, 80, 80])]
    document = read_document(pdf(tmp_path / "a.pdf", content), "a.pdf", 20)
    table = split(document, 500)[-1]
    assert [document.text[a:b] for a, b in table.sentences] == [
        "Year | Exports | Imports",
        "2022 | 4.1 m | 1.2 m",
        "2023 | 5.3 m | 0.9 m",
    ]


def test_the_page_of_an_offset(tmp_path: Path) -> None:
    pages = [f"The word of page {number} is {word}. " + "It rained all day. " * 400 for number, word in enumerate("xy")]
    document = read_document(pdf(tmp_path / "a.pdf", paragraphs("\n".join(pages))), "a.pdf", 20)
    assert document.page(0) == 1
    last = document.text.index("is y")
    assert document.page(last) == document.text[:last].count("\f") + 1 > 1
    assert "Gazette" not in document.text
    assert "Page" not in document.text


@pytest.mark.parametrize(
    ("named", "title"),
    [("Minutes of May", "Minutes of May"), *((name, "A rift") for name in ("untitled", "Microsoft Word - x", "a.doc"))],
)
def test_the_title_of_a_pdf(tmp_path: Path, named: str, title: str) -> None:
    content = [Paragraph("A rift", STYLES["Title"]), *paragraphs("It rained all day. " * 20)]
    assert read_document(pdf(tmp_path / "a.pdf", content, title=named), "a.pdf", 20).title == title


def blank(path: Path) -> None:
    """Write a page with a picture alone."""
    canvas = Canvas(str(path))
    canvas.rect(50, 50, 100, 100, fill=1)
    canvas.save()


@pytest.mark.parametrize(
    ("write", "told"),
    [
        (lambda path: path.write_bytes(b"%PDF-1.7\nnothing"), "'a.pdf' is a damaged PDF: save it or download it again"),
        (lambda path: pdf(path, paragraphs("It fell."), encrypt=StandardEncryption("x")), "locked with a password"),
        (blank, "holds no text, only pictures of it: run text recognition (OCR) on it first"),
    ],
    ids=["damaged", "locked", "scanned"],
)
def test_a_pdf_that_cannot_be_read(tmp_path: Path, write: Callable[[Path], object], told: str) -> None:
    write(tmp_path / "a.pdf")
    with pytest.raises(CorpusError) as caught:
        read_document(tmp_path / "a.pdf", "a.pdf", 20)
    assert told in str(caught.value)


def word_file() -> WordDocument:
    """Return a Word file with one of everything."""
    document = docx.Document()
    document.core_properties.title = "Harbour report"
    document.add_heading("The harbour", 0)
    document.add_paragraph("It was founded in 1998.\nThe city pays for it.")
    document.add_heading("Milestones", 1)
    document.paragraphs[-1]._p.get_or_add_pPr().get_or_add_numPr()
    for item in ("Prototype ready in June", "First sale in Oslo"):
        document.add_paragraph(item, style="List Bullet")
    table = document.add_table(rows=3, cols=3)
    for row, words in enumerate((("Year", "Trade", ""), ("2022", "4.1 m", "1.2 m"), ("2023", "5.3 m", "0.9 m"))):
        for column, word in enumerate(words):
            table.cell(row, column).text = word
    table.cell(0, 1).merge(table.cell(0, 2))
    document.add_paragraph("It closed in 2024.")
    return document


def test_word(tmp_path: Path) -> None:
    word_file().save(str(tmp_path / "a.docx"))
    document = read_document(tmp_path / "a.docx", "a.docx", 20)
    assert document.title == "Harbour report"
    assert kinds(document) == [
        ("heading", "# The harbour"),
        ("paragraph", "It was founded in 1998. The city pays for it."),
        ("heading", "## Milestones"),
        ("item", "Prototype ready in June"),
        ("item", "First sale in Oslo"),
        ("row", "Year | Trade"),
        ("row", "2022 | 4.1 m | 1.2 m"),
        ("row", "2023 | 5.3 m | 0.9 m"),
        ("paragraph", "It closed in 2024."),
    ]


def slides() -> Presentation:
    """Return a presentation of two slides."""
    deck = pptx.Presentation()
    deck.core_properties.title = "Harbour plans"
    first, second = (deck.slides.add_slide(deck.slide_layouts[layout]) for layout in (1, 5))
    first.shapes.title.text = "The harbour"
    first.placeholders[1].text = "Founded in 1998\nPaid for by the city"
    box = first.shapes.add_group_shape().shapes.add_textbox(0, 0, 900, 900)
    box.text_frame.text = "It has nine cranes."
    first.notes_slide.notes_text_frame.text = "Greet the mayor."
    second.shapes.title.text = "Trade"
    table = second.shapes.add_table(2, 2, 0, 0, 900, 900).table
    for place, words in {(0, 0): "Year", (0, 1): "Trade", (1, 0): "2022", (1, 1): "4.1 m"}.items():
        table.cell(*place).text = words
    return deck


def test_slides(tmp_path: Path) -> None:
    slides().save(str(tmp_path / "a.pptx"))
    document = read_document(tmp_path / "a.pptx", "a.pptx", 20)
    assert document.title == "Harbour plans"
    assert [
        (document.page(block.start), block.kind, document.text[block.start : block.end])
        for block in blocks(document.text)
    ] == [
        (1, "heading", "# The harbour"),
        (1, "item", "Founded in 1998"),
        (1, "item", "Paid for by the city"),
        (1, "paragraph", "It has nine cranes."),
        (1, "paragraph", "Greet the mayor."),
        (2, "heading", "# Trade"),
        (2, "row", "Year | Trade"),
        (2, "row", "2022 | 4.1 m"),
    ]


def workbook() -> Workbook:
    """Return a workbook with an empty sheet between two others."""
    book = Workbook()
    book.properties.title = "Harbour figures"
    for row in (("Year", "Trade", "Closed"), (2022, 4.1, None), (None, None, None), (2023, None, date(2023, 5, 4))):
        book.active.append(row)
    book.active.title = "Ships"
    book.create_sheet("Empty")
    book.create_sheet("Boats").append(["Number", 7])
    return book


def test_sheets(tmp_path: Path) -> None:
    workbook().save(tmp_path / "a.xlsx")
    document = read_document(tmp_path / "a.xlsx", "a.xlsx", 20)
    assert document.title == "Harbour figures"
    assert [(p.heading, document.page(p.start), p.text.split("\n")) for p in split(document, 400)] == [
        ("Ships: Year | Trade | Closed", 1, ["Year | Trade | Closed |", "| 2022 | 4.1 |", "| 2023 |  | 2023-05-04"]),
        ("Boats: Number | 7", 2, ["Number | 7"]),
    ]


@pytest.mark.parametrize("kind", ["docx", "pptx", "xlsx"])
def test_an_office_file_that_cannot_be_read(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / f"a.{kind}"
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as packed:
        packed.writestr("words.txt", "no office file")
    for data in (b"", b"\xd0\xcf\x11\xe0 locked", b"PK\x03\x04 cut", other.getvalue()):
        path.write_bytes(data)
        with pytest.raises(CorpusError, match="cannot be read"):
            read_document(path, path.name, 20)
    {"docx": word_file, "pptx": slides, "xlsx": workbook}[kind]().save(str(path))
    monkeypatch.setattr(office, "MOST_UNPACKED", 1000)
    with pytest.raises(CorpusError, match="unpacks to more than"):
        read_document(path, path.name, 20)


def test_a_web_page(tmp_path: Path, seed_article: Path) -> None:
    lines = [line for line in seed_article.read_text(encoding="utf-8").splitlines() if line.strip()]
    body = "".join(f"<p>{line}</p>" for line in lines)
    page = (
        "<html><head><title>A rift | Gazette</title><meta property='og:title' content='A rift'>"
        "<script>var x = 'never';</script></head><body><nav><a href='/'>Home</a> <a href='/w'>World</a></nav>"
        f"<article><h1>A rift</h1>{body}<ul><li>First point</li><li>Second <b>point</b></li></ul></article>"
        "<footer>All rights reserved</footer></body></html>"
    )
    (tmp_path / "a.html").write_text(page, encoding="utf-8")
    document = read_document(tmp_path / "a.html", "a.html", 20)
    assert document.title == "A rift"
    read = [line for line in document.text.splitlines() if line.strip()]
    assert [line for line in lines if line not in read] == []
    assert read[-2:] == ["- First point", "- Second point"]
    assert not {"Home", "never", "All rights reserved"} & set(read)


def test_a_web_page_without_text(tmp_path: Path) -> None:
    (tmp_path / "a.htm").write_bytes(b"<html><body><img src='a.png'></body></html>")
    with pytest.raises(CorpusError, match="no text is found in the web page"):
        read_document(tmp_path / "a.htm", "a.htm", 20)


CHAPTER = """<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml">
<head><title>x</title></head><body><nav><ol><li>Contents</li></ol></nav><section><h1>The <i>har</i>bour</h1>
<p>It was founded<br/>in 1998, for 5&#160;million.</p><div>The city pays <b>for</b> it.<p>Not all.</p> Or so.</div>
<ul><li>Nine cranes</li><li><p>Two docks</p></li></ul>
<table><tr><th>Year</th><th>Trade</th></tr><tr><td>2022</td><td>4.1 m</td></tr></table>
<!-- no --></section></body></html>"""
BOOK = """<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:title>A book</dc:title></metadata><manifest><item id="b" href="text/two%20b.xhtml"/><item id="a" href="one.xhtml"/>
</manifest><spine><itemref idref="a"/><itemref idref="b"/><itemref idref="gone"/></spine></package>"""
CONTAINER = '<container><rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'


def book(path: Path, **parts: str) -> Path:
    """Write an electronic book of two chapters."""
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("META-INF/container.xml", CONTAINER)
        packed.writestr("OEBPS/book.opf", BOOK)
        packed.writestr("OEBPS/one.xhtml", CHAPTER)
        packed.writestr("OEBPS/text/two b.xhtml", "<html><body>The end came in 2024.</body></html>")
        for name, text in parts.items():
            packed.writestr(f"META-INF/{name}.xml", text)
    return path


def test_a_book(tmp_path: Path) -> None:
    document = read_document(book(tmp_path / "a.epub"), "a.epub", 20)
    assert document.title == "A book"
    assert kinds(document) == [
        ("heading", "# The harbour"),
        ("paragraph", "It was founded in 1998, for 5 million."),
        ("paragraph", "The city pays for it."),
        ("paragraph", "Not all."),
        ("paragraph", "Or so."),
        ("item", "Nine cranes"),
        ("item", "Two docks"),
        ("row", "Year | Trade"),
        ("row", "2022 | 4.1 m"),
        ("paragraph", "The end came in 2024."),
    ]


def test_books_that_cannot_be_read(tmp_path: Path) -> None:
    fonts = '<encryption><CipherReference URI="OEBPS/fonts/a.otf"/></encryption>'
    assert read_document(book(tmp_path / "a.epub", encryption=fonts), "a.epub", 20).title == "A book"
    locked = fonts.replace("fonts/a.otf", "text/two%20b.xhtml")
    with pytest.raises(CorpusError, match=r"'a.epub' is locked by its seller: only books without such a lock"):
        read_document(book(tmp_path / "a.epub", encryption=locked), "a.epub", 20)
    (tmp_path / "b.epub").write_bytes((tmp_path / "a.epub").read_bytes()[:500])
    with pytest.raises(CorpusError, match=r"'b.epub' cannot be read \(damaged"):
        read_document(tmp_path / "b.epub", "b.epub", 20)


@pytest.mark.parametrize(
    "data",
    [
        b'Year,Trade,"Paid, by"\r\n2022,4.1 m,"the ""city"""\r\n\r\n2023,5.3 m,\r\n',
        '\ufeffYear;Trade;Paid, by\n2022;4.1 m;the "city"\n2023;5.3 m;\n'.encode(),
        'Year\tTrade\tPaid, by\n2022\t4.1 m\tthe "city"\n2023\t5.3 m\n'.encode("utf-16"),
    ],
    ids=["commas", "semicolons", "tabs"],
)
def test_comma_separated_values(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "trade.csv").write_bytes(data)
    document = read_document(tmp_path / "trade.csv", "trade.csv", 20)
    assert document.title == "Trade"
    assert kinds(document) == [
        ("row", "Year | Trade | Paid, by"),
        ("row", '2022 | 4.1 m | the "city"'),
        ("row", "2023 | 5.3 m"),
    ]


def test_values_that_are_no_table_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b'a,"' + b"x" * 200_000)
    with pytest.raises(CorpusError, match=r"'a\.csv' cannot be read as a table"):
        read_document(tmp_path / "a.csv", "a.csv", 20)
