"""Where every token lives in the model's space, and how it came to live there."""

from pages.ui import (
    embeddings_analogies,
    embeddings_context,
    embeddings_life,
    embeddings_map,
    embeddings_positions,
    embeddings_table,
)
from pages.ui.caption import page_header, try_it
from pages.ui.view import current

page_header(
    "Where does each word live in the model's space?", "Press *Play*, or move *Training step*, and watch it take shape."
)
embeddings_map.stage()
embeddings_life.section()
embeddings_table.section()
embeddings_analogies.section()
embeddings_context.section()
embeddings_positions.section()
begin = current().checkpoint.steps[0]
try_it(
    "Before any training, will names lie nearer to names than to animals?",
    "No: the vectors begin as random numbers. Every kind is scattered everywhere, and no similarity is high.",
    label=f"Go back to step {begin:,}",
    key="embeddings_start",
    update={"step": begin},
)
