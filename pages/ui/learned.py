"""What a model had a chance to learn in pre-training, by its card."""

from typing import Any

from pages.ui.view import View


def first_data(view: View) -> dict[str, Any]:
    """What the card says of the data of pre-training."""
    card = view.description.card
    stages = card.get("stages")
    first = stages[0] if isinstance(stages, list) and stages and isinstance(stages[0], dict) else card
    data = first.get("data")
    return data if isinstance(data, dict) else {}


def has_read(view: View, kind: str) -> bool:
    """Whether documents of this kind of Tinyland are among what the model has read."""
    data = first_data(view)
    weights = data.get("weights")
    return data.get("kind") == "tinyland" and (weights is None or kind in weights)
