"""A conversation as text and as ids, and the word at which an answer went wrong."""

from hypothesis import given
from hypothesis import strategies as some

from core.text import Tokenizer, tinyland
from core.tuning.messages import encode_chat
from core.uses.conversation import Conversation
from core.uses.question import at_character, between

TOKENIZER = Tokenizer.byte_tokenizer()
words = some.text(some.sampled_from("ab é<|end|>"), min_size=1, max_size=12)


@given(words, some.lists(some.tuples(words, words), max_size=4), words)
def test_ids_are_those_of_the_chats_that_teach(system, turns, asked):
    chat = Conversation(system)
    for question, answer in turns:
        chat = chat.say(question).answer(answer)
    said = [("system", system), *(part for q, a in turns for part in (("user", q), ("assistant", a)))]
    assert [*chat.ids(TOKENIZER), TOKENIZER.eot] == encode_chat(TOKENIZER, tuple(said))
    waiting = chat.say(asked)
    assert waiting.waits and waiting.ids(TOKENIZER)[-1] == TOKENIZER.special_tokens["<|assistant|>"]
    assert waiting.undo() == chat
    for number in range(len(turns)):
        assert chat.edit(number, asked) == Conversation(system, (*turns[:number], (asked, None)))


def test_the_text_of_a_conversation_is_one_that_tinyland_reads():
    (document,) = tinyland.documents(1, stop=1, weights={"chat": 1})
    parts = [part.split("|>", 1)[1] for part in document.text.split("<|end|>")[:-1]]
    chat = Conversation(parts[0])
    for asked, said in zip(parts[1::2], parts[2::2], strict=True):
        chat = chat.say(asked).answer(said)
    assert chat.text == document.text and tinyland.parse(chat.text).ok


@given(words, words, words)
def test_the_word_in_question_is_the_first_token_that_differs(prompt, said, expected):
    prompt, said, expected = (text.replace("<", "(") for text in (prompt, f"{said}.", f"{expected}!"))
    found = between(TOKENIZER, prompt, said, expected)
    right, wrong = (TOKENIZER.encode(prompt + text) for text in (expected, said))
    place = next(i for i, (a, b) in enumerate(zip(right, wrong, strict=False)) if a != b)
    assert (found.cursor, found.written, found.wanted) == (place, wrong[place], right[place])
    assert found.text == prompt + said


def test_a_special_token_counts_as_one():
    found = at_character(TOKENIZER, "<|user|>ab<|end|>", 9)
    assert (found.cursor, found.written, found.wanted) == (2, ord("b"), None)
