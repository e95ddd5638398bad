"""Where to go from a page: every page ends with the next one, and with the question that it answers."""

import streamlit as st

NEXT = {
    "": ("data.py", "Where does the text come from that a model reads?"),
    "data": ("tokenization.py", "How does text become tokens?"),
    "tokenization": ("embeddings.py", "How does a token become a vector?"),
    "embeddings": ("attention.py", "Which earlier words does a word look at?"),
    "attention": ("inside.py", "How does a prediction come about, layer by layer?"),
    "inside": ("experiments.py", "What happens when a part is switched off?"),
    "experiments": ("training.py", "How did the model learn all this?"),
    "training": ("finetuning.py", "How does it learn to answer?"),
    "finetuning": ("feedback.py", "How does it learn what we like?"),
    "feedback": ("sampling.py", "How does it write?"),
    "sampling": ("prompting.py", "What does a prompt do?"),
    "prompting": ("uses.py", "What is it good for, and where does it fail?"),
    "uses": ("limits.py", "When is it wrong, and does it know?"),
    "limits": ("overview.py", "See the whole path again, with your own sentence"),
}


def next_page(url_path: str) -> None:
    """The link at the end of the page at this address."""
    page, question = NEXT[url_path]
    st.page_link(page, label=f"Next: {question}", icon=":material/arrow_forward:")
