"""The page's endpoints for programs: `/ask` and `/search` return what `qa ask --json` and `qa search --json` print."""

from dataclasses import asdict
from typing import Any

import gradio as gr
from gradio.block_function import BlockFunction
from gradio.events import api

from qa.errors import QAError
from qa.ui.engine import Engine

WAIT_SECONDS = 300
"""How long a call waits for the models to be loaded after the start."""


class Page(gr.Blocks):
    """Blocks that take a call without its last, optional arguments: `{"data": ["Who?"]}` is enough for curl."""

    def validate_inputs(self, block_fn: BlockFunction, inputs: list[Any]) -> None:
        """Fill up missing arguments with None, before gradio counts them."""
        if block_fn.api_visibility == "public":
            inputs.extend([None] * (len(block_fn.inputs) - len(inputs)))
        super().validate_inputs(block_fn, inputs)


def add_endpoints(engine: Engine, answers_at_once: int) -> None:
    """Add the endpoints to the Blocks that is being built.

    Args:
        engine: what answers.
        answers_at_once: calls of `ask` and answers on the page that run at the same time; more wait in gradio's queue.
    """

    def ask(question: str, history: list[dict[str, str]] | None = None) -> dict[str, Any]:
        """Answer a question with verbatim citations; history is a list of {"role", "content"}."""
        try:
            with engine.asking():
                answer = engine.ready_qa(WAIT_SECONDS).ask(question, history=history or ())  # type: ignore[arg-type]
        except QAError as error:
            raise gr.Error(str(error), print_exception=False) from error
        return answer.to_json()

    def search(question: str, k: int | None = None) -> list[dict[str, Any]]:
        """Return the passages found for a question, best first, without answering."""
        try:
            found = engine.ready_qa(WAIT_SECONDS).search(question, k)
        except QAError as error:
            raise gr.Error(str(error), print_exception=False) from error
        return [asdict(passage) for passage in found]

    api(ask, api_name="ask", concurrency_limit=answers_at_once, concurrency_id="answers")
    api(search, api_name="search", concurrency_limit=8, concurrency_id="searches")
