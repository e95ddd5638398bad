"""What a model had a chance to learn, by its card."""

from pages.ui.view import View


def has_read(view: View, kind: str) -> bool:
    """Whether documents of this kind of Tinyland are among what the model has read."""
    tinyland = [data for data in view.description.parts_read if data.get("kind") == "tinyland"]
    return any(data.get("weights") is None or kind in data["weights"] for data in tinyland)
