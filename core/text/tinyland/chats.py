"""What chats need beside the words of the world: topics that are refused, roles, tasks and mistakes to correct.

State: "style" and "topic" as in vocabulary; "banned" -> the topic that the system prompt forbids; "role" -> who the
assistant plays.
"""

from collections.abc import Callable, Sequence
from typing import Any

from core.text.tinyland.birthdays import asked_in_chats
from core.text.tinyland.grammar import Env

# What may be forbidden, and the topics of questions that it covers.
BANS = {
    "food": ("food",),
    "animals": ("animal",),
    "colours": ("colour",),
    "jobs": ("occupation",),
    "towns": ("home", "specialty", "region", "capital"),
    "numbers": ("sum",),
    "languages": ("word",),
}
ROLES = ("pirate", "robot", "ghost", "cat", "queen", "grandmother", "parrot", "detective")
FOLLOWED = ("home", "food", "animal", "colour", "occupation")  # topics of which "And Ada?" can ask


def _is_banned(env: Env) -> bool:
    return env["topic"] in BANS[env["q"]]


def _towards(topic: str) -> Callable[[Env], float]:
    """A forbidden topic is asked for as often as all others together."""
    return lambda env: 9.0 / len(BANS[env["q"]]) if topic in BANS[env["q"]] else 1.0


def _wrong_article(value: object) -> str:
    word = str(value)
    return f"{'a' if word[0] in 'aeiou' else 'an'} {word}"


DOMAINS: dict[str, Callable[..., Sequence[Any]]] = {
    "ban": lambda _env: tuple(BANS),
    "role": lambda _env: ROLES,
    "hero": lambda env: [env["a"]],
    "asked_birthday": lambda _env: asked_in_chats(),
}
GUARDS: dict[str, Callable[..., bool]] = {
    "banned": _is_banned,
    "allowed": lambda env: not _is_banned(env),
    "followed": lambda env: env.get("topic") in FOLLOWED,
    "plays": lambda env, role: env["r"] == role,
}
WEIGHTS = {f"lean_{topic}": _towards(topic) for topics in BANS.values() for topic in topics}
FORMS: dict[str, Callable[[Any], str]] = {
    "wrong": _wrong_article,
    "small": lambda value: str(value).lower(),
}
