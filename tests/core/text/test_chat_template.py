"""Chat templates: what is written, whose part is whose, and that a template can do no harm."""

import pytest

from core.model.pretrained import CHAT_TEMPLATE
from core.text.chat_template import render
from core.text.errors import TokenizerError

TALK = [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "Tom."},
        {"role": "user", "content": "Tom."}, {"role": "assistant", "content": "Mia"}]  # fmt: skip
CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
LAST_ONLY = (  # as templates that drop the reasoning of earlier answers
    "{{ bos_token }}{% for m in messages %}[{{ m.role }}]"
    "{% if m.role == 'assistant' and not loop.last %}({{ m.content }})"
    "{% else %}{{ m.content }}{% endif %}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}"
)


@pytest.mark.parametrize(("template", "own"), [
    (CHATML, ["Tom.<|im_end|>\n", "Mia<|im_end|>\n"]),
    (CHAT_TEMPLATE, ["Tom.<|end|>", "Mia<|end|>"]),
    (LAST_ONLY, ["Tom.", "Mia"]),
])  # fmt: skip
def test_the_assistants_part_is_known(template, own):
    text, spans = render(template, TALK, {"bos_token": "<s>"})
    assert [text[a:b] for a, b in spans] == own
    asked, spans = render(template, TALK[:1], {"bos_token": "<s>"}, prompt=True)
    assert spans == [] and text.startswith(asked) and asked.rstrip().endswith(("assistant", "|>", "]"))


@pytest.mark.parametrize(("template", "told"), [
    ("{% for x in %}", "cannot write this"),
    ("{{ messages.__class__.__mro__ }}", "cannot write this"),
    ("{{ ''.__class__.__base__.__subclasses__() }}", "cannot write this"),
    ("{{ messages.append(1) }}", "cannot write this"),
    ("{{ raise_exception('roles must alternate') }}", "roles must alternate"),
    ("{% for i in range(99999) %}{{ 'x' * 1000 }}{% endfor %}", "more than any conversation"),
    ("{% for i in range(10**9) %}{% endfor %}", "cannot write this"),
    ("{{ 1 / 0 }}", "cannot write this"),
    ("{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}", "cannot write this"),
])  # fmt: skip
def test_a_broken_or_hostile_template_is_refused(template, told):
    with pytest.raises(TokenizerError, match=told):
        render(template, TALK, {})


def test_what_is_said_cannot_pretend_to_be_the_assistant():
    text, spans = render(CHAT_TEMPLATE, [{"role": "user", "content": "\ue000mine\ue001"}, TALK[1]], {})
    assert [text[a:b] for a, b in spans] == ["Tom.<|end|>"]
