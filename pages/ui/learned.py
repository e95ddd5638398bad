"""What a model had a chance to learn, by its card."""

from pages.ui.view import View


def has_read(view: View, kind: str) -> bool:
    """Whether documents of this kind of Tinyland are among what the model has read."""
    data = view.description.read
    weights = data.get("weights")
    return data.get("kind") == "tinyland" and (weights is None or kind in weights)


def was_taught_chats(view: View) -> bool:
    """By the card: a stage after pre-training, or chats among what was read."""
    begun = [stage.name for stage in view.description.stages if stage.first_step < view.step]
    weights = view.description.read.get("weights")
    read = isinstance(weights, dict) and weights.get("chat", 0) > 0
    return any(name != "pretrain" for name in begun) or ("pretrain" in begun and read)
