"""The classic tips as experiments: two prompts for the same cases, and whether the second does better."""

from dataclasses import dataclass

from core.prompting.laboratory import Bench
from core.prompting.tasks import TASKS, is_chat

VERDICTS = ("helps", "no clear difference", "hurts")


@dataclass(frozen=True)
class Tip:
    """What is said, and a task with a prompt that does not follow it, and one that does. `tries`: as many samples of
    the one prompt instead, of which one must be right."""

    said: str
    task: str
    without: str
    following: str
    tries: int = 0

    @property
    def needs_chats(self) -> bool:
        """Whether only a model that was taught to chat can be asked."""
        return any(is_chat(TASKS[self.task].prompts[name]) for name in (self.without, self.following))


TIPS = (
    Tip("Give examples", "find the rule", "no example", "four examples"),
    Tip("Give more than one example", "find the rule", "one example", "four examples"),
    Tip("Be specific: say what is to be done", "translate", "no word of what to do", "the form it has read"),
    Tip("Show examples even of what it knows", "translate", "the form it has read", "with two examples"),
    Tip("Try again, up to four times", "find the rule", "one example", "one example", 4),
    Tip("Use a system prompt", "know a fact", "a question, no system prompt", "a question with a system prompt"),
    Tip("Ask for the form in the system prompt", "keep to a form", "one word, asked by the user",
        "one word, asked by the system"),
    Tip("Put the system prompt first", "keep to a form", "system prompt at the other end",
        "one word, asked by the system"),
)  # fmt: skip


def effect(tip: Tip, bench: Bench) -> tuple[float, float, float]:
    """By how much following the tip raises the share right, with its 95 % interval. More tries cannot hurt: then it is
    pass@k less pass@1, and the interval is of one point."""
    following, without = bench.tried[tip.following], bench.tried[tip.without]
    if tip.tries:
        gain = following.ever(tip.tries) - without.ever(1)
        return gain, gain, gain
    return following.minus(without)


def verdict(effect: tuple[float, float, float]) -> str:
    """One of VERDICTS: whether the interval leaves zero out."""
    _, low, high = effect
    return VERDICTS[0] if low > 0 else VERDICTS[2] if high < 0 else VERDICTS[1]
