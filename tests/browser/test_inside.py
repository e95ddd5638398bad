"""The residual stream in Chromium: a block opens in place, a cell says what it is, the keyboard reaches everything."""

import re

import pytest
from playwright.sync_api import expect

from core.figures.labels import percent
from tests.browser.resting import resting_box, see

pytestmark = pytest.mark.thorough
TEXT = "the red ball and the dog"


@pytest.fixture(scope="module")
def truth(tmp_path_factory):
    """The same model in this process, and the trace of TEXT."""
    from core.model import load_checkpoint, run_trace
    from tests.tiny import make_checkpoint

    folder = tmp_path_factory.mktemp("truth") / "tiny"
    make_checkpoint(folder)
    checkpoint = load_checkpoint(folder)
    return run_trace(checkpoint.model, [checkpoint.tokenizer.eot, *checkpoint.tokenizer.encode(TEXT)])


def ready(page, query: str = "") -> None:
    page.goto(f"/inside?v=1&text={TEXT.replace(' ', '+')}{query}")
    page.wait_for_selector("h1")
    page.get_by_role("button", name=re.compile("^Block 0")).wait_for()
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")


def number(text: str) -> float:
    return float(text.replace("−", "-"))


def strip(page, name: str):
    return page.get_by_role("group", name=re.compile(rf"^{name}, "))


def test_a_block_opens_and_its_cells_tell_the_truth(page, truth):
    ready(page)
    block = page.get_by_role("button", name=re.compile("^Block 1"))
    assert block.get_attribute("aria-expanded") == "false"
    block.click()
    inside = page.get_by_role("region", name="Inside block 1")
    inside.wait_for()
    expect(page.get_by_role("button", name=re.compile("^Block 1"))).to_have_attribute("aria-expanded", "true")
    last, readout = len(truth.ids) - 1, page.locator(".readout")

    strip(page, "mlp_out").hover(position={"x": 3, "y": 8})  # the first of its 16 cells
    expect(readout).to_contain_text(f"trace.mlp_out[1, {last}, 0]")
    shown = number(readout.locator(".value").inner_text())
    assert shown == pytest.approx(float(truth.mlp_out[1, last, 0]), abs=6e-4)
    assert "source" in strip(page, "mlp_post").get_attribute("class")  # its input is lit
    for said in ("Σ mlp_post · mlp.w_out", "blocks.1.mlp_out", "(L, T, D) = 2 × "):
        expect(readout).to_contain_text(said)

    strip(page, "attn_scores").focus()  # arithmetic done in the browser: head 1, read from token 2
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    expect(readout).to_contain_text(f"trace.attn_scores[1, 1, {last}, 2]")
    score = float(truth.attn_scores[1, 1, last, 2])
    assert number(readout.locator(".value").inner_text()) == pytest.approx(score, abs=6e-4)
    assert number(readout.inner_text().split("√8 = ")[1].split("\n")[0]) == pytest.approx(score, abs=2e-3)


def test_by_keyboard_alone(page):
    ready(page, "&cursor=3")
    page.get_by_role("button", name=re.compile("^Block 0")).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_role("region", name="Inside block 1").wait_for()
    assert page.evaluate(FOCUSED) == "block 1", "the button keeps the keyboard"
    page.keyboard.press("ArrowRight")  # the token, everywhere
    pinned = page.get_by_role("group", name="Tokens of the text").get_by_role(
        "button", name=re.compile("^position 4, ")
    )
    expect(pinned).to_have_attribute("aria-pressed", "true", timeout=20_000)

    strip(page, "norm1").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")  # keeps the cell: the whole arithmetic comes
    page.get_by_text("The arithmetic of").wait_for()
    page.get_by_text("recomputed in float64").wait_for()
    assert page.evaluate(FOCUSED) == "norm1"
    page.keyboard.press("Escape")  # lets the cell go
    page.get_by_text("The arithmetic of").wait_for(state="detached")
    page.keyboard.press("Escape")  # closes the block
    page.get_by_role("region", name="Inside block 1").wait_for(state="detached")


FOCUSED = """() => {
  let e = document.activeElement;
  while (e.shadowRoot) e = e.shadowRoot.activeElement;
  return e.dataset.name;
}"""


def test_the_diagram_follows_the_shared_cursor(page):
    ready(page)
    status = page.locator(".status", has_text="receives a vector")
    page.get_by_role("group", name="Tokens of the text").get_by_role("button", name=re.compile("^position 2, ")).hover()
    expect(status).to_contain_text("(position 2)")
    page.mouse.move(0, 0)
    expect(status).not_to_contain_text("(position 2)")


def test_a_head_in_the_grid_shows_its_sources(page):
    ready(page)
    cell = page.locator(".gb-plot", has=page.locator("text=/^h1$/")).first
    box = resting_box(cell.locator(".heatmaplayer image"))
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.75)  # block 1, head 1 of heads 0, 1, MLP
    page.get_by_text("Where block 1, head 1 reads from").wait_for()


def test_the_lens_by_mouse_and_keyboard(page, truth):
    ready(page)
    grid = page.get_by_role("grid", name="What the model would say after each block")
    status = page.locator(".status", has_text="it would say")
    last = len(truth.ids) - 1
    best = percent(float(truth.probs[4].max()))
    grid.get_by_role("gridcell", name=re.compile(r"^After block 1, .*\(position 4\)")).hover()
    expect(status).to_contain_text("(position 4)")
    expect(status).to_contain_text(f"with {best}.")  # the last row is the model's own answer
    page.mouse.move(0, 0)
    grid.get_by_role("gridcell", name=re.compile(rf"^After block 1, .*\(position {last}\)")).focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    expect(status).to_contain_text("After block 0, at")
    expect(status).to_contain_text(f"(position {last - 1})")
    page.keyboard.press("Enter")  # pins the token
    strip = page.get_by_role("group", name="Tokens of the text")
    pinned = strip.get_by_role("button", name=re.compile(f"^position {last - 1}, "))
    expect(pinned).to_have_attribute("aria-pressed", "true", timeout=20_000)


def test_another_text_leaves_the_choice_of_token_alone(page):
    """The list of tokens once came back with the old words for "nothing chosen", as if a visitor had typed them."""
    ready(page)
    box = page.locator("[data-testid=stSidebar] textarea")
    for text in ("the brown dog likes", "the red ball and"):
        box.fill(text)
        box.press("Control+Enter")
        page.get_by_role("group", name="Tokens of the text").get_by_text(text.split()[1]).wait_for()
        page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    expect(page.get_by_role("combobox", name=re.compile("Follow the token"))).to_have_value("the model's own answer")
    assert page.get_by_text("not one token of this model").count() == 0
    assert "answer=" not in page.url


def test_the_lens_starts_at_the_first_column_and_cuts_no_name(page):
    page.goto("/inside?text=the+red+ball+and+the+brown+dog+likes+bread+because+she+was+tired")
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    see(page, "lens")
    grid = page.locator(".st-key-section-lens").get_by_role("grid")
    grid.get_by_role("gridcell").first.wait_for()
    assert grid.evaluate("e => e.parentElement.scrollLeft") == 0
    cut = "cells => cells.filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.textContent)"
    assert grid.locator(".head, .cell b").evaluate_all(cut) == []
