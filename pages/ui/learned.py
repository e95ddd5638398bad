"""What a model had a chance to learn, by its card."""

from pages.ui.view import View


def has_read(view: View, kind: str) -> bool:
    """Whether documents of this kind of Tinyland are among what the model has read."""
    data = view.description.read
    weights = data.get("weights")
    return data.get("kind") == "tinyland" and (weights is None or kind in weights)
