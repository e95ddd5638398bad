"""Where every token lives in the model's space, and how it came to live there."""

from pages.ui.caption import page_header, try_it
from pages.ui.embeddings import analogies, context, life, positions, table
from pages.ui.embeddings import map as words_map
from pages.ui.state import DEFAULT_TEXT
from pages.ui.view import current

page_header(
    "Where does each word live in the model's space?", "Press *Play*, or move *Training step*, and watch it take shape."
)
words_map.begin()
words_map.stage()
first = current().description.steps[0]
try_it(
    "Before any training, will names lie nearer to names than to animals?",
    "No: the vectors begin as random numbers. Every kind is scattered everywhere, and no similarity is high.",
    label=f"Go back to step {first:,}",
    key="embeddings_start",
    update={"step": first},
)
life.section()
table.section()
analogies.section()
context.section()
try_it(
    "Both sentences are the same up to “she”; only what comes after it differs, and so does who is meant. At which "
    "layer will the two vectors of “she” part?",
    "At none: the curve stays at 1. A token is read before anything that follows it, so at “she” the model cannot know "
    "yet which of the two is meant. Only later tokens can settle it.",
    label="Change what comes after",
    key="embeddings_later",
    update={
        "text": f"{DEFAULT_TEXT} had asked for it.",
        "second": f"{DEFAULT_TEXT} had two of them.",
        "cursor": len(current().tokenizer.encode(DEFAULT_TEXT)),  # its last token, after the start
        "word": "",
    },
)
positions.section()
try_it(
    "Tell every token that it stands 50 places later than it does. How much will the prediction change?",
    "With rotary positions, not at all: heads only compare places, and all distances are as before. A model that "
    "learned a vector for each position does change. Then try to take positions away, or to double them.",
    label="Move everything by 50",
    key="embeddings_later_50",
    update={"places": "50 later"},
)
