"""Tokenizers of models made elsewhere: ids are those of `tokenizers`, and every byte of a text is in some piece."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from core.text import Tokenizer as Tokenizer_
from core.text.chat_template import render
from core.text.errors import TokenizerError
from core.text.merge_tree import joins
from core.text.stock import StockTokenizer
from tests.core.model.stock.folders import TEXTS, byte_level, sentence_piece

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
MIXED = [
    "The end. It's 12345!", "Größe, ÿ, naïve", "数学 と 日本語", "привет мир", "مرحبا", "🙂👩‍👩‍👧", "a\r\n\n  b\t ", ""
]  # fmt: skip
TEXT = st.lists(
    st.text(st.characters(exclude_categories=("Cs", "Cn")), max_size=8)
    | st.sampled_from([" the ball", "<|endoftext|>", "</s>", "  ", "▁", "<0x41>"]),
    max_size=6,
).map("".join)


def split_by(pattern: str, digits: bool = False) -> str:
    made = Tokenizer(models.BPE(ignore_merges=True))
    cut = [pre_tokenizers.Split(Regex(pattern), "isolated"), pre_tokenizers.ByteLevel(False, use_regex=False)]
    cut = [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(False)] if digits else cut
    made.pre_tokenizer, made.decoder = pre_tokenizers.Sequence(cut), decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(TEXTS + MIXED, trainers.BpeTrainer(
        vocab_size=340, special_tokens=["<|endoftext|>"], initial_alphabet=alphabet, show_progress=False
    ))  # fmt: skip
    return made.to_str()


@pytest.fixture(scope="module", params=["gpt2", "llama3", "qwen", "smollm", "llama2"])
def pair(request):
    spelled = {
        "gpt2": byte_level, "llama3": lambda: split_by(LLAMA3), "qwen": lambda: split_by(QWEN),
        "smollm": lambda: split_by("", digits=True), "llama2": sentence_piece,
    }[request.param]()  # fmt: skip
    ends = {"bos_token": {"content": "<s>"}, "eos_token": "</s>"} if request.param == "llama2" else {}
    return StockTokenizer(spelled, ends, request.param), Tokenizer.from_str(spelled)


def check(ours: StockTokenizer, theirs: Tokenizer, text: str) -> None:
    ids = ours.encode(text, special=True)
    assert ids == theirs.encode(text, add_special_tokens=False).ids
    pieces = ours.pieces(text)
    spelled = b"".join(piece.bytes for piece in pieces)
    assert [piece.start for piece in pieces] == [0, *[piece.end for piece in pieces]][: len(pieces)]
    # ▁ in a text cannot be told from a space, and is read back as one
    assert spelled.decode() == (text.replace("▁", " ") if ours.name == "llama2" else text)
    assert ours.decode([piece.id for piece in pieces]) == spelled.decode()
    if ours.name != "llama2":
        assert "".join(ours.split(text)) == text
        assert ours.decode(ids) == theirs.decode(ids, skip_special_tokens=False)


@pytest.mark.parametrize("text", [*MIXED, *TEXTS[:2], "<|endoftext|>a<|endoftext|>", "a</s> b"])
def test_ids_and_bytes_of_many_languages(pair, text):
    check(*pair, text)


@pytest.mark.slow
@settings(max_examples=80, deadline=None)
@given(text=TEXT)
def test_ids_and_bytes_of_any_text(pair, text):
    check(*pair, text)


def test_a_name_in_a_text_is_text_unless_asked(pair):
    ours, _ = pair
    name = next(iter(ours.special_tokens))
    assert ours.special_tokens[name] not in ours.encode(name)
    assert ours.encode(name, special=True)[-1] == ours.special_tokens[name]
    assert ours.eot in ours.stops and ours.vocab_size > max(ours.stops)


def test_merges_of_a_chunk_lead_to_its_token(pair):
    ours, _ = pair
    for text in (" the", " ball"):
        ids = ours.encode(text)
        made = joins(ours.ranks, text.encode())
        if ours.ranks:
            assert len(text.encode()) - len(made) == len(ids)
        else:
            assert ours.name == "llama2"


@pytest.mark.parametrize(("spelled", "named"), [
    ("{", "cannot be read"), ("[]", "cannot be read"), ("{}", "cannot be read"),
    (json.dumps({"version": "1.0", "model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}}), "BPE"),
])  # fmt: skip
def test_what_is_no_bpe_is_refused(spelled, named):
    with pytest.raises(TokenizerError, match=named):
        StockTokenizer(spelled, {}, "m")


def test_a_chat_is_written_by_the_models_own_template_and_its_part_is_marked():
    template = "{% for m in messages %}{{ eos_token + m.role + ': ' + m.content }}{% endfor %}"
    template += "{% if add_generation_prompt %}{{ eos_token + 'assistant: ' }}{% endif %}"
    config = {"eos_token": {"content": "<|endoftext|>"}, "chat_template": [{"name": "default", "template": template}]}
    ours = StockTokenizer(byte_level(), config, "m")
    talk = [{"role": "user", "content": "Who? 🙂"}, {"role": "assistant", "content": "Größe 🙂"}]
    ids, own = ours.encode_chat(talk)
    assert ours.decode(ids) == "<|endoftext|>user: Who? 🙂<|endoftext|>assistant: Größe 🙂" and ids.count(ours.eot) == 2
    assert ours.decode([id for id, mine in zip(ids, own, strict=True) if mine]).strip() == "Größe 🙂"
    asked, own = ours.encode_chat(talk[:1], prompt=True)
    assert ids[: len(asked) - 1] == asked[:-1] and not any(own)


def test_where_no_template_came_with_it_names_tell_who_speaks():
    ours = StockTokenizer(byte_level(), {}, "m")
    ids, own = ours.encode_chat([{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "Tom."}])
    assert ours.decode(ids) == "<|endoftext|>User: Who?\n\nAssistant: Tom.<|endoftext|>"
    assert ours.decode([id for id, mine in zip(ids, own, strict=True) if mine]) == " Tom.<|endoftext|>"
    assert ours.chat_template is None and ours.taught().chat_template and ours.taught().taught().ranks == ours.ranks


def test_it_is_written_and_read_again_as_it_was(pair, tmp_path):
    ours, _ = pair
    ours.stops, ours.rows = (*ours.stops, 5), ours.rows + 3
    ours.save(tmp_path / "tokenizer.json")
    again = Tokenizer_.load(tmp_path / "tokenizer.json")
    assert isinstance(again, StockTokenizer) and vars(again).keys() == vars(ours).keys()
    for name in ("name", "vocab_size", "special_tokens", "pattern", "ranks", "eot", "stops", "chat_template", "rows"):
        assert getattr(again, name) == getattr(ours, name), name
    for text in MIXED:
        assert again.pieces(text, special=True) == ours.pieces(text, special=True)
    assert again.token_bytes(ours.rows - 1).startswith(b"<unused")
    with pytest.raises(TokenizerError, match="has no token"):
        again.token_bytes(ours.rows)
    with pytest.raises(TokenizerError, match='"config", "stops" or "rows"'):
        Tokenizer_.from_json(ours.to_json() | {"stops": None})


@pytest.mark.slow
@settings(max_examples=8, deadline=None)
@given(
    system=st.sampled_from(["", "Be brief."]), words=st.lists(TEXT.map(str.strip).filter(bool), min_size=1, max_size=5)
)
@pytest.mark.parametrize(
    "template", ["", "{{ bos_token }}{% for m in messages %}<{{ m.role }}>{{ m.content }}</s>\n{% endfor %}<assistant>"]
)
def test_a_talk_is_what_stands_around_its_words(template, system, words):
    """What a template writes, beside the parts that were found in it."""
    config = {"bos_token": "<s>", "eos_token": "</s>"} | ({"chat_template": template} if template else {})
    ours = StockTokenizer(sentence_piece(), config, "m")
    words = words[: len(words) - 1 + len(words) % 2]  # the visitor speaks last
    talk = [{"role": ("user", "assistant")[i % 2], "content": said} for i, said in enumerate(words)]
    talk = [{"role": "system", "content": system}, *talk] if system else talk
    wanted, _ = render(ours.taught().chat_template, talk, ours.taught().config, prompt=True)
    found = ours.frame(system)
    written = found.opening
    for i, said in enumerate(words):
        written += f"{'' if template else ' '}{said}{found.between}" if i % 2 else said + found.closing
    assert written == wanted


@pytest.mark.parametrize("template", ["{{ raise_exception('no system') }}", "{{ messages | length }}", "always"])
def test_a_template_that_does_not_write_turn_after_turn_has_no_frame(template):
    ours = StockTokenizer(byte_level(), {"chat_template": template}, "m")
    with pytest.raises(TokenizerError):
        ours.frame()


def test_a_tokenizer_without_an_end_is_refused():
    bare = json.loads(byte_level()) | {"added_tokens": []}
    with pytest.raises(TokenizerError, match="bos_token, eos_token"):
        StockTokenizer(json.dumps(bare), {}, "m")
