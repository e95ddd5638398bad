"""The attention page by mouse and keyboard: every number that it says is the model's own."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from core.figures.labels import percent
from core.model import load_checkpoint, run_trace
from tests.browser.resting import hover_until, ready, resting, resting_box
from tests.browser.test_shell import chip
from tests.tiny import make_checkpoint

pytestmark = pytest.mark.thorough
TEXT = "the red ball and the brown dog"
MARGIN = 66  # beside the heat map, as in attention_head.js


@pytest.fixture(scope="module")
def trace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("twin") / "tiny"
    make_checkpoint(folder)
    checkpoint = load_checkpoint(folder)
    return run_trace(checkpoint.model, [checkpoint.tokenizer.eot, *checkpoint.tokenizer.encode(TEXT)])


@pytest.fixture
def attention(page):
    page.goto(f"/attention?v=1&text={TEXT.replace(' ', '+')}")
    ready(page)
    page.get_by_role("gridcell").nth(3).wait_for()
    page.locator(".heat canvas").wait_for()
    expect(page.locator(".bar .name")).to_have_text("Layer 0, head 0")
    return page


def head(page, layer: int, number: int):
    return page.get_by_role("gridcell", name=re.compile(rf"^layer {layer}, head {number}"))


def said(page, text: str | re.Pattern) -> None:
    expect(page.locator(".bar .name")).to_have_text(text)


def test_the_grid_of_heads_by_mouse(attention):
    page = attention
    head(page, 1, 1).hover()
    said(page, "Layer 1, head 1")  # a preview: nothing is selected
    assert head(page, 1, 1).get_attribute("aria-selected") == "false"
    page.mouse.move(5, 5)
    said(page, "Layer 0, head 0")
    head(page, 1, 0).click()
    page.get_by_text("trace.pattern[1, 0]").first.wait_for(state="attached")  # the server knows
    page.mouse.move(5, 5)
    said(page, "Layer 1, head 0")
    head(page, 1, 0).click()  # again: released
    said(page, re.compile("head 0|The mean of all 4 heads"))
    page.mouse.move(5, 5)
    said(page, "The mean of all 4 heads")
    head(page, 0, 1).dblclick()
    said(page, "Layer 0, head 1, alone")
    head(page, 1, 1).hover()
    said(page, "Layer 0, head 1, alone")  # no preview of others while one stands alone
    head(page, 0, 1).dblclick()
    page.mouse.move(5, 5)
    said(page, "The mean of all 4 heads")  # as before
    head(page, 0, 1).dblclick()
    said(page, "Layer 0, head 1, alone")
    head(page, 1, 1).click()
    head(page, 1, 0).click(modifiers=["Shift"])
    page.mouse.move(5, 5)
    said(page, "The mean of heads 1.1, 1.0")


def test_the_grid_of_heads_by_keyboard(attention):
    page = attention
    head(page, 0, 0).focus()
    page.keyboard.press("ArrowDown")
    said(page, "Layer 1, head 0")
    page.keyboard.press("ArrowRight")
    said(page, "Layer 1, head 1")
    page.keyboard.press("ArrowRight")  # the edge
    said(page, "Layer 1, head 1")
    page.get_by_text("trace.pattern[1, 1]").first.wait_for(state="attached")
    expect(head(page, 1, 1)).to_be_focused()
    page.keyboard.press("i")
    said(page, "Layer 1, head 1, alone")
    page.keyboard.press("i")
    said(page, "Layer 1, head 1")
    page.keyboard.press("i")
    said(page, "Layer 1, head 1, alone")
    page.keyboard.press("Escape")
    said(page, "Layer 1, head 1")
    page.keyboard.press("Escape")
    said(page, "The mean of all 4 heads")


def strongest(weights: np.ndarray) -> str:
    return percent(float(weights.max()))


def test_what_a_token_reads_is_what_the_model_computed(attention, trace):
    page, last = attention, len(trace.ids) - 1
    reads = page.locator(".said .from")
    expect(reads).to_contain_text(strongest(trace.pattern[0, 0, last].numpy()))
    chip(page, 4).hover()
    expect(reads).to_contain_text(strongest(trace.pattern[0, 0, 4].numpy()))
    expect(page.locator(".said .by")).to_contain_text(strongest(trace.pattern[0, 0, 4:, 4].numpy()))
    head(page, 1, 1).click()
    page.mouse.move(5, 5)
    expect(reads).to_contain_text(strongest(trace.pattern[1, 1, last].numpy()))


def test_the_first_token_set_aside(attention, trace):
    page, last = attention, len(trace.ids) - 1
    page.get_by_role("checkbox", name=re.compile("^set the first token")).check()
    expect(page.locator(".note").last).to_contain_text("Without the first token")
    rest = trace.pattern[0, 0, last].numpy()[1:]
    expect(page.locator(".said .from")).to_contain_text(strongest(rest / rest.sum()))
    expect(page.locator(".said .from")).not_to_contain_text("start")
    resting(page)
    head(page, 0, 1).click()  # the answer of the server does not take it back
    page.get_by_text("trace.pattern[0, 1]").first.wait_for(state="attached")
    assert page.get_by_role("checkbox", name=re.compile("^set the first token")).is_checked()


def cell(page, length: int, query: int, key: int) -> dict[str, float]:
    """Where a cell of the heat map is, in the canvas."""
    box = page.locator(".heat canvas").bounding_box()
    unit = min(box["width"] - MARGIN, box["height"] - 8) / length
    return {"x": (key + 0.5) * unit, "y": (query + 0.5) * unit}


def test_pins_on_the_heat_map_add_up(attention, trace):
    page, length = attention, len(trace.ids)
    canvas, pattern = page.locator(".heat canvas"), trace.pattern[0, 0].numpy()
    looks = page.locator(".said .from")
    hover_until(canvas, cell(page, length, 5, 2), lambda: percent(float(pattern[5, 2])) in looks.inner_text())
    expect(chip(page, 5)).to_have_class(re.compile("lit"))  # the strip shows who looks
    canvas.click(position=cell(page, length, 5, 2))
    expect(chip(page, 5)).to_have_attribute("aria-pressed", "true")
    canvas.click(position=cell(page, length, 3, 1), modifiers=["Shift"])
    page.mouse.move(5, 5)
    both = pattern[5] + pattern[3]
    expect(page.locator(".said .from")).to_contain_text("together read from")
    expect(page.locator(".said .from")).to_contain_text(percent(float(both.max())))
    expect(page.locator(".note").last).to_contain_text("2 × 100 %")
    expect(chip(page, 3)).to_have_attribute("aria-pressed", "true")
    canvas.press("Escape")
    expect(page.locator(".note").last).to_contain_text("Nothing is pinned")
    expect(chip(page, 3)).to_have_attribute("aria-pressed", "false")


def test_shift_click_in_the_text_adds_to_the_sum(attention, trace):
    page, pattern = attention, trace.pattern[0, 0].numpy()
    chip(page, 5).click()
    expect(chip(page, 5)).to_have_attribute("aria-pressed", "true")
    chip(page, 3).click(modifiers=["Shift"])
    page.mouse.move(5, 5)
    expect(page.locator(".said .from")).to_contain_text("together read from")
    expect(page.locator(".said .from")).to_contain_text(percent(float((pattern[5] + pattern[3]).max())))
    expect(chip(page, 3)).to_have_attribute("aria-pressed", "true")
    expect(chip(page, 5)).to_have_class(re.compile("also"))
    chip(page, 5).click(modifiers=["Shift"])  # again: taken out
    expect(chip(page, 5)).not_to_have_class(re.compile("also"))
    expect(page.locator(".said .from")).not_to_contain_text("together")
    expect(chip(page, 3)).to_have_attribute("aria-pressed", "true")


def test_two_tokens_chosen_one_after_the_other_rank_the_heads(attention, trace):
    page = attention
    ranking = page.locator(".ranking")
    expect(ranking).to_contain_text("Click one token, then another")
    chip(page, 5).click()
    chip(page, 2).click()
    shares = trace.pattern[:, :, 5, 2].numpy()
    best = [np.unravel_index(i, shares.shape) for i in np.argsort(-shares, axis=None, kind="stable")]
    expected = [f"L{i}H{j} {percent(float(shares[i, j]))}" for i, j in best]
    expect(ranking.get_by_role("button")).to_have_text(expected)
    expect(ranking).to_contain_text(f"on average over all heads {percent(float(shares.mean()))}")
    layer, number = best[0]
    ranking.get_by_role("button").first.click()
    said(page, f"Layer {layer}, head {number}")
    expect(ranking.get_by_role("button").first).to_have_attribute("aria-pressed", "true")
    canvas = page.locator(".heat canvas")
    canvas.click(position=cell(page, len(trace.ids), 6, 3))  # a cell says reader and source at once
    other = trace.pattern[:, :, 6, 3].numpy()
    expect(ranking.get_by_role("button").first).to_contain_text(percent(float(other.max())))
    canvas.press("Escape")
    expect(ranking).to_contain_text("Click one token, then another")


def test_the_lines_share_the_cursor(attention, trace):
    page, length = attention, len(trace.ids)
    lines = page.locator(".scroll canvas").first
    row = min(max(resting_box(lines)["height"] / length, 15), 24)
    looks, most = page.locator(".said .from"), strongest(trace.pattern[0, 0, 2].numpy())
    hover_until(lines, {"x": 40, "y": 2.5 * row}, lambda: most in looks.inner_text())
    expect(chip(page, 2)).to_have_class(re.compile("lit"))
    lines.click(position={"x": 40, "y": 2.5 * row})
    expect(chip(page, 2)).to_have_attribute("aria-pressed", "true")
    lines.click(position={"x": 40, "y": 2.5 * row})
    expect(chip(page, 2)).to_have_attribute("aria-pressed", "false")


def exact(x: float) -> str:
    return f"{x:.{4 if abs(x) < 0.1 else 3}f}".replace("-", "−")


def test_the_stages_explain_their_numbers(attention, trace):
    page, query = attention, len(trace.ids) - 1
    q, k = trace.q[0, 0, query].numpy().astype(float), trace.k[0, 0].numpy().astype(float)
    formula, body = page.locator(".formula"), page.locator(".body")
    expect(page.locator(".check")).to_contain_text("Checked")  # it is drawn: its script and its numbers are there
    body.focus()
    page.keyboard.press("ArrowUp")  # from the query's own row to the one above
    expect(formula).to_have_text(f"q · k = the 8 products added up = {exact(q @ k[query - 1])}")
    numbers = page.locator(".inputs tr").last.locator("td").all_inner_texts()
    assert sum(float(n.replace("−", "-")) for n in numbers) == pytest.approx(q @ k[query - 1], abs=0.005)
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    weight = float(trace.pattern[0, 0, query, query - 1])
    expect(formula).to_contain_text(f"= {percent(weight)}")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")  # the sums: z
    expect(formula).to_have_text(f"Σ weight × v[0] = {exact(float(trace.z[0, 0, query, 0]))}")
    expect(page.locator(".check")).to_contain_text(re.compile(r"at most \de-\d+, z by at most \de-\d+"))
