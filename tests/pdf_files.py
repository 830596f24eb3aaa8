"""PDF files for tests: written by ReportLab, with a running head and numbered pages."""

from pathlib import Path

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate

STYLES = getSampleStyleSheet()


def furnish(canvas: Canvas, template: SimpleDocTemplate) -> None:
    """Draw what stands on every page."""
    canvas.drawString(72, A4[1] - 40, "The Harbour Gazette")
    canvas.drawString(72, 40, f"Page {template.page}")


def pdf(path: Path, content: list[Flowable], **options: object) -> Path:
    """Write a PDF of two pages or so."""
    SimpleDocTemplate(str(path), pagesize=A4, **options).build(content, furnish, furnish)
    return path


def paragraphs(text: str) -> list[Flowable]:
    """Return paragraphs of a body text."""
    return [Paragraph(block, STYLES["BodyText"]) for block in text.split("\n") if block.strip()]
