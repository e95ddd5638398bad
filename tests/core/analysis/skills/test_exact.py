"""One forward pass over texts as they stand tells what greedy decoding would write, as decoding itself does."""

import pytest
import torch

from core.analysis.skills import cases, exact
from core.analysis.skills.choices import choices, share_chosen
from core.generation import greedy_batch
from core.model import ModelConfig, Transformer
from core.text import Tokenizer, tinyland, train_bpe
from core.text.tinyland import Span
from tests.core.analysis.skills.reciter import Reciter


def follows(table: dict[str, str], tokenizer: Tokenizer | None = None) -> Transformer:
    """A model of bytes, or of these tokens, that writes after each the one in the table, whatever came before."""
    tokenizer = tokenizer or Tokenizer.byte_tokenizer()
    size = tokenizer.vocab_size
    width = size + size % 2
    config = ModelConfig(vocab_size=size, context_length=40, n_layers=1, n_heads=1, d_model=width, tie_embeddings=False)
    model = Transformer(config, seed=None).requires_grad_(False).eval()
    for parameter in model.parameters():
        parameter.fill_(1.0 if parameter.dim() == 1 else 0.0)
    model.embed.weight.copy_(torch.eye(size, width))
    for before, after in table.items():
        model.unembed.weight[tokenizer.encode(after)[0], tokenizer.encode(before)[0]] = 1.0
    return model


@pytest.mark.parametrize(
    ("text", "span", "expected"),
    [
        ("xx abcd.", "abcd", True),
        ("xx abcd!", "abcd", False),  # it goes on with a full stop
        ("xx abcd", "abcd", False),  # and does not end
        ("xx abd.", "abd", False),
        ("xx cd.", "cd", False),  # after a blank it says a
        ("xx abcd.", "bc", True),
    ],
)
def test_passages_are_written_when_decoding_writes_them(text, span, expected):
    model, tokenizer = follows({" ": "a", "a": "b", "b": "c", "c": "d", "d": "."}), Tokenizer.byte_tokenizer()
    at = text.index(span)
    asked = exact.ask(tokenizer, text, [Span(at, at + len(span), span)])
    assert exact.would_write(model, tokenizer, [asked]) == [[expected]]
    prompt = [tokenizer.eot, *tokenizer.encode(text[:at])]
    [ids] = greedy_batch(model, [prompt], len(span) + 1, set())
    end = text[at + len(span) :][:1]
    assert cases.is_right(cases.Case(prompt, span, end), tokenizer.decode(ids)) is expected


@pytest.mark.parametrize(
    ("text", "answer", "table", "expected"),
    [
        # ".\n" is one token: in the text, as it is written, or in both
        ("b.\n", "b.", {"b": ".\n"}, True),
        ("b.\n", "b.", {"b": "."}, True),
        ("b.\n", "b.", {"b": "a"}, False),
        ("b.", "b.", {"b": ".\n"}, True),
        ("b.", "b.", {"b": ".", ".": "\n"}, True),
        ("b.", "b.", {"b": ".", ".": "a"}, False),
        ("b.\n", "b", {"b": ".\n"}, True),
        ("b.\n", "b", {"b": "a"}, False),
        ("b.a", "b.", {"b": ".\n"}, False),  # a new line is not what ends it
    ],
)
def test_what_ends_an_answer_can_be_a_part_of_its_last_token(text, answer, table, expected):
    tokenizer = Tokenizer.from_bpe(train_bpe([".\n" * 50], 257), "full stops")
    assert len(tokenizer.encode(".\n")) == 1
    asked = exact.ask(tokenizer, "a" + text, [Span(1, 1 + len(answer), answer)])
    assert exact.would_write(follows({"a": "b", **table}, tokenizer), tokenizer, [asked]) == [[expected]]


def test_long_and_short_texts_together(monkeypatch):
    model, tokenizer = follows({" ": "a", "a": "b", "b": "c", "c": "d", "d": "."}), Tokenizer.byte_tokenizer()
    texts = [" abcd.", " x abc. abd.", "abcd. " * 5, "x"]
    asked = [exact.ask(tokenizer, text, [Span(i, i + 2, "") for i in range(len(text) - 1)]) for text in texts]
    alone = [exact.would_write(model, tokenizer, [one])[0] for one in asked]
    assert any(map(any, alone)) and not all(map(all, alone))
    for size in (1, 20, 1000):
        monkeypatch.setattr(exact, "BATCH_TOKENS", size)
        assert exact.would_write(model, tokenizer, asked) == alone
    assert exact.those_that_fit(asked, 20) == [asked[0], asked[1], asked[3]]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    texts = [d.text for d in tinyland.documents(1, stop=300, weights={"reference": 1.0, "story": 1.0})]
    return Tokenizer.from_bpe(train_bpe(texts, 500), "references")


def test_choices_know_who_is_meant(tokenizer):
    text = "One evening, Felix met Jamal in the observatory. Felix asked Jamal the way because he lived nearby. "
    text += "Yes, Jamal lived nearby."
    documents = tinyland.parse(text).documents
    [choice] = choices(tokenizer, documents, 200)
    said = tokenizer.decode(choice.ids[1:])
    shared = said.removeprefix(text[: text.index("Jamal lived")].rstrip())  # what both names begin with
    assert text.startswith(said) and " Jamal".startswith(shared) and " Felix".startswith(shared)
    assert " Jamal".startswith(shared + tokenizer.decode([choice.right]))
    assert " Felix".startswith(shared + tokenizer.decode([choice.wrong]))
    pieces = lambda places: "".join(tokenizer.decode([choice.ids[i]]) for i in places).split()  # noqa: E731
    assert pieces(choice.meant) == ["Jamal", "Jamal"] and pieces(choice.others) == ["Felix", "Felix"]
    assert choices(tokenizer, documents, 10) == []


@pytest.mark.slow
def test_who_knows_the_texts_chooses_right_and_who_knows_the_others_wrong(tokenizer):
    documents = list(tinyland.documents(7, stop=60, weights={"reference": 1.0}))
    chosen = choices(tokenizer, documents, 256)
    assert len(chosen) > 40 and {"people", "objects"} <= {one.category for one in chosen}
    knows = Reciter([[*one.ids, one.right] for one in chosen], tokenizer.vocab_size)
    assert share_chosen(knows, chosen, batch=7).rate == 1  # type: ignore[arg-type]
    last = [found[-1] for d in documents if (found := choices(tokenizer, [d], 256))]
    errs = Reciter([[*one.ids, one.wrong] for one in last], tokenizer.vocab_size)
    assert share_chosen(errs, last).rate == 0  # type: ignore[arg-type]
    texts = [[tokenizer.eot, *tokenizer.encode(d.text), tokenizer.eot] for d in documents]
    assert exact.share_written(Reciter(texts, tokenizer.vocab_size), tokenizer, documents).rate == 1  # type: ignore[arg-type]


def test_shares_of_groups_that_hang_together():
    flips = [True, False, True, True, False, True]
    alone = cases.of_clusters([[flip] for flip in flips])
    assert (alone.right, alone.n) == (4, 6) and alone.effective == pytest.approx(5)  # the sample variance's n - 1
    many = cases.of_clusters([[flip] * 10 for flip in flips])
    assert (many.right, many.n) == (40, 60) and many.interval == pytest.approx(alone.interval)
    assert cases.of_clusters([[True] * 50] * 4).interval == pytest.approx(cases.Share(4, 4).interval)
    assert cases.of_clusters([]).interval == (0.0, 1.0)
