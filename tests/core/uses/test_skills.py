"""Cases and judgements of the four uses: what Tinyland itself would answer is right, one change makes it wrong."""

from itertools import islice

import pytest
import torch

from core.model import ModelConfig, Transformer, load_checkpoint, save_checkpoint, save_snapshot
from core.text import Tokenizer, tinyland
from core.uses import recorded
from core.uses.skills import END, SKILLS, can_be_asked, judged, measure, word_in_question

EXACT = [skill for skill in SKILLS if skill.judge is None]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """Random weights that read Tinyland, and were then taught chats, by their card."""
    torch.manual_seed(0)
    tokenizer = Tokenizer.byte_tokenizer()
    config = ModelConfig(vocab_size=tokenizer.vocab_size, context_length=1024, n_layers=1, n_heads=2, d_model=8)
    model = Transformer(config)
    folder = tmp_path_factory.mktemp("uses") / "model"
    stages = [{"name": "pretrain", "first_step": 0, "data": {"kind": "tinyland"}}, {"name": "sft", "first_step": 5}]
    save_snapshot(folder, 9, model)
    save_checkpoint(folder, model, tokenizer, {"steps": 9, "stages": stages})
    return load_checkpoint(folder)


@pytest.mark.parametrize("skill", EXACT, ids=lambda skill: skill.name)
def test_the_expected_answer_is_right_and_the_word_that_is_changed_is_found(skill):
    for asked in islice(skill.cases(), 3):
        answer = judged(skill, asked, asked.expected + "<|endoftext|>" * (not asked.expected.endswith(END)))
        assert answer.right
        place = len(asked.expected) // 3
        other = "X" if asked.expected[place] != "X" else "Y"
        wrong = judged(skill, asked, asked.expected[:place] + other + asked.expected[place + 1 :])
        assert not wrong.right and word_in_question(wrong) == len(asked.prompt) + place


def test_stories_and_programs_are_judged_by_what_they_say():
    by_name = {skill.name: skill for skill in SKILLS}
    skill = by_name["goes on with a beginning"]
    (asked,) = islice(skill.cases(), 1)
    told = next(d.text for d in tinyland.documents(2_000_000_087, weights={"story": 1}))
    assert told.startswith(asked.prompt)
    assert judged(skill, asked, told[len(asked.prompt) :] + "<|endoftext|>").right
    assert not judged(skill, asked, told[len(asked.prompt) :]).right  # it did not come to an end
    skill = by_name["writes programs that are right"]
    (asked,) = islice(skill.cases(), 1)
    assert judged(skill, asked, " f(n):\n    return n + 1\n>>> f(2)\n3<|endoftext|>").right
    wrong = judged(skill, asked, " f(n):\n    return n + 1\n>>> f(2)\n4<|endoftext|>")
    assert not wrong.right and word_in_question(wrong) == len("def f(n):\n    return n + 1\n>>> f(2)\n")
    skill = by_name["fulfils a wish"]
    (asked,) = islice(skill.cases(), 1)
    assert judged(skill, asked, asked.expected).right
    assert not judged(skill, asked, asked.expected.replace(".", "!", 1)).right


@pytest.mark.slow
def test_what_was_not_learned_is_not_asked_and_what_was_measured_is_kept(checkpoint, monkeypatch):
    assert {skill.use for skill in can_be_asked(checkpoint)} == {"chat", "translation", "writing", "code"}
    found = measure(checkpoint, most=1)
    assert len(found) == len(SKILLS) and all(one.share.n == 1 == one.share.right + len(one.failures) for one in found)
    assert recorded.recorded(checkpoint) is None
    recorded.write(checkpoint, found)
    kept = recorded.recorded(checkpoint)
    assert kept == found == recorded.found_of(checkpoint.folder, checkpoint.step)
    path = recorded.path_of(checkpoint)
    path.write_text(path.read_text().replace('"sha256": "', '"sha256": "0'))
    assert recorded.recorded(checkpoint) is None
    monkeypatch.setitem(checkpoint.card, "stages", [{"name": "pretrain", "first_step": 0, "data": {"kind": "text"}}])
    assert can_be_asked(checkpoint) == []
    with pytest.raises(ValueError, match="Tinyland"):
        measure(checkpoint, most=1)


def test_a_broken_record_is_none(checkpoint):
    path = recorded.path_of(checkpoint)
    path.parent.mkdir(exist_ok=True)
    for text in ("", "[]", '{"sha256": 3}', "\x00"):
        path.write_text(text)
        assert recorded.recorded(checkpoint) is None
    path.unlink()
