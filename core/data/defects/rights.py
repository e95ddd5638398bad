"""May the text be used? What the head of a page says about it.

rel=license is HTML's own; tdm-reservation is the W3C community's protocol for opting out of text and data mining;
"noai" is what several hosts write for robots. Consent has no standard: Glassbox calls it "consent".
"""

from random import Random

from core.data.writer import Writer

LICENCES = (
    "https://creativecommons.org/publicdomain/zero/1.0/",
    "https://creativecommons.org/licenses/by/4.0/",
    "https://creativecommons.org/licenses/by-sa/4.0/",
)
OPT_OUTS = ('<meta name="tdm-reservation" content="1">', '<meta name="robots" content="noai, noindex">')
HARMLESS = ('<meta name="robots" content="index, follow">', '<meta name="tdm-reservation" content="0">', "")
NO_CONSENT = '<meta name="consent" content="refused">'
PROBLEMS = ("no_licence", "opt_out", "no_consent")


def head(rng: Random, page: Writer, problem: str | None) -> None:
    """A page without a licence is labelled where the licence should stand: the span is empty."""
    if problem == "no_licence":
        with page.labelled("no_licence"):
            pass
    else:
        page.markup(f'<link rel="license" href="{rng.choice(LICENCES)}">\n')
    if problem == "opt_out":
        with page.labelled("opt_out"):
            page.markup(rng.choice(OPT_OUTS))
    elif problem == "no_consent":
        with page.labelled("no_consent"):
            page.markup(NO_CONSENT)
    else:
        page.markup(rng.choice(HARMLESS))
    page.markup("\n")
