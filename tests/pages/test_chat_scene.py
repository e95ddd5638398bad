"""A chat on the sampling page with a model made elsewhere: token for token what its own template makes of the talk."""

from types import SimpleNamespace

import pytest

from core.text.stock import StockTokenizer
from core.tuning.messages import encode_question
from pages.ui.sampling.story import Scene
from tests.core.model.stock.folders import byte_level, sentence_piece

CHATML = (
    "{% for m in messages %}{{ eos_token + m.role + '\n' + m.content + eos_token + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ eos_token + 'assistant\n' }}{% endif %}"
)
LLAMA2 = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}{{ '[INST] ' + m.content + ' [/INST]' }}"
    "{% elif m.role == 'system' %}{{ raise_exception('none') }}{% else %}{{ m.content + eos_token }}{% endif %}"
    "{% endfor %}"
)


@pytest.mark.parametrize(
    ("spelled", "template", "systems"),
    [(byte_level, None, ("", "Be so.")), (byte_level, CHATML, ("", "Be so.")), (sentence_piece, LLAMA2, ("",)),
     (sentence_piece, CHATML, ("", "Be so."))],
)  # fmt: skip
def test_what_is_typed_stands_in_the_template(spelled, template, systems):
    ends = {"eos_token": "<|endoftext|>"} if spelled is byte_level else {"bos_token": "<s>", "eos_token": "</s>"}
    tokenizer = StockTokenizer(spelled(), ends | ({"chat_template": template} if template else {}), "m")
    view = SimpleNamespace(tokenizer=tokenizer)
    for system in systems:
        frame = tokenizer.frame(system)
        scene = Scene(view, tuple(tokenizer.encode(frame.opening.rstrip(" "), special=True)), True, frame)
        talk = [("system", system)] if system else []
        ids = list(scene.prompt)
        for said, answer in (("Mia gave it?", "the ball"), ("To Tom", "naïve 🙂"), ("and so on", "")):
            ids += scene.tokens_of_typed(f" {said} ", ids)
            talk = [*talk, ("user", said), ("assistant", answer)]
            assert ids == encode_question(tokenizer, tuple(talk))
            written = tokenizer.encode_chat([{"role": role, "content": words} for role, words in talk])[0]
            ids = written[: len(written) - written[::-1].index(tokenizer.stops[0])]  # as the model ends its answer
            assert ids[-1] in scene.stop
