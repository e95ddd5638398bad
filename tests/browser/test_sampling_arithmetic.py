"""assets/components/sampler/stages.js in Chromium against core.generation.sampler: the same numbers."""

import base64
import json

import numpy as np
import pytest
import torch

from core.generation.sampler import BOUNDS, ORDER, Sampler, draw
from tests.modules import ADDRESS, with_modules

RUN = """cases => {
  const encode = array => {  // in pieces: a call takes only so many arguments
    const bytes = new Uint8Array(array.buffer), parts = [];
    for (let i = 0; i < bytes.length; i += 8192) parts.push(String.fromCharCode(...bytes.subarray(i, i + 8192)));
    return btoa(parts.join(''));
  };
  return cases.map(({logits, context, settings, order, us}) => {
    const values = new Float32Array(Uint8Array.from(atob(logits), c => c.charCodeAt(0)).buffer);
    const on = Object.fromEntries(order.filter(n => n in settings).map(n => [n, settings[n]]));
    const stages = stagesOf(rawRow(values), countIds(context), on);
    return stages.map(({name, value, row}) => ({
      name, value, entropy: rowEntropy(row), draws: us.map(u => row.ids[drawFrom(row, u)]),
      probs: encode(spread(row, values.length)),
    }));
  });
}"""
US = [0.0, 0.1234, 0.5, 0.77, 0.99, 0.999999]


@pytest.fixture(scope="module")
def blank(chromium):
    """A page with nothing but the functions."""
    page = chromium("about:blank").new_page()
    with_modules(page)
    page.evaluate(f"async () => void Object.assign(globalThis, await import('{ADDRESS}sampler/stages.js'))")
    yield page
    page.close()


def random_settings(rng: np.random.Generator) -> dict:
    every = {
        "temperature": round(float(rng.choice([0.0, 0.2, 0.7, 1.3, 2.0])), 6),
        "top_k": int(rng.integers(1, 200)),
        "top_p": round(float(rng.uniform(0, 1)), 6),
        "min_p": round(float(rng.uniform(0, 0.3)), 6),
        "typical_p": round(float(rng.uniform(0.05, 1)), 6),
        "repetition_penalty": round(float(rng.uniform(1, 2)), 6),
        "presence_penalty": round(float(rng.uniform(-2, 2)), 6),
        "frequency_penalty": round(float(rng.uniform(-2, 2)), 6),
    }
    return {name: value for name, value in every.items() if rng.random() < 0.5}


def cases(count: int) -> list[dict]:
    rng = np.random.default_rng(12)
    made = []
    for i in range(count):
        size = int(rng.choice([1, 2, 40, 2048])) if i % 30 else 50_257
        logits = (rng.normal(size=size) * rng.choice([0.3, 2.0, 8.0])).astype(np.float32)
        logits[rng.random(size) < 0.1 * (i % 3 == 1)] = -np.inf
        logits[0] = 1.0
        order = list(ORDER) if i % 2 else [ORDER[k] for k in rng.permutation(len(ORDER))]
        context = rng.integers(0, size, 30).tolist()
        settings = random_settings(rng) if i % 5 else {}
        made.append({"logits": logits, "context": context, "settings": settings, "order": order, "us": US})
    for name, (_, _, default) in BOUNDS.items():  # each setting alone, with equal logits
        logits = np.float32([1, 3, 3, 2, 3, -1, -1, 0])
        value = {"top_k": 2, "temperature": 0.5}.get(name, 0.75)
        assert value != default
        made.append({"logits": logits, "context": [1, 5, 5], "settings": {name: value}, "order": list(ORDER), "us": US})
    return made


def test_every_stage_equals_python(blank):
    wanted = cases(100)
    answers = blank.evaluate(RUN, [case | {"logits": base64.b64encode(case["logits"]).decode()} for case in wanted])
    compared = 0
    for case, answer in zip(wanted, answers, strict=True):
        sampler = Sampler(**case["settings"], order=tuple(case["order"]))
        stages = sampler.stages(case["logits"], case["context"])
        assert [stage["name"] for stage in answer] == [stage.name for stage in stages], json.dumps(case["settings"])
        for ours, theirs in zip(answer, stages, strict=True):
            probs = np.frombuffer(base64.b64decode(ours["probs"]))
            np.testing.assert_allclose(probs, theirs.probs, atol=1e-12)
            assert ours["value"] == theirs.value
            possible = theirs.probs[theirs.probs > 0]
            assert ours["entropy"] == pytest.approx(-(possible * np.log(possible)).sum(), abs=1e-9)
            assert ours["draws"] == [draw(theirs.probs, u) for u in US]
            compared += 1
    assert compared > 300


def test_the_chi_square_and_its_p_value(blank):
    """p against torch's incomplete gamma function, the statistic against NumPy; fair draws pass, unfair ones do not."""
    for a, x in [(0.5, 0.1), (0.5, 9.0), (1.0, 2.0), (7.5, 3.0), (7.5, 20.0), (100.0, 90.0), (100.0, 130.0)]:
        exact = torch.special.gammaincc(torch.tensor(a, dtype=torch.float64), torch.tensor(x, dtype=torch.float64))
        assert blank.evaluate("([a, x]) => gammaQ(a, x)", [a, x]) == pytest.approx(float(exact), rel=1e-9)
    program = """([logits, bias]) => {
      let state = 7;  // Park and Miller's generator: the same numbers every time
      const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
      const row = rawRow(Float32Array.from(logits));
      const counts = drawMany(row, 1000, () => random() ** bias);
      return {counts: [...counts], probs: [...row.weights].map(w => w / row.total), ...chiSquare(row, counts, 1000)};
    }"""
    logits = np.linspace(0, 2, 8).tolist()
    fair, unfair = blank.evaluate(program, [logits, 1]), blank.evaluate(program, [logits, 1.5])
    expected = 1000 * np.array(fair["probs"])
    assert sum(fair["counts"]) == 1000 and fair["freedom"] == 7
    assert fair["statistic"] == pytest.approx(((np.array(fair["counts"]) - expected) ** 2 / expected).sum())
    assert fair["p"] > 0.001 > unfair["p"]
    pooled = blank.evaluate(program, [[0, 0, *[-7] * 9], 1])  # nine tokens, 0.45 times each: the pool joins the next
    assert pooled["freedom"] == 1
