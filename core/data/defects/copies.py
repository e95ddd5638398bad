"""Texts that were there before, almost."""

from random import Random

from core.text.tinyland import lexicon

EDIT_RATES = (0.005, 0.01, 0.02, 0.04, 0.08)  # share of words that differ: word 5-grams in common 0.95 to 0.5
FILLERS = ("quite", "very", "really", "rather", "perhaps", "also", "just", "still")

TEMPLATES = (
    "The weather in {town} today: {weather} in the morning, {number} degrees at noon. We know the weather of every "
    "town, and we tell it every day. Come back to this page tomorrow to see the weather for the next day, or look at "
    "the map with all the towns of the land. If you have seen that our weather was wrong, write to the station and "
    "we will have a look at it.",
    "Are you looking for a house in {town}? We have {number} houses with a garden, a kitchen and a view of the hills. "
    "All of them are warm and dry, and the roads to the market and to the school are short. Come and see them with "
    "your family on any day but {weekday}. That is the day on which we clean the windows and have a rest.",
    "Welcome to the library of {town}. We have {number} books that you can take home for a month, and a room to sit "
    "and read in with your friends. The library is open on every day of the week but {weekday}. To take a book home "
    "you have to show your card; the card is free for all who live in the town and for those who go to the school.",
)


def nearly(rng: Random, text: str, rate: float) -> str:
    """The text with some words replaced, left out or added; at least one."""
    lines = [line.split(" ") for line in text.split("\n")]
    places = [(i, j) for i, words in enumerate(lines) for j in range(len(words))]
    for i, j in rng.sample(places, max(1, round(rate * len(places)))):
        word = lines[i][j]
        lines[i][j] = rng.choice((rng.choice(FILLERS), "", f"{word} {rng.choice(FILLERS)}"))
    return "\n".join(" ".join(word for word in words if word) for words in lines)


def from_template(rng: Random, number: int) -> str:
    town, weather = rng.choice(lexicon.TOWN_NAMES), rng.choice(("sun", "rain", "fog", "snow", "wind"))
    return TEMPLATES[number].format(
        town=town, weather=weather, number=rng.randint(2, 40), weekday=rng.choice(lexicon.WEEKDAYS)
    )
