"""What a person sees and does on a page: the strip answers, the theme follows, a link restores."""

import re

from playwright.sync_api import expect

from core.figures.labels import percent
from core.model import load_checkpoint, run_trace
from tests.browser.resting import ready, resting
from tests.tiny import make_checkpoint

EXCEPTION = "[data-testid=stException]"


def test_a_page_with_tokens_tells_once_that_it_has_drawn(page):
    """Torch is held back for that when a server is new: pages/ui/drawn.py."""
    told = []
    page.on("request", lambda request: told.append(request.method) if request.url.endswith("/drawn") else None)
    with page.expect_response("**/drawn") as answer:
        tall(page)
        page.goto("/")
    assert answer.value.status == 204
    assert page.get_by_role("group", name="Tokens of the text").get_by_role("button").count() > 0
    ready(page)
    chip(page, 3).click()
    followed(page, 3)
    assert told == ["POST"]


def tall(page):
    """A screen on which all sections of the overview are near."""
    page.set_viewport_size({"width": 1280, "height": 2200})


def chip(page, position: int):
    strip = page.get_by_role("group", name="Tokens of the text")
    return strip.get_by_role("button", name=re.compile(rf"^position {position}, "))


def followed(page, position: int):
    """Waits until what the server computes goes on from the pinned position."""
    page.get_by_text(f"generate(model, ids[:{position + 1}], …)").wait_for(state="attached")


def test_the_token_strip_by_mouse_and_keyboard(page):
    tall(page)
    page.goto("/")
    ready(page)
    chip(page, 2).hover()
    tip = page.locator(".tip:visible")
    assert "position" in tip.inner_text() and "bytes" in tip.inner_text()
    chip(page, 2).click()
    assert chip(page, 2).get_attribute("aria-pressed") == "true"
    followed(page, 2)  # the views follow the pin
    page.keyboard.press("ArrowRight")
    followed(page, 3)
    assert chip(page, 3).evaluate("e => e.getRootNode().activeElement === e")
    assert chip(page, 3).get_attribute("tabindex") == "0" and chip(page, 2).get_attribute("tabindex") == "-1"
    page.keyboard.press("Home")
    followed(page, 0)
    page.keyboard.press("Escape")
    page.get_by_text("After the last token").wait_for()
    chip(page, 4).click()
    followed(page, 4)
    chip(page, 4).click()  # a second click unpins
    page.get_by_text("After the last token").wait_for()


def test_text_is_never_markup(page):
    page.goto("/?v=1&text=" + "%3Cimg%20src%3Dx%20onerror%3D%22document.title%3D'owned'%22%3E**b**")
    ready(page)
    chip(page, 1).wait_for()
    resting(page)
    assert page.title() == "Glassbox: the whole life of a language model"
    assert page.locator("img[src=x]").count() == 0
    label = "".join(page.locator("[aria-label='Tokens of the text'] .chip:not(.special) span").all_inner_texts())
    assert label.replace("·", " ") == "<img src=x onerror=\"document.title='owned'\">**b**"


def test_a_megabyte_is_cut_and_the_page_goes_on(page):
    page.goto("/")
    ready(page)
    box = page.locator("textarea").first
    box.fill("one endless word after another " + 1_000_000 * "a")
    page.keyboard.press("Control+Enter")
    page.get_by_text("it was cut after token").first.wait_for()
    page.wait_for_function("() => document.querySelector('textarea').value.length === 20000")
    ready(page)
    box.fill("the red ball")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[aria-label='Tokens of the text'] .chip").last).to_contain_text("l")
    page.get_by_text("it was cut after token").wait_for(state="detached")
    assert page.locator(EXCEPTION).count() == 0


def test_the_plot_is_redrawn_in_place(page):
    tall(page)
    page.goto("/")
    ready(page)
    plot = page.locator(".gb-plot .main-svg").first
    plot.wait_for()
    page.evaluate("() => { document.querySelector('.gb-plot').marked = 1 }")
    chip(page, 5).click()
    followed(page, 5)
    assert page.evaluate("() => document.querySelector('.gb-plot').marked") == 1
    assert page.locator(".gb-plot").count() == 2


def test_the_likeliest_tokens_follow_the_pointer_and_the_pin(page, tmp_path):
    """Beside the model's own numbers: hovered positions are shown at once, and leaving returns to the pinned one."""
    tall(page)
    page.goto("/?v=1&text=the+red+dog+sat")
    ready(page)
    guesses = page.get_by_role("list", name="The 8 likeliest next tokens")
    shown = lambda: [item.inner_text().split("\n") for item in guesses.get_by_role("listitem").all()]  # noqa: E731
    make_checkpoint(tmp_path / "tiny")
    tiny = load_checkpoint(tmp_path / "tiny")
    probs = run_trace(tiny.model, [tiny.tokenizer.eot, *tiny.tokenizer.encode("the red dog sat")]).probs
    expected = lambda at: [percent(float(p)) for p in probs[at].topk(8).values]  # noqa: E731
    page.get_by_text("After the last token").wait_for()
    assert [row[-1] for row in shown()] == expected(-1)
    chip(page, 1).hover()
    page.get_by_text("After this token").wait_for()
    assert [row[-1] for row in shown()] == expected(1)
    chip(page, 2).click()
    page.get_by_text("After the pinned token").wait_for()
    assert [row[-1] for row in shown()] == expected(2)
    chip(page, 1).hover()
    page.get_by_text("After this token").wait_for()
    page.mouse.move(0, 0)
    page.get_by_text("After the pinned token").wait_for()
    assert page.locator(".gb-plot .shapelayer path").count() == 2  # the column of the pin is framed, in both pictures


def test_components_follow_a_change_of_theme(page):
    """The drawn colours are those of assets/theme.json, and a switch redraws without a reload."""
    from pages.ui.theme import DARK, LIGHT

    page.emulate_media(color_scheme="light")
    tall(page)
    page.goto("/")
    ready(page)
    chip(page, 3).click()
    frame = page.locator(".gb-plot .shapelayer path").first
    frame.wait_for()
    assert frame.evaluate("e => getComputedStyle(e).stroke") == css(LIGHT["roles"]["token"])
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        "want => [...document.querySelectorAll('.gb-plot .shapelayer path')].some(e => e.style.stroke === want)",
        arg=css(DARK["roles"]["token"]),
    )
    pinned = chip(page, 1).evaluate("e => getComputedStyle(e).color")
    assert pinned == css(DARK["text"])


def css(colour: str) -> str:
    return f"rgb({', '.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))})"


def test_copy_link_restores_everything(page):
    tall(page)
    page.goto("/")
    ready(page)
    page.locator("textarea").first.fill("the brown dog likes bread")
    page.keyboard.press("Control+Enter")
    chip(page, 1).wait_for()
    page.get_by_role("slider").first.press("ArrowLeft")
    chip(page, 3).click()
    followed(page, 3)
    page.get_by_role("button", name="Copy link").click()
    page.get_by_text("Copied.").wait_for()
    link = page.evaluate("() => navigator.clipboard.readText()")
    assert "step=10" in link and "cursor=3" in link and "text=the+brown+dog" in link
    page.goto("about:blank")
    page.goto(link)
    ready(page)
    followed(page, 3)
    expect(page.locator("textarea").first).to_have_value("the brown dog likes bread")
    assert chip(page, 3).get_attribute("aria-pressed") == "true"


def test_a_broken_link_says_what_was_wrong(page):
    page.goto("/?v=1&model=nobody&step=123456&temperature=hot")
    ready(page)
    page.get_by_text("no model “nobody”").wait_for()
    page.get_by_text("no step 123,456").wait_for()
    page.get_by_text("“hot” is not a number").wait_for()


def test_a_link_cannot_draw_a_picture_from_elsewhere(page):
    """Messages quote the link and the text: as words, never as Markdown (the fixture hears any request that leaves)."""
    page.goto("/?v=1&model=![p](//192.0.2.1/a)&temperature=![p](//192.0.2.1/b)&text=" + "![p](//192.0.2.1/c)+" * 60)
    ready(page)
    page.get_by_text("no model “![p](//192.0.2.1/a)”").wait_for()
    page.get_by_text("“![p](//192.0.2.1/b)” is not a number").wait_for()
    page.get_by_text(re.compile(r"it was cut after token \d+")).wait_for()
    assert page.locator("[data-testid=stAlert] img").count() == 0


def test_a_reload_keeps_what_was_typed_and_opening_a_page_leaves_the_address_alone(page):
    page.goto("/attention")
    resting(page)
    assert "?" not in page.url
    box = page.locator("[data-testid=stSidebar] textarea")
    box.fill("the red & <b>ball</b>")
    box.press("Control+Enter")
    page.wait_for_function("() => location.search.includes('text=the+red+%26+%3Cb%3Eball')")
    page.get_by_role("link", name="Inside").click()
    page.wait_for_function("() => location.pathname.endsWith('/inside') && location.search.includes('ball')")
    page.reload()
    ready(page)
    expect(box).to_have_value("the red & <b>ball</b>")
    page.go_back()
    page.wait_for_function("() => location.pathname.endsWith('/attention')")
    ready(page)
    expect(page.locator("h1")).to_contain_text("Which earlier words")
    expect(box).to_have_value("the red & <b>ball</b>")


def test_a_reload_keeps_what_was_set_in_a_section(page):
    page.goto("/sampling")
    resting(page)
    temperature = page.get_by_role("slider", name="Temperature").first
    before = temperature.input_value()
    temperature.press("ArrowRight")
    page.wait_for_function("() => location.search.includes('temperature=')")
    chip(page, 2).click()
    page.wait_for_function("() => location.search.includes('cursor=2')")
    set_to = temperature.input_value()
    page.reload()
    ready(page)
    expect(temperature).to_have_value(set_to)
    expect(chip(page, 2)).to_have_attribute("aria-pressed", "true")
    assert set_to != before


def test_a_pin_in_the_moment_of_leaving_the_page(page):
    """The server hears of both at once, when the strip is no longer on the page."""
    page.goto("/")
    ready(page)
    chip(page, 2).wait_for()
    page.evaluate(
        """() => {
            const deep = (root, found = []) => {
                for (const node of root.querySelectorAll("*")) {
                    if (node.matches("[role=group] button")) found.push(node);
                    if (node.shadowRoot) deep(node.shadowRoot, found);
                }
                return found;
            };
            const chips = deep(document).filter((node) => /^position [234], /.test(node.ariaLabel));
            for (const one of chips) one.click();
            document.querySelector('[data-testid=stSidebarNav] a[href$="sampling"]').click();
        }"""
    )
    page.wait_for_url("**/sampling*")
    expect(page.get_by_role("heading", level=1)).to_contain_text("next")
    ready(page)
    assert page.locator(EXCEPTION).all_inner_texts() == []


def test_two_tabs_have_a_text_and_a_pinned_token_each(page):
    tall(page)
    page.goto("/?text=the+red+ball")
    ready(page)
    other = page.context.new_page()
    other.goto("/attention?text=the+brown+dog")
    ready(other)
    chip(page, 2).click()
    followed(page, 2)
    box = other.locator("textarea").first
    box.fill("a dog likes bread")
    box.press("Control+Enter")
    expect(chip(other, 4)).to_have_count(1)
    expect(chip(page, 2)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("textarea").first).to_have_value("the red ball")
    page.reload()
    ready(page)
    expect(page.locator("textarea").first).to_have_value("the red ball")
    expect(box).to_have_value("a dog likes bread")
