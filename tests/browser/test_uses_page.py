"""The page Uses in a browser: a question is asked, its answer written, edited, taken back, and sent to another page."""

from playwright.sync_api import expect

from tests.browser.resting import ready


def test_a_conversation_from_its_first_word_to_another_page(page):
    page.goto("/uses")
    ready(page)
    talk = page.locator(".st-key-uses_chat_view")
    talk.get_by_role("textbox", name="Say something").fill("the <b>red</b> ball")
    talk.get_by_role("button", name="Send").click()
    mine = talk.locator(".turn.user .words")
    expect(mine).to_have_text("the <b>red</b> ball")
    expect(talk.locator(".turn.assistant")).to_have_count(1)
    expect(talk.get_by_role("button", name="Undo the last turn")).to_be_enabled()  # it is written, to its end
    talk.get_by_role("button", name="Edit: the <b>red</b> ball").click()
    talk.get_by_role("textbox", name="The question in other words").fill("Tom")
    talk.get_by_role("button", name="Ask this").click()
    expect(mine).to_have_text("Tom")
    expect(talk.get_by_role("button", name="Undo the last turn")).to_be_enabled()
    page.locator(".st-key-send_chat").get_by_role("button", name="Attention").click()
    expect(page.get_by_role("heading", name="Which earlier words does this word look at?")).to_be_visible()
    expect(page.get_by_text("special tokens, one each")).to_be_visible()
    page.go_back()
    expect(mine).to_have_text("Tom")
    talk.get_by_role("button", name="Undo the last turn").click()
    expect(talk.locator(".turn")).to_have_count(1)
