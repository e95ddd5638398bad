"""The space of the token embeddings: a map of words at any step of training, and the neighbours of any token."""

from pages.ui import embeddings_map
from pages.ui.caption import page_header, try_it
from pages.ui.view import current

page_header(
    "Where does each word live in the model's space?", "Press *Play*, or move *Training step*, and watch it take shape."
)
embeddings_map.stage()
begin = current().checkpoint.steps[0]
try_it(
    "Before any training, will names lie nearer to names than to animals?",
    "No: the vectors begin as random numbers. Every kind is scattered everywhere, and no similarity is high.",
    label=f"Go back to step {begin:,}",
    key="embeddings_start",
    update={"step": begin},
)
