"""The tokenization page by hand: text and ids linked, pins, keys, the tree, boundaries, a tokenizer of one's own."""

import json
import re
from urllib.parse import quote

import pytest
import tiktoken
import tokenizers
from playwright.sync_api import expect
from tiktoken.load import load_tiktoken_bpe

from core.text import public_encoding
from core.text.bpe import GPT4_PATTERN
from core.text.graphemes import graphemes
from tests.browser.resting import ready, resting, see
from tests.browser.test_shell import chip

pytestmark = pytest.mark.thorough
STRANGE = "👩‍👩‍👧 it's\tनमस्ते\n<|endoftext|> 🇫🇷 \x00 e\u0301"


def open_page(page, text: str, **properties: str) -> None:
    query = "".join(f"&{name}={quote(value)}" for name, value in properties.items())
    page.goto(f"/tokenization?v=1&text={quote(text)}{query}")
    ready(page)
    chip(page, 1).wait_for()


def numbers(page) -> list[str]:
    return page.locator(".ids .n").all_inner_texts()


def test_hovering_links_a_token_with_its_id_and_dims_the_rest(page):
    open_page(page, "the red ball", tokenizer="gpt2")
    gpt2 = public_encoding("gpt2")
    assert numbers(page) == [str(id) for id in gpt2.encode("the red ball")]
    chip(page, 1).hover()  # another tokenizer's positions begin at 0
    opacity = "e => getComputedStyle(e).opacity"
    assert [float(n.evaluate(opacity)) < 1 for n in page.locator(".ids .n").all()] == [True, False, True]
    assert [float(t.evaluate(opacity)) < 1 for t in page.locator(".text .t").all()] == [True, False, True]
    said = page.locator(".detail").inner_text()
    for part in ("·red", f"{gpt2.encode(' red')[0]:,}", "20 72 65 64", "3 to 6", "times in this text\n1"):
        assert part in said
    page.locator(".ids .n").nth(2).hover()
    assert "·ball" in page.locator(".detail").inner_text()


def test_the_wheel_over_the_text_scrolls_the_page(page):
    open_page(page, "the red ball")
    top = "() => document.querySelector('[data-testid=stMain]').scrollTop"
    assert page.evaluate(top) == 0
    page.locator(".text").first.hover()
    page.mouse.wheel(0, 240)
    page.wait_for_function(f"() => ({top})() > 100")


def test_a_click_pins_for_all_pages_and_a_second_lets_go(page):
    open_page(page, "Mia gave the red ball to Tom")
    chip(page, 3).click()
    page.get_by_text("How this token was put together").wait_for()
    assert chip(page, 3).get_attribute("aria-pressed") == "true"
    page.keyboard.press("ArrowRight")
    expect(chip(page, 4)).to_have_attribute("aria-pressed", "true")
    expect(chip(page, 4)).to_be_focused()
    resting(page)  # what is sent in the moment of leaving a page is lost
    page.get_by_role("link", name="Overview").click()
    ready(page)
    expect(chip(page, 4)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("link", name="Tokenization").click()
    ready(page)
    expect(chip(page, 4)).to_have_attribute("aria-pressed", "true")
    chip(page, 4).click()
    page.get_by_text("How one word was put together").wait_for()
    chip(page, 2).click()
    page.keyboard.press("Escape")
    expect(page.locator(".t[aria-pressed=true]")).to_have_count(0)


def test_signs_of_several_tokens_stay_whole_and_nothing_becomes_a_replacement_character(page):
    open_page(page, STRANGE, tokenizer="cl100k_base")
    assert numbers(page) == [str(id) for id in public_encoding("cl100k_base").encode(STRANGE)]
    glyphs = page.locator(".glyph").all_inner_texts()
    assert any("👩‍👩‍👧" in glyph for glyph in glyphs) and any("🇫🇷" in glyph for glyph in glyphs)
    shown = page.locator(".text").inner_text()
    assert "�" not in shown and "␀" in shown and "F0 9F" in shown
    page.get_by_text("Read as ordinary text, letter by letter: <|endoftext|>").wait_for()
    page.get_by_role("radio", name="tokens").or_(page.get_by_role("button", name="tokens", exact=True)).first.click()
    page.locator(".t.special").wait_for()
    assert page.locator(".t.special").inner_text() == "<|endoftext|>"


def test_the_browser_agrees_on_what_a_grapheme_is(page):
    page.goto("/tokenization")
    text = STRANGE + "👍🏽 각 각 🏴󠁧󠁢󠁥󠁮󠁧󠁿 e\u0301\u0302 \r\n שָׁלוֹם ก็"
    theirs = page.evaluate("t => [...new Intl.Segmenter('en').segment(t)].map(s => s.segment)", text)
    assert graphemes(text) == theirs


def test_spaces_are_shown_on_demand(page):
    open_page(page, "a b\tc")
    text = page.locator(".text")
    assert "·b" in text.inner_text() and "⇥" in text.inner_text()
    page.get_by_role("checkbox", name="show spaces, tabs and line ends").uncheck()
    expect(text).not_to_contain_text("·")
    expect(text).not_to_contain_text("⇥")


def test_the_tree_grows_step_by_step_into_the_tokens(page):
    open_page(page, "tokenization", tokenizer="gpt2")
    tree = page.get_by_role("img", name=re.compile("^The merges of one chunk"))
    expect(tree).to_have_attribute("aria-label", re.compile(r"token \| ization$"))
    height = page.locator(".scroll").bounding_box()["height"]
    slider = page.get_by_role("slider", name="Joins made so far")
    slider.press("Home")
    expect(tree).to_have_attribute("aria-label", re.compile(r"After 0 joins: t \| o \| k \| e \| n \| i"))
    assert page.locator("svg .node").count() == 0
    first = min(
        (public_encoding("gpt2").ranks.get(pair.encode(), 10**9), pair)
        for pair in map("".join, zip("tokenization", "okenization", strict=False))
    )
    page.get_by_role("button", name="One step on").click()
    expect(page.locator(".why .won")).to_have_text(f"{first[1][0]} + {first[1][1]}  {first[0]:,}")
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Pause").click()
    assert page.locator("svg .node").count() >= 2  # the first step of playing is made at once
    page.locator("textarea").first.fill("a")  # one byte: nothing to join, and nothing jumps
    page.keyboard.press("Control+Enter")
    page.get_by_text("No two neighbours here form a token: 1 token.").wait_for()
    assert page.locator(".scroll").bounding_box()["height"] == height


def test_boundaries_stand_under_their_letters(page):
    open_page(page, "the red ball")
    see(page, "others")
    track = page.get_by_role("img", name=re.compile("^GPT-2: "))
    expect(track).to_have_attribute("aria-label", "GPT-2: the | ·red | ·ball")
    lefts = """(track) => document.fonts.ready.then(() => [[...track.querySelectorAll('b')],
      [...track.parentElement.querySelectorAll('.glyphs span')]]
        .map(nodes => nodes.map(n => n.getBoundingClientRect().x)))"""
    bars, letters = track.evaluate(lefts)
    assert bars == pytest.approx([letters[i] for i in (0, 3, 7)], abs=1)
    track.locator("b").nth(1).hover()
    said = page.locator(".said", has_text="GPT-2: ")
    expect(said).to_contain_text("characters: · | r | e | d")
    expect(page.locator(".track b.unknown")).to_have_count(0)


def test_a_tokenizer_of_ones_own_is_trained_kept_and_taken_away(page, tmp_path):
    open_page(page, "the hugs of pugs")
    see(page, "learn")
    page.get_by_text("A text you paste").click()
    box = page.get_by_placeholder("Paste a few pages of anything.")
    box.fill("hug hugs pug pugs and hugging pugs. " * 60)
    box.blur()
    ready(page)
    page.get_by_role("button", name="Train", exact=True).click()
    page.get_by_text(re.compile(r"finished: \d+ of 1,024 tokens")).wait_for()
    files = {}
    for label in ("Rank file for tiktoken", "tokenizer.json for Hugging Face"):
        with page.expect_download() as download:
            page.get_by_role("button", name=label).click()
        files[label] = tmp_path / download.value.suggested_filename
        download.value.save_as(files[label])
    ranks_file, json_file = files.values()
    ranks = load_tiktoken_bpe(str(ranks_file))
    encoding = tiktoken.Encoding("mine", pat_str=GPT4_PATTERN, mergeable_ranks=ranks, special_tokens={})
    ids = encoding.encode("the hugs of pugs")
    assert len(ids) < 16 and tokenizers.Tokenizer.from_file(str(json_file)).encode("the hugs of pugs").ids == ids
    assert json.loads(json_file.read_text())["model"]["merges"][0] == ["u", "g"]
    name = page.get_by_role("textbox", name="A name for it")
    name.fill("../up")
    name.blur()
    page.get_by_role("button", name="Keep it").click()
    page.get_by_text("It was not kept: a name has 1 to 40").wait_for()
    name.fill("pugs")
    name.blur()
    page.get_by_role("button", name="Keep it").click()
    page.get_by_text("Kept as “pugs”").wait_for()
    page.wait_for_function("ids => [...document.querySelectorAll('*')].some(e => e.shadowRoot && "
                           "[...e.shadowRoot.querySelectorAll('.ids .n')].map(n => n.textContent).join() === ids)",
                           arg=",".join(map(str, ids)))  # fmt: skip


@pytest.mark.parametrize("marks", [b"", b"\xff\xfe broken"])
def test_a_hundred_kilobytes_stay_usable(page, tmp_path, marks):
    text = "".join(f"Line {i} of a long text, with some words in it.\n" for i in range(2100))
    file = tmp_path / "long.txt"
    file.write_bytes(text.encode() if not marks else b"abc \x80\x81 " + text.encode())
    open_page(page, "a short text", tokenizer="o200k_base")
    page.get_by_role("button", name="A longer text").click()
    page.locator("input[type=file]").first.set_input_files(file)
    page.get_by_text(re.compile(r"This page reads your file, 10\d,\d{3} characters")).wait_for()
    if marks:
        page.get_by_text("In 2 places bytes that spell no character became �").wait_for()
        return
    page.keyboard.press("Escape")
    expect(page.locator(".text .t").nth(300)).to_be_attached()
    assert 0 < page.locator(".text .t").count() < 5000  # the rest is drawn when it comes into sight
    before = page.locator(".text .t").count()
    page.locator(".text").evaluate("e => e.scrollTo(0, e.scrollHeight)")
    expect(page.locator(".text .t").nth(before)).to_be_attached()
    expect(page.get_by_role("group", name="Tokens of the text")).to_contain_text("Line·2099·of")
    see(page, "others")
    page.get_by_text("counted over the whole text").wait_for()
    expect(page.locator(".glyphs").first).to_contain_text("Line·0·of")  # the rest of the page follows
