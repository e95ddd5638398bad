"""The page Limits in a browser: where a skew sits, the models of each dose, and watts that a visitor knows better."""

from playwright.sync_api import expect

from tests.browser.resting import ready, see

LONG = 240_000  # until what is computed is there, however busy the machine is


def test_limits_are_looked_into_and_changed(page):
    page.goto("/limits")
    ready(page)
    see(page, "bias")
    bias = page.locator(".st-key-section-bias")
    expect(bias.get_by_text("Where inside the model does it sit?")).to_be_visible(timeout=LONG)
    expect(bias.get_by_text("The parts that carry most")).to_be_visible(timeout=LONG)
    bias.get_by_role("button", name="Take it out, and measure again").click()
    expect(bias.get_by_text("Loss in nats per token")).to_be_visible(timeout=LONG)

    see(page, "skew")
    skew = page.locator(".st-key-section-skew")
    expect(skew.get_by_text("Amplification", exact=True)).to_be_visible(timeout=LONG)
    slider = skew.get_by_role("slider")
    slider.focus()
    slider.press("Home")
    expect(skew.get_by_text("Rate after balanced data")).to_be_visible(timeout=LONG)
    expect(skew.get_by_role("button", name="Train this model")).to_be_enabled()

    see(page, "energy")
    energy = page.locator(".st-key-section-energy")
    watts = energy.get_by_label("Watts of a busy core")
    watts.fill("100")
    watts.press("Enter")
    expect(energy.get_by_text("are assumed (100; 30 to 250)")).to_be_visible(timeout=LONG)
