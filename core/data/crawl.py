"""A raw crawl of Tinyland, in which every defect is known: page number n of a seed, in any order, without end."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from random import Random

from core.data.defects import copies, foreign, insults, junk, leaks, mojibake, personal, rights, web
from core.data.document import Page
from core.data.writer import Writer
from core.text import tinyland
from core.text.tinyland import lexicon

# What the main text of a page is: the name of its label, too, except for an "article", which is as it should be.
SHAPES = {
    "article": 0.50,
    "exact_copy": 0.07,
    "near_copy": 0.09,
    "translated_copy": 0.02,
    "template": 0.06,
    "foreign": 0.08,
    "gibberish": 0.03,
    "spam": 0.03,
    "word_list": 0.03,
    "too_short": 0.04,
    "too_long": 0.002,
    "leak": 0.03,
    "leak_paraphrase": 0.018,
}
# What an article may have besides, each by itself.
EXTRAS = {"mojibake": 0.10, "accents": 0.08, "insult": 0.04, "personal": 0.16, "decoy": 0.12}
RIGHTS = {"no_licence": 0.04, "opt_out": 0.05, "no_consent": 0.03}
STORIES = 5  # an article has two to so many
LONG = 1800  # stories in a page that is too long
TRIES = 50  # to find a page that can be copied


@dataclass(frozen=True, slots=True)
class Plan:
    """What is decided about a page before a word is written. source: the page it copies, or is a translation of."""

    shape: str
    extras: frozenset[str]
    rights: str | None
    source: int | None = None

    @property
    def plain(self) -> bool:
        return self.shape == "article" and not self.extras


@dataclass(frozen=True)
class Crawl:
    """Copies come after what they copy, so a page needs those before it alone; none is kept in memory."""

    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.seed < tinyland.HELD_OUT_SEED:
            raise ValueError(f"the seed of a crawl must be from 0 to {tinyland.HELD_OUT_SEED - 1:,}")

    def pages(self, start: int = 0, stop: int | None = None) -> Iterator[Page]:
        """Pages start, start + 1, …; without end if `stop` is None."""
        number = start
        while stop is None or number < stop:
            yield self.page(number)
            number += 1

    def plan(self, number: int) -> Plan:
        plan = _plan(self.seed, number)
        wanted = {"exact_copy": "article", "near_copy": "article", "translated_copy": "foreign"}.get(plan.shape)
        if not wanted:
            return plan
        rng = self.rng(number, "source")
        for _ in range(TRIES if number else 0):
            source = rng.randrange(number)
            found = _plan(self.seed, source)
            if found.shape == wanted and not found.extras:
                return Plan(plan.shape, frozenset(), plan.rights, source)
        return Plan("article", frozenset(), plan.rights)  # nothing to copy yet

    def page(self, number: int) -> Page:
        return _Builder(self, number, self.plan(number)).page()

    def article(self, number: int) -> str:
        """The stories of page `number`, one on a line."""
        count = self.rng(number, "stories").randint(2, STORIES)
        return self.stories(number, count)

    def foreign(self, number: int, language: str) -> str:
        return foreign.written(self.rng(number, "foreign"), language)

    def title(self, number: int) -> str:
        rng = self.rng(number, "title")
        return f"The {rng.choice(lexicon.COLOURS)} {rng.choice(lexicon.OBJECTS)} of {rng.choice(lexicon.TOWN_NAMES)}"

    def language(self, number: int) -> str:
        return self.rng(number, "language").choice(foreign.LANGUAGES)

    def stories(self, number: int, count: int) -> str:
        """The first `count` stories that belong to page `number` and to no other."""
        first = number * LONG
        return "\n".join(d.text for d in tinyland.documents(self.seed, first, first + count, {"story": 1.0}))

    def rng(self, number: int, purpose: str) -> Random:
        """Dice for one purpose on one page: what one of them decides moves nothing else."""
        return Random(f"{self.seed}/{number}/{purpose}")


@lru_cache(maxsize=4096)
def _plan(seed: int, number: int) -> Plan:
    """Without the source of a copy."""
    rng = Random(f"{seed}/{number}/plan")
    shape = rng.choices(tuple(SHAPES), tuple(SHAPES.values()))[0]
    extras = frozenset(extra for extra, odds in EXTRAS.items() if rng.random() < odds)
    wrong = rng.choices((*RIGHTS, None), (*RIGHTS.values(), 1 - sum(RIGHTS.values())))[0]
    return Plan(shape, extras if shape == "article" else frozenset(), wrong)


class _Builder:
    """Writes one page."""

    def __init__(self, crawl: Crawl, number: int, plan: Plan) -> None:
        self.crawl, self.number, self.plan = crawl, number, plan
        self.rng, self.out = crawl.rng(number, "page"), Writer()

    def page(self) -> Page:
        rng, out = self.rng, self.out
        out.markup('<!DOCTYPE html>\n<html>\n<head>\n<meta charset="utf-8">\n<title>')
        out.text(self.title)
        out.markup(f"</title>\n{web.STYLE}")
        rights.head(rng, out, self.plan.rights)
        web.script(rng, out)
        out.markup("</head>\n<body>\n")
        web.navigation(rng, out)
        if rng.random() < 0.5:
            web.advert(rng, out)
        out.markup("<main><article>\n")
        with out.labelled("main"):
            self._main()
        out.markup("</article></main>\n")
        if rng.random() < 0.7:
            web.advert(rng, out)
        out.markup("<footer>")
        with out.labelled("navigation"):
            out.text("About this site")
        out.markup("</footer>\n</body>\n</html>\n")
        return out.page(self.number)

    @cached_property
    def title(self) -> str:
        return self.crawl.title(self.number if self.plan.source is None else self.plan.source)

    def _main(self) -> None:
        shape, source = self.plan.shape, self.plan.source
        if shape not in _JUNK:
            self.out.markup("<h1>")
            self.out.text(self.title)
            self.out.markup("</h1>\n")
        if shape == "article":
            self._article()
            return
        if shape.startswith("leak"):  # a leaked question is hidden in a page like any other
            self._paragraphs(self.crawl.article(self.number))
        text, of = self._text()
        with self.out.labelled(shape, of=source if of is None else of):
            self._paragraphs(text)

    def _text(self) -> tuple[str, int | None]:
        """The main text, and the number of what it is of, where it is not a page."""
        crawl, rng, number, source = self.crawl, self.rng, self.number, self.plan.source
        match self.plan.shape:
            case "exact_copy" if source is not None:
                return crawl.article(source), None
            case "near_copy" if source is not None:
                return copies.nearly(rng, crawl.article(source), rng.choice(copies.EDIT_RATES)), None
            case "translated_copy" if source is not None:
                return crawl.foreign(source, "English"), None
            case "template":
                template = rng.randrange(len(copies.TEMPLATES))
                return copies.from_template(rng, template), template
            case "foreign":
                return crawl.foreign(number, crawl.language(number)), None
            case "too_long":
                return crawl.stories(number, LONG), None
            case "leak" | "leak_paraphrase" as shape:
                question = rng.randrange(leaks.QUESTIONS)
                text = leaks.questions()[question]
                return text if shape == "leak" else leaks.paraphrased(rng, text), question
        return _JUNK[self.plan.shape](rng), None

    def _article(self) -> None:
        self._paragraphs(self.crawl.article(self.number))
        rng, out, extras = self.rng, self.out, self.plan.extras
        if "mojibake" in extras:
            kind, truth = rng.choice(mojibake.KINDS), mojibake.sentence(rng)
            out.markup("<p>")
            with out.labelled(f"mojibake_{kind}", truth=truth):
                out.text(mojibake.misread(truth, kind))
            out.markup("</p>\n")
        if "accents" in extras:
            out.paragraph(mojibake.sentence(rng))
        if "insult" in extras:
            with out.labelled("insult"):
                out.paragraph(insults.sentence(rng))
        if "personal" in extras:
            for kind in rng.sample(personal.KINDS, rng.randint(1, 3)):
                personal.person(rng, out, kind)
        if "decoy" in extras:
            personal.decoy(rng, out)

    def _paragraphs(self, text: str) -> None:
        for line in text.split("\n"):
            self.out.paragraph(line)


_JUNK: dict[str, Callable[[Random], str]] = {
    "gibberish": junk.gibberish,
    "spam": junk.spam,
    "word_list": junk.word_list,
    "too_short": lambda rng: rng.choice(junk.SHORT),
}
