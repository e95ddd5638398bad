"""Stories about whom a pronoun means: reasons that fit one of two people only, and what belongs to whom.

State: "meant" -> the person that the pronoun means; "cast" -> the two people.
"""

from collections.abc import Callable, Sequence
from typing import Any

from core.text.tinyland import lexicon
from core.text.tinyland.grammar import Env
from core.text.tinyland.world import Person, World

# Why somebody did something to somebody: each list fits the one who did it, or the other, and no list shares a reason.
REASONS = {
    "helper": ("had carried the heavy bags", "had found the key", "had mended the roof", "had fed the ducks"),
    "guide": ("knew every street", "had a map", "had been there before", "lived nearby"),
    "lost_one": ("was new in town", "had lost the map", "could not find the station", "had turned left too often"),
    "giver": ("had two of them", "liked to share", "had grown too old for it", "was moving to a smaller house"),
    "taker": ("had a birthday", "had asked for it", "had never had one", "would take good care of it"),
    "strong_one": ("was as strong as a bear", "was not tired at all", "had long legs", "wanted to be a hero"),
    "weak_one": ("had hurt a toe", "had fallen asleep", "was too tired to walk", "had lost both shoes"),
    "loser": ("did not know the rules", "was thinking of lunch", "always moved the wrong way", "had not slept"),
    "winner": ("had practised for weeks", "never made a mistake", "had a clever plan", "was the best in town"),
    "caller": ("needed help", "wanted to tell a joke", "had big news", "felt lonely"),
    "called_one": ("was late", "had not answered the letter", "had forgotten a hat", "had left without a word"),
    "funny_one": ("wore a bucket as a hat", "sang like a frog", "had soup in both ears", "danced with a broom"),
    "naughty_one": ("had eaten the cake", "had broken the vase", "had told the secret", "had let the goat out"),
    "sleeper": ("snored like a bear", "had slept all day", "was talking in a dream", "would have missed the train"),
    "waker": ("had heard a noise", "had seen a ghost", "could not sleep", "wanted to see the sun rise"),
}
CLOTHING = ("hat", "scarf", "coat", "apron", "sweater", "cape", "helmet")


def _owner_of(env: Env, s: str, first: str, second: str) -> list[Any]:
    return [env[first] if env[s] is env["cast"][0] else env[second]]


def domains(world: World) -> dict[str, Callable[..., Sequence[Any]]]:
    """The domains that these stories add."""
    like = {a: [b for b in others if b.pronoun == a.pronoun] or others for a, others in world.friends.items()}
    unlike = {a: [b for b in others if b.pronoun != a.pronoun] or others for a, others in world.friends.items()}
    places = {place: [other for other in world.places if other is not place] for place in world.places}
    colours = {colour: [other for other in world.colours if other is not colour] for colour in world.colours}
    clothing = [noun for noun in lexicon.OBJECTS if noun.singular in CLOTHING]

    def reasons_of(name: str) -> Callable[[Env], Sequence[str]]:
        return lambda _env: REASONS[name]

    return {
        **{name: reasons_of(name) for name in REASONS},
        "friend_like": lambda env, a: like[env[a]],
        "friend_unlike": lambda env, a: unlike[env[a]],
        "other_place": lambda env, p: places[env[p]],
        "other_colour": lambda env, x: colours[env[x]],
        "clothing": lambda _env: clothing,
        "belonging": _owner_of,
        "meant": lambda env: [env["meant"]],
    }


def _mean(env: Env, u: str) -> None:
    env["meant"] = env[u]


def _hand(env: Env, h: str, n: str) -> None:
    receiver: Person = env[n]
    env[h] = receiver


EFFECTS: dict[str, Callable[..., None]] = {"meant": _mean, "hand": _hand}
