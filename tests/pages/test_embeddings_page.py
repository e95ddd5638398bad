"""The embeddings page on a tiny model that knows words of Tinyland, on one that knows none, and at each step."""

import json
import struct

import numpy as np
import pytest

from core.analysis.embeddings.analogies import families, measure_all
from core.analysis.embeddings.context import paths
from core.analysis.embeddings.positions import effect
from core.analysis.embeddings.projection import silhouettes
from core.analysis.embeddings.words import tables, words
from core.model import load_checkpoint, run_trace
from core.text import tinyland
from pages.ui import background
from tests.pages.conftest import WORLDLY_STEPS as STEPS
from tests.pages.truths import captions, codes


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Nothing is left to the background: what a page asks for is there when it asks."""
    monkeypatch.setattr(background, "PATIENCE", 300)
    monkeypatch.setattr("core.analysis.embeddings.words.training_texts.__defaults__", (40,))


def component(at, key: str) -> tuple[dict, bytes]:
    """Header and payload of the component with this key."""
    for element in at.get("bidi_component"):
        proto = element.proto
        if proto.id.endswith(f"-{key}"):
            raw = proto.bytes
            size = struct.unpack("<I", raw[:4])[0]
            return json.loads(raw[4 : 4 + size]), raw[4 + size :]
    raise KeyError(key)


def said(at) -> str:
    return " ".join([captions(at), *(element.value for element in at.markdown)])


@pytest.mark.slow
def test_every_part_stands_on_a_model_with_words(app, worldly):
    at = app("embeddings", model="worldly", step="5", text="Plumstead is a town", cursor="1")
    assert not at.exception and not at.error
    header, payload = component(at, "space")
    checkpoint = load_checkpoint("worldly", 5)
    found = words(checkpoint.tokenizer)
    assert header["ids"] == list(found.ids) and header["steps"] == list(STEPS) and header["at"] == 1
    assert len(payload) == 4 * len(STEPS) * len(found.ids) * 2
    ids, groups = np.array(found.ids)[found.known], [found.groups[i] for i in found.known]
    expected = [silhouettes(rows[ids], groups).mean() for rows in tables(checkpoint)]
    np.testing.assert_allclose(header["scores"], expected, atol=1e-9)
    assert f"At step 5 it is **{expected[1]:.2f}**" in said(at)


def test_the_strips_are_the_rows_of_the_table(app, worldly):
    at = app("embeddings", model="worldly", step="5", text="Plumstead is")
    header, payload = component(at, "strips")
    checkpoint = load_checkpoint("worldly", 5)
    ids = [checkpoint.tokenizer.eot, *checkpoint.tokenizer.encode("Plumstead is")]
    rows = np.frombuffer(payload, "<f4").reshape(len(ids), header["width"])
    np.testing.assert_array_equal(rows, checkpoint.model.embed.weight.numpy()[ids])


@pytest.mark.slow
def test_the_rates_on_the_page_are_those_of_core(app, worldly):
    at = app("embeddings", model="worldly", relation="town → region")
    checkpoint = load_checkpoint("worldly")
    results = measure_all(checkpoint.model.embed.weight.numpy(), families(checkpoint.tokenizer))
    result = next(one for one in results if one.family.name == "town → region")
    n = f"{len(result.ranks):,}"
    assert n in said(at) and at.selectbox(key="relation").value == "town → region"
    a, b, c = (at.selectbox(key=f"vector_{letter}").value for letter in "abc")
    truth = {fact.subject: fact.value for fact in tinyland.WORLD.known_facts if fact.relation == "region"}
    assert truth[b] == a and c in truth
    at.button(key="analogy_next").click().run()
    assert not at.exception and tuple(at.selectbox(key=f"vector_{x}").value for x in "abc") != (a, b, c)


@pytest.mark.slow
def test_measures_and_comparisons(app, worldly):
    at = app("embeddings", model="worldly", metric="Euclidean", compare="as spoken", dimensions="3-D", word="Plumstead")
    assert not at.exception
    header, payload = component(at, "space")
    assert header["dims"] == 3 and len(payload) == 4 * len(STEPS) * len(header["ids"]) * 3
    assert header["words"][header["ids"].index(header["chosen"])] == "Plumstead"


def test_a_link_with_words_this_model_does_not_have(app):
    at = app(
        "embeddings", relation="no such", vector_a="<b>", vector_b="zz", vector_c="", word="nobody", second="é" * 300
    )
    assert not at.exception
    assert "too few whole words" in " ".join(info.value for info in at.info)


@pytest.mark.slow
def test_a_link_to_words_alone_keeps_them(app, worldly):
    """The relation on which the page opens is not in the link."""
    names = ("vector_a", "vector_b", "vector_c")
    first = [app("embeddings", model="worldly").session_state[name] for name in names]
    turned = dict(zip(names, first[::-1], strict=True))
    at = app("embeddings", model="worldly", **turned)
    assert not at.exception and {name: at.session_state[name] for name in names} == turned


@pytest.mark.slow
@pytest.mark.parametrize("places", ["taken away", "50 later", "doubled", "backwards"])
def test_positions_taken_away_and_moved(app, worldly, places):
    text = "Plumstead Yawnley Bellbrook"
    at = app("embeddings", model="worldly", places=places, text=text)
    assert not at.exception
    checkpoint = load_checkpoint("worldly")
    trace = run_trace(checkpoint.model, [checkpoint.tokenizer.eot, *checkpoint.tokenizer.encode(text)])
    here = np.arange(len(trace.ids))
    moved = {"taken away": None, "50 later": here + 50, "doubled": 2 * here, "backwards": here[::-1].copy()}[places]
    usual, changed = effect(checkpoint.model, trace, moved).losses.mean(axis=1)
    assert f"mean {usual:.2f} nats as usual, {changed:.2f} changed" in said(at)


@pytest.mark.slow
def test_every_show_code_runs(app, worldly):
    at = app("embeddings", model="worldly", step="5", text="Plumstead is a town", compare="as spoken")
    shown = [code for code in codes(at) if "load_checkpoint" in code]
    assert len(shown) >= 10
    for code in shown:
        exec(compile(code, "shown", "exec"), {})


@pytest.mark.slow
def test_what_comes_later_is_not_read_yet(app):
    at = app("embeddings", model="tinyland")
    at.button(key="embeddings_later_begin").click().run()
    assert not at.exception
    checkpoint = load_checkpoint("tinyland")
    texts = [at.session_state["text"], at.session_state["second"]]
    ids = [[checkpoint.tokenizer.eot, *checkpoint.tokenizer.encode(text)] for text in texts]
    first, second = (run_trace(checkpoint.model, row) for row in ids)
    at_she = at.session_state["cursor"]
    assert ids[0] != ids[1] and checkpoint.tokenizer.decode(ids[0][1 : at_she + 1]).endswith("because she")
    np.testing.assert_allclose(paths(first, second, (at_she, at_she)).similarity, 1)
    asked = component(at, "other")[0]  # the strip of the second sentence marks the same token
    assert asked["cursor"] == at_she
