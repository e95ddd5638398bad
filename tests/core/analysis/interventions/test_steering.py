"""Steering: directions against sums written out, and what is written against plain generation."""

import math

import pytest
import torch

from core.analysis.interventions.directions import (
    before_words,
    category_direction,
    mentions,
    prompts_direction,
    record_sites,
)
from core.analysis.interventions.intervene import SAMPLE_SEED, Intervened, edit_of, steering_edit
from core.analysis.interventions.steering import (
    LOOKED_AT,
    Written,
    breaks_between,
    openings,
    read_share,
    surprise,
    write_steered,
)
from core.analysis.interventions.values import Steer
from core.generation import Sampler, generate
from core.model import Checkpoint, ModelConfig, Site, Transformer, run_trace
from core.text import public_encoding, tinyland
from tests.tiny import make_checkpoint

TEXTS = ["The cat saw a red kite. A rabbit ran.", "Mia has a dog. The dog is old.", "It was sunny."]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> Checkpoint:
    from core.model import load_checkpoint

    folder = tmp_path_factory.mktemp("steering") / "tiny"
    make_checkpoint(folder)
    return load_checkpoint(folder)


def ids_of(tokenizer, text):
    return [tokenizer.eot, *tokenizer.encode(text)]


def test_words_of_a_category_are_found_whatever_the_tokens(tiny):
    for tokenizer in (tiny.tokenizer, public_encoding("gpt2")):
        for text in TEXTS:
            ids = ids_of(tokenizer, text)
            found = before_words(tokenizer, ids, "animals")
            animals = [word for word in text.replace(".", "").split() if tinyland.category(word) == "animals"]
            assert len(found) == len(animals)
            for position, animal in zip(found, animals, strict=True):
                assert tokenizer.decode(ids[position + 1 :]).lstrip().startswith(animal)
                assert not tokenizer.decode(ids[position + 2 :]).lstrip().startswith(animal)


def test_the_direction_of_a_category_is_a_difference_of_means(tiny):
    texts = [ids_of(tiny.tokenizer, text) for text in TEXTS]
    streams = [run_trace(tiny.model, ids).resid_pre[1] for ids in texts]
    there = [s[before_words(tiny.tokenizer, i, "animals")] for s, i in zip(streams, texts, strict=True)]
    expected = torch.cat(there).mean(dim=0) - torch.cat(streams).mean(dim=0)
    torch.testing.assert_close(category_direction(tiny, 1, "animals", texts), expected, atol=1e-4, rtol=1e-4)
    with pytest.raises(ValueError, match="months"):
        category_direction(tiny, 1, "months", texts)


def test_recorded_batches_hold_what_each_text_alone_gives(tiny):
    texts = [ids_of(tiny.tokenizer, text) for text in TEXTS * 7]  # more than one batch
    sites = [Site("resid_pre", 1), Site("z", 0)]
    count = 0
    for ids, real, values in record_sites(tiny.model, texts, sites):
        for row, length, stream, z in zip(ids, real.sum(dim=1), *(values[site] for site in sites), strict=True):
            trace, count = run_trace(tiny.model, row[:length]), count + 1
            torch.testing.assert_close(stream[:length], trace.resid_pre[1], atol=1e-4, rtol=1e-4)
            torch.testing.assert_close(z[:, :length], trace.z[0], atol=1e-4, rtol=1e-4)
    assert count == len(texts)


def test_a_prompts_direction_takes_one_prompt_to_the_other(tiny):
    """Added at the end of `minus`, the stream there is that of `plus`, and so is the prediction."""
    plus, minus = "the red dog", "the small town"
    direction = prompts_direction(tiny, 1, plus, minus)
    ids = ids_of(tiny.tokenizer, minus)
    moved = Intervened(tiny.model, [steering_edit(1, direction)])
    after = run_trace(moved, ids).resid_pre[1, -1]
    torch.testing.assert_close(after, run_trace(tiny.model, ids_of(tiny.tokenizer, plus)).resid_pre[1, -1])


def test_what_is_written_is_what_the_steered_model_writes_alone(tiny):
    prompts = [ids_of(tiny.tokenizer, text)[:5] for text in TEXTS]
    direction = prompts_direction(tiny, 1, "dog", "town")
    written = list(write_steered(tiny, 1, direction, prompts, 6, "animals", (0.0, 3.0)))
    assert [one.strength for one in written] == [0.0, 3.0]
    for one in written:
        model = Intervened(tiny.model, [edit_of(Steer(1, one.strength, "dog", "town"), tiny)])
        rows, nats = [], []
        for prompt in prompts:
            steps = list(generate(model, prompt, Sampler(temperature=0), 6, 0, stop=(tiny.tokenizer.eot,)))
            rows.append([step.id for step in steps])
            logs = run_trace(tiny.model, [*prompt, *rows[-1]]).logits.log_softmax(-1)
            nats.append(-sum(float(logs[4 + i, id]) for i, id in enumerate(rows[-1])) / len(rows[-1]))
        shown = [[id for id in row if id != tiny.tokenizer.eot] for row in rows]
        assert list(one.texts) == [tiny.tokenizer.decode(row) for row in shown]
        assert one.nats[0] == pytest.approx(sum(nats) / len(nats), abs=1e-3)
        assert surprise(tiny.model, prompts, rows) == pytest.approx(nats, abs=1e-3)
        assert one.nats[1] <= one.nats[0] <= one.nats[2]


def test_a_uniform_model_is_surprised_by_the_logarithm_of_its_vocabulary():
    shape = {"vocab_size": 50, "context_length": 16, "n_layers": 1, "n_heads": 1, "d_model": 8}
    model = Transformer(ModelConfig(**shape, tie_embeddings=False))
    assert surprise(model, [[1, 2], [3, 4]], [[5, 6, 7], [8]]) == pytest.approx([math.log(50)] * 2, abs=1e-5)


def test_where_it_breaks():
    def at(strength, nats):
        return Written(strength, (), (nats, 0, 0), (0, 0, 0), None)

    rows = [at(0, 1.0), at(1, 1.9), at(2, 2.1), at(3, 9.0)]
    assert breaks_between(rows) == (1, 2)
    assert breaks_between(rows[:2]) is None and breaks_between(rows[:1]) is None


def test_how_far_the_grammar_reads():
    story = next(tinyland.documents(5, weights={"story": 1})).text
    cut = story.index(". ") + 1
    assert read_share(story[:cut], story[cut:]) == 1
    half = cut + (len(story) - cut) // 2
    assert 0.4 < read_share(story[:cut], story[cut:half] + "zzzz" + story[half:]) < 0.6
    assert read_share(story[:cut], " zzz zzz") < 0.3
    assert read_share(story[:cut], "") == 1


def test_openings_are_first_sentences_of_one_length(tiny):
    found = openings(tiny, 6)
    assert 2 <= len(found) <= 6 and len({len(ids) for ids in found}) == 1
    stories = [d.text for d in tinyland.documents(SAMPLE_SEED + 1, stop=LOOKED_AT, weights={"story": 1})]
    for ids in found:
        text = tiny.tokenizer.decode(ids[1:])
        assert text[-1] in ".?!" and any(story.startswith(f"{text} ") for story in stories)


def test_mentions_are_counted():
    assert mentions("A cat, two dogs and a kite.", "animals") == 2
