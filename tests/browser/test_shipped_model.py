"""Every page on the shipped model, early in its life and at the end of it, beside what core computes here."""

import re

import pytest
from playwright.sync_api import expect

from core.figures.labels import percent
from core.generation import Sampler, generate
from core.model import describe, load_checkpoint, run_trace
from core.text import tinyland
from tests.browser.resting import ready, resting, see
from tests.browser.test_shell import EXCEPTION, tall
from tests.navigation import PAGES

TEXT = "Suki gave the kite to Brigid because she"
STEPS = (describe("tinyland").steps[5], describe("tinyland").step)
OTHERS = sorted(PAGES[1:], key="attention".__eq__)  # last, for its server then follows every head through training


@pytest.mark.parametrize("step", STEPS)
def test_the_overview_shows_what_core_computes(shipped_page, step):
    model = load_checkpoint("tinyland", step)
    ids = [model.tokenizer.eot, *model.tokenizer.encode(TEXT)]
    likeliest = run_trace(model.model, ids).probs[-1].topk(8)
    tall(shipped_page)
    open_at(shipped_page, "", step)
    guesses = shipped_page.get_by_role("list", name="The 8 likeliest next tokens").get_by_role("listitem")
    names = [model.tokenizer.decode([id]).replace(" ", "·") for id in likeliest.indices.tolist()]
    expect(guesses).to_have_text([n + percent(p) for n, p in zip(names, likeliest.values.tolist(), strict=True)])
    expect_written(shipped_page, model, ids)
    shipped_page.get_by_role("button", name=re.compile("^position 4, ")).first.click()
    shipped_page.get_by_text("generate(model, ids[:5], …)").wait_for(state="attached")
    expect_written(shipped_page, model, ids[:5])
    shipped_page.keyboard.press("Escape")
    shipped_page.get_by_text(f"generate(model, ids[:{len(ids)}], …)").wait_for(state="attached")
    expect_written(shipped_page, model, ids)


def expect_written(page, model, ids: list[int]) -> None:
    """What the model writes after `ids`, and its probabilities, stand in the strip of stage 5."""
    written = list(generate(model.model, ids, Sampler(temperature=0), 12, seed=0, stop=(ids[0],)))
    strip = page.get_by_role("group", name="The end of your text and what the model writes after it")
    chips = strip.get_by_role("button")
    said = [f"id {made.id}, probability {percent(made.raw_probability)}" for made in written]
    expect(chips).to_have_count(min(len(ids), 6) + len(said))
    for chip, last in zip(chips.all()[-len(said) :], said, strict=True):
        expect(chip).to_have_attribute("aria-label", re.compile(f", {re.escape(last)}$"))


def test_a_chat_offers_what_the_model_can_answer_and_marks_what_it_cannot(shipped_page):
    page = shipped_page
    open_at(page, "sampling", STEPS[-1])
    see(page, "write")
    page.get_by_role("radio", name="A chat").click()
    page.get_by_text("What you can ask:").wait_for()
    offer = page.get_by_role("button", name=re.compile(r"^Where does \w+ live\?$"))
    person = offer.inner_text().split()[2]
    home = next(f.value for f in tinyland.WORLD.facts if (f.subject, f.relation) == (person, "home"))
    offer.click()
    text = page.get_by_role("group", name="The text written so far")
    expect(text).to_contain_text(home)
    assert page.get_by_text("Out of its world").count() == 0
    page.get_by_role("textbox", name="Say something").fill("Suki has a kite. Who has the zeppelin?")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Out of its world").wait_for()
    page.get_by_text("Not a word of Tinyland: “zeppelin”").first.wait_for()


@pytest.mark.thorough
@pytest.mark.parametrize("path", OTHERS)
def test_every_other_page_opens(shipped_page, path):
    open_at(shipped_page, path, STEPS[0])
    if path in ("embeddings", "attention", "inside", "experiments", "sampling"):  # hover tells the probability too
        model = load_checkpoint("tinyland", STEPS[0])
        ids = [model.tokenizer.eot, *model.tokenizer.encode(TEXT)]
        strip = shipped_page.get_by_role("group", name="Tokens of the text", exact=True).first
        strip.get_by_role("button").nth(3).hover()
        expect(shipped_page.locator(".tip:visible").first).to_contain_text(
            f"probability{percent(float(run_trace(model.model, ids).probs[2, ids[3]]))}"
        )


def open_at(page, path: str, step: int) -> None:
    """Opens a page by a link and waits until it shows this model, this step, this text and a figure, and no error."""
    page.goto(f"/{path}?v=1&model=tinyland&step={step}&text={TEXT.replace(' ', '+')}")
    ready(page)
    page.locator(":is(canvas, svg.main-svg, [role=group]):visible").first.wait_for()
    sidebar = page.get_by_test_id("stSidebar")
    expect(sidebar.get_by_role("combobox", name="Model")).to_have_value("tinyland")
    expect(sidebar.get_by_test_id("stSliderThumbValue")).to_have_text(f"{step:,}")
    expect(sidebar.locator("textarea")).to_have_value(TEXT)
    resting(page)  # late errors
    assert page.locator(EXCEPTION).count() == 0
