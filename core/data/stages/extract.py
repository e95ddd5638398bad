"""The text of an HTML page, without what stands around it (resiliparse); what its head says goes to the meta data."""

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

from core.data.document import Document
from core.data.stage import Dropped, Kept, Knob, Stage

SAID = ("robots", "tdm-reservation", "consent")  # names of <meta> that bear on the use of the text


class Extract(Stage):
    """main_content: the extractor guesses which part of the page is meant, and leaves out the rest. What is no HTML
    (see `core.data.files`) passes as it is."""

    name = "extract"
    purpose = "Takes the text out of an HTML page and leaves menus, adverts and scripts behind."
    knobs = (Knob("main_content", "Only the main part of a page", True),)
    mends = frozenset({"navigation", "advert", "script"})

    def __init__(self, main_content: bool = True) -> None:
        super().__init__()
        self.main_content = main_content

    def judge(self, document: Document) -> Kept | Dropped:
        if document.meta.get("format", "html") != "html":
            return Kept(document)
        tree = HTMLTree.parse(document.text)
        text = extract_plain_text(tree, main_content=self.main_content, alt_texts=False)
        if not text.strip():
            return Dropped("no text")
        return Kept(Document(document.id, text, {**document.meta, **_said(tree)}))


def _said(tree: HTMLTree) -> dict[str, str]:
    head = tree.head
    if head is None:
        return {}
    found = {"title": tree.title or ""}
    for link in head.get_elements_by_tag_name("link"):
        if link.getattr("rel") == "license":
            found["licence"] = link.getattr("href") or ""
    for meta in head.get_elements_by_tag_name("meta"):
        name = (meta.getattr("name") or "").lower()
        if name in SAID:
            found[name] = (meta.getattr("content") or "").lower()
    return found
