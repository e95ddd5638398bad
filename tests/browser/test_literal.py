"""Words of visitors in everything that Streamlit reads as Markdown: they are seen as they stand, and do nothing."""

import re

import pytest

from pages.ui.literal import JOINER, literal

HOSTILE = "![p](http://x.example/a.png) <b>x</b> :material/home: $x$ [l](http://x.example/y) www.x.example a@b.example"
WORDS = [
    HOSTILE, "www.x.example", "WWW.X.EXAMPLE/a?b=c#d", "http://x.example", "see https://x.example/a_b~c.",
    "a@b.example", "mail a.b+c@d-e.example now", "<http://x.example>", "[l][r]", "<img src=x onerror=alert(1)>",
    "&lt;b&gt; &amp; &copy;", ":smile: :+1: :-1: :tada:", ":material_home: :material/home:", ":streamlit:",
    ":red[x] :blue-background[y] :small[z]", "$x^2$ and $$y$$", "*a* **b** _c_ __d__ ~~e~~ ~f~", "`code` ``more``",
    "# one", "## two", "- item", "+ item", "* item", "1. item", "2) item", "> quote", "---", "***", "| a | b |",
    "a -> b <- c <-> d -- e >= f <= g ~= h", "->", "--", ">=", "```x", "~~~", "    indented", "a\n\nb\n- c", "line\\",
    "\\*a\\*", "[x]: http://x.example", "[^1]", "[ ] todo", "::::", ":badge[x]", ":orange-badge[:material/star: x]",
    "javascript:alert(1)", "ftp://x.example", "//x.example", "#", "-", "1.", "a\u202eb", "\ufeff:smile:\ufeff",
    "你好 :smile: 👍 http://x.example。", "it's 12:30, a_b-c.d/e\\f", "xmpp:a@b.example",
]  # fmt: skip


def plain(text: str) -> str:
    return re.sub("[\u2060\u202a-\u202e\u2066-\u2069\ufeff]", "", " ".join(text.split()))


@pytest.mark.parametrize("word", WORDS)
def test_without_backslashes_and_joiners_it_is_the_word(word):
    made = literal(word)
    assert re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", made).replace(JOINER, "") == plain(word)
    assert not re.search(r"(?<!\\)[!-/:-@\[-`{-~]", re.sub(r"\\[!-/:-@\[-`{-~]", "", made))  # nothing is left bare


LOOK = """() => [...document.querySelectorAll('[class*="st-key-word"]')].map(box => ({
  number: Number([...box.classList].find(c => c.startsWith('st-key-word')).slice(11)),
  made: [...box.querySelectorAll('a, img, em, strong, del, code, h1, h2, li, hr, blockquote, pre, table, sub, sup, '
    + '.katex, [data-testid="stMarkdownContainer"] span:is([style], [role="img"])')]
    .filter(e => !e.closest('[data-testid="stDataFrame"], [data-testid="stText"], [data-testid="stDownloadButton"] a'))
    .map(e => e.outerHTML.slice(0, 200)),
  texts: [...box.querySelectorAll('[data-testid="stMarkdownContainer"]')].map(e => e.textContent),
}))"""


@pytest.fixture(scope="module")
def shown(chromium, request, tmp_path_factory):
    from tests.browser.conftest import serving

    runs = tmp_path_factory.mktemp("literal")
    with serving("tiny", runs, request.session, script="tests/browser/literal_app.py") as address:
        context = chromium(address)
        asked: list[str] = []
        page = context.new_page()
        page.on("request", lambda one: asked.append(one.url))
        page.goto(address)
        page.get_by_text("that is all").wait_for(timeout=120_000)
        page.wait_for_function("() => !document.querySelector('[data-testid=stStatusWidget]')")
        yield page.evaluate(LOOK), asked
        page.close()


def test_nothing_is_made_of_a_word_and_all_of_it_is_seen(shown):
    boxes, _ = shown
    assert sorted(box["number"] for box in boxes) == list(range(len(WORDS)))
    for box in boxes:
        word = WORDS[box["number"]]
        assert box["made"] == [], word
        wanted = {plain(word), f"Before it, {plain(word)}, and after it.", f"{plain(word)}.", "0", "3"}  # of the slider
        texts = [plain(text) for text in box["texts"]]
        assert len(texts) > 15 and set(texts) <= wanted, word


def test_nothing_is_fetched(shown):
    _, asked = shown
    assert not [url for url in asked if "x.example" in url]
