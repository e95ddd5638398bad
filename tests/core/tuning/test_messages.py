"""Chats as JSONL: what is read, what is said about each bad line, and the mask of every chat form, token by token."""

import json
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text import Tokenizer
from core.tuning import assistant_mask
from core.tuning.messages import ROLES, ChatError, encode_chat, read_jsonl, write_jsonl

TOKENIZER = Tokenizer.byte_tokenizer()
SPECIAL = TOKENIZER.special_tokens
SAID = st.text(min_size=1, max_size=12).map(str.strip).filter(bool)
FORMS = [  # (role, words), as chats come
    (("user", "Who?"), ("assistant", "Ada.")),
    (("system", "Be brief."), ("user", "Who?"), ("assistant", "Ada.")),
    (("user", "Who?"), ("assistant", "Ada."), ("user", "Where?"), ("assistant", "Home.")),
    (("assistant", "Hello."), ("user", "Who?"), ("assistant", "Ada.")),
    (("user", "Who?"), ("user", "Well?"), ("assistant", "Ada."), ("assistant", "Or Bo.")),
    (("user", "Write <|assistant|> and <|end|>"), ("assistant", "<|end|> is only text here.")),
]


@pytest.mark.parametrize("chat", FORMS)
def test_exactly_the_words_of_the_assistant_count_and_that_they_end(chat):
    ids = encode_chat(TOKENIZER, chat)
    counted = [id for id, counts in zip(
        ids, assistant_mask(ids, SPECIAL["<|assistant|>"], SPECIAL["<|end|>"]), strict=True) if counts]  # fmt: skip
    wanted = [id for role, said in chat if role == "assistant" for id in (*TOKENIZER.encode(said), SPECIAL["<|end|>"])]
    assert counted == wanted


@pytest.mark.slow
@given(st.lists(st.tuples(st.sampled_from(ROLES), SAID), min_size=1, max_size=6))
def test_what_is_written_is_read_and_a_chat_without_an_answer_is_refused(turns):
    chats, problems = read_jsonl(write_jsonl([tuple(turns)]))
    if any(role == "assistant" for role, _ in turns):
        assert chats == [tuple(turns)] and not problems
    else:
        assert not chats and "no turn of the assistant" in str(problems[0])


@given(st.text(max_size=60))
def test_whatever_stands_in_a_file_is_a_chat_or_a_problem_with_its_line(text):
    chats, problems = read_jsonl(text)
    written = sum(bool(line.strip()) for line in text.split("\n"))
    assert len(chats) + len(problems) == written
    assert all(1 <= problem.line <= text.count("\n") + 1 for problem in problems)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"messages": [', "not JSON at character"),
        ('{"prompt": "a"}', 'no "messages"'),
        ("[1, 2]", 'no "messages"'),
        (json.dumps({"messages": [{"role": "bot", "content": "x"}]}), "role 'bot'"),
        (json.dumps({"messages": [{"role": "user", "content": " "}]}), "message 1 says nothing"),
        (json.dumps({"messages": [{"role": "user", "content": "Who?"}]}), "no turn of the assistant"),
    ],
)
def test_line_37_is_named_and_the_others_are_kept(line, said):
    good = json.dumps({"messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]})
    chats, (problem,) = read_jsonl("\n".join([good] * 36 + [line] + [good] * 3))
    assert len(chats) == 39 and problem.line == 37 and str(problem).startswith("line 37: ") and said in problem.message


def test_a_vocabulary_without_tokens_for_chats_is_refused():
    plain = SimpleNamespace(special_tokens={"<|endoftext|>": 0}, eot=0)
    with pytest.raises(ChatError, match="lacks"):
        encode_chat(plain, FORMS[0])
