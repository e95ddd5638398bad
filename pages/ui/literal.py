"""The one door through which words of visitors, links, files and exceptions come into what Streamlit reads as Markdown.

That is: every label, help, message, caption, heading and progress text, and the options of radio buttons, pills and
segmented controls. Not: st.text, st.code, the options of select boxes, cells of tables, values of inputs, and what
components are sent; these are shown as they are.

A word that is not ours must neither format anything, nor fetch a picture, nor become a link that somebody may click.
Written for Streamlit 1.67; tests/browser/test_literal.py shows every kind of markup to it and looks at what came of it.
"""

import re

JOINER = "\u2060"  # has no width and no meaning, and lets no line break: what it stands in is no longer markup
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")  # with a backslash before it each of these stands for itself
# What Streamlit looks for after that, in the finished text, where no backslash is left: links, addresses of e-mail,
# :emoji: and :material_icon:, arrows and dashes.
_REWRITTEN = re.compile(
    r":(?=[\w+-]+:)|https?:(?=//)|www(?=\.)|@(?=[\w-])|<(?=[-=])|[->~](?=[=>-])", re.ASCII | re.IGNORECASE
)
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")  # characters that turn the direction of all that follows


def literal(text: object) -> str:
    """`text` as Markdown that shows it as it stands, on one line."""
    line = _TURNING.sub("", " ".join(str(text).replace("\ufeff", "").split()))
    return _PUNCTUATION.sub(r"\\\1", _REWRITTEN.sub(lambda found: found[0] + JOINER, line))
