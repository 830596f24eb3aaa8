"""The page: a chat beside the article, drawn by gradio; thin over QA, with no retrieval or answering logic in it."""
