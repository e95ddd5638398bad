"""The value of a slider can be typed, by a click on it or on the keyboard; what is no number changes nothing."""

from playwright.sync_api import expect

from tests.browser.resting import ready, resting, see
from tests.browser.test_sampling import link


def shown(slider):
    return slider.locator("xpath=ancestor::*[@data-testid='stSlider']").get_by_test_id("stSliderThumbValue")


def test_the_value_of_a_slider_is_typed_after_a_click_on_it(page):
    page.goto("/sampling?text=the+red+ball")
    ready(page)
    see(page, "write")
    slider = page.get_by_role("slider", name="New tokens")
    shown(slider).click()
    field = page.get_by_role("textbox", name="New tokens: type a value")
    field.fill("hot")
    field.press("Enter")
    expect(field).to_have_attribute("aria-invalid", "true")
    field.fill("77")
    field.press("Enter")
    expect(shown(slider)).to_have_text("77")
    expect(slider).to_be_focused()
    link(page, "new_tokens=77")  # the session has it
    slider.press("9")  # on the keyboard: the first figure opens the field
    field.press("9")
    field.press("Escape")
    expect(shown(slider)).to_have_text("77")
    slider.press("9")
    field.press_sequentially("999")
    field.press("Enter")
    expect(shown(slider)).to_have_text("200")  # the most there is


def test_the_training_step_is_typed_and_the_nearest_kept_one_is_shown(page):
    page.goto("/sampling?text=the+red+ball")
    resting(page)  # what is drawn anew meanwhile shuts the field
    slider = page.get_by_test_id("stSidebar").get_by_role("slider")
    expect(shown(slider)).to_have_text("200")
    shown(slider).click()
    field = page.get_by_role("textbox", name="Training step: type a value")
    field.fill("12")
    field.press("Enter")
    expect(shown(slider)).to_have_text("10")
    link(page, "step=10")


def test_a_setting_of_the_sampler_is_typed(page):
    page.goto("/sampling?text=the+red+ball")
    ready(page)
    stage = page.locator(".stage[data-name=temperature]")
    stage.locator("output").click()
    field = page.get_by_role("textbox", name="Temperature: type a value")
    field.fill("0,7")
    field.press("Enter")
    expect(stage.locator("output")).to_have_text("0.7")
    link(page, "temperature=0.7")
