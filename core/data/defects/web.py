"""The page around the text: navigation, adverts, scripts."""

from random import Random

from core.data.writer import Writer

SECTIONS = ("Home", "News", "Stories", "Weather", "Markets", "Games", "Letters", "About us", "Contact", "Log in")
ADVERTS = (
    "Advertisement: new kettles, now half price!",
    "Sponsored: learn Olu in three days. Click here.",
    "Buy two umbrellas, get a third one free!",
    "Subscribe to our newsletter and win a golden anvil.",
    "You will not believe what this beaver did next.",
    "Accept all cookies to continue.",
)
SCRIPTS = (
    "window.track = function (e) { send('/count', e.type); };",
    "var slots = [1, 2, 3]; slots.forEach(function (s) { show(s); });",
    "if (document.cookie.indexOf('seen') < 0) { openBanner(); }",
)
STYLE = "<style>nav li { display: inline } .advert { border: 1px solid }</style>\n"


def script(rng: Random, page: Writer) -> None:
    with page.labelled("script"):
        page.markup(f"<script>{rng.choice(SCRIPTS)}</script>")
    page.markup("\n")


def navigation(rng: Random, page: Writer) -> None:
    page.markup("<header><nav><ul>\n")
    for section in rng.sample(SECTIONS, rng.randint(4, len(SECTIONS))):
        page.markup(f'<li><a href="/{section.lower().replace(" ", "-")}">')
        with page.labelled("navigation"):
            page.text(section)
        page.markup("</a></li>\n")
    page.markup("</ul></nav></header>\n")


def advert(rng: Random, page: Writer) -> None:
    """Half say what they are, in a class or an element that an extractor can know; half look like any paragraph."""
    opening, closing = rng.choice((('<aside class="advert">', "</aside>"), ("<div><p>", "</p></div>")))
    page.markup(opening)
    with page.labelled("advert"):
        page.text(rng.choice(ADVERTS))
    page.markup(f"{closing}\n")
