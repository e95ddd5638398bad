"""A chat as its turns, as the text that Tinyland's chats have, and as ids.

>>> chat = Conversation("Answer in one word.").say("Where does Ada live?")
>>> chat.text
'<|system|>Answer in one word.<|end|><|user|>Where does Ada live?<|end|><|assistant|>'
>>> chat.answer("Brindle").undo() == Conversation("Answer in one word.")
True
"""

from dataclasses import dataclass, replace

from core.text import Tokenizer
from core.tuning.messages import END, ROLES, ChatError, token_of


@dataclass(frozen=True)
class Conversation:
    """What the system asks for, and pairs of what the visitor said and what was answered; the last answer may be None:
    it is still to come."""

    system: str
    turns: tuple[tuple[str, str | None], ...] = ()

    @property
    def waits(self) -> bool:
        """Whether an answer is to come."""
        return bool(self.turns) and self.turns[-1][1] is None

    def say(self, words: str) -> "Conversation":
        """With another question."""
        return replace(self, turns=(*self.turns, (words, None)))

    def answer(self, words: str) -> "Conversation":
        """With the answer to the last question, whatever was there."""
        return replace(self, turns=(*self.turns[:-1], (self.turns[-1][0], words)))

    def undo(self) -> "Conversation":
        """Without the last question and its answer."""
        return replace(self, turns=self.turns[:-1])

    def edit(self, number: int, words: str) -> "Conversation":
        """With other words in a question; what came after it falls away."""
        return replace(self, turns=(*self.turns[:number], (words, None)))

    @property
    def parts(self) -> list[tuple[str, str | None]]:
        """(role, words) of every turn."""
        said = [part for asked, told in self.turns for part in (("user", asked), ("assistant", told))]
        return [("system", self.system), *said]

    @property
    def text(self) -> str:
        """All of it, special tokens by their names; up to where the answer begins if one is to come."""
        return "".join(token_of(role) + ("" if said is None else f"{said}{END}") for role, said in self.parts)

    def ids(self, tokenizer: Tokenizer) -> list[int]:
        """As the model reads it. What looks like a special token within a turn is only text. Raises ChatError where the
        vocabulary has no tokens for chats."""
        check(tokenizer)
        special, ids = tokenizer.special_tokens, [tokenizer.eot]
        for role, said in self.parts:
            ids.append(special[token_of(role)])
            ids += [] if said is None else [*tokenizer.encode(said), special[END]]
        return ids


def check(tokenizer: Tokenizer) -> None:
    """Raises ChatError where the vocabulary has no tokens for chats."""
    if missing := [name for name in (*map(token_of, ROLES), END) if name not in tokenizer.special_tokens]:
        raise ChatError(f"its vocabulary has no {' and '.join(missing)}")
