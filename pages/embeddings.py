"""Where every token lives in the model's space, and how it came to live there."""

from pages.ui.caption import page_header
from pages.ui.embeddings import analogies, context, life, positions, table
from pages.ui.embeddings.map import words_on_a_map
from pages.ui.sections import section, stage

page_header(
    "Where does each word live in the model's space?", "Press *Play*, or move *Training step*, and watch it take shape."
)
stage(words_on_a_map)
section("When do kinds of words separate?", "life", life.section, height=560)
section("What is in the embedding table?", "table", table.section, height=520)
section("Can you do arithmetic with words?", "analogies", analogies.section, height=620)
section("What happens to a word in two different sentences?", "context", context.section, height=620)
section("How does it know which word came first?", "positions", positions.section, height=900)
