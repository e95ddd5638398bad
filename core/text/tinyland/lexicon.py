"""The words of Tinyland: pure data, one word in one category, every choice our own.

Nouns are written `word` (regular plural) or `word:plural`; verbs are written `base/present/past`. Every noun of
OBJECTS, ANIMALS, FOODS and PLACES, every verb and every adjective also has a word in the invented language, Olu. As in
some real constructed languages, the last letter tells the part of speech: -a or -o nouns, -i adjectives, -u verbs.

Every entry exists once and compares by identity (cheap as a dictionary key); `str` gives its plain English word.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass

INVENTED_LANGUAGE = "Olu"


@dataclass(frozen=True, slots=True, eq=False)
class Noun:
    """A countable common noun. `invented` is its Olu word, or "" where Olu has none."""

    singular: str
    plural: str
    invented: str
    category: str

    def __str__(self) -> str:
        return self.singular


@dataclass(frozen=True, slots=True, eq=False)
class Verb:
    """A transitive verb whose object can be any animal or object. Olu does not inflect its verbs."""

    base: str
    present: str
    past: str
    invented: str

    def __str__(self) -> str:
        return self.base


@dataclass(frozen=True, slots=True, eq=False)
class Adjective:
    """A word that describes an object or an animal; category "adjectives" or "colours"."""

    word: str
    invented: str
    category: str

    def __str__(self) -> str:
        return self.word


def _regular_plural(word: str) -> str:
    if word.endswith(("s", "x", "ch", "sh")):
        return word + "es"
    if word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1] + "ies"
    return word + "s"


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_ONSETS = _words("b d f g h k l m n p r s t v z sh th br kl dr ml zh")
_VOWELS = "aeiou"
# Real words, which the syllables would give by chance.
_UNWANTED = _words("mosa tara lilo fugu dado sera tipi brita kino duda putha dogu nara pupi gina")
_taken: set[str] = set()


def _invent(word: str, endings: str) -> str:
    """The Olu word for an English one: two or three syllables drawn from a generator seeded by the English word."""
    draw = random.Random(f"{INVENTED_LANGUAGE} {word}")
    while True:
        body = "".join(draw.choice(_ONSETS) + draw.choice(_VOWELS) for _ in range(draw.choice((1, 1, 2))))
        invented = body + draw.choice(_ONSETS) + draw.choice(endings)
        if invented not in _taken and invented not in _UNWANTED:
            _taken.add(invented)
            return invented


def _nouns(category: str, words: str, *, in_olu: bool = False) -> tuple[Noun, ...]:
    nouns = []
    for entry in words.split():
        singular, _, plural = entry.partition(":")
        invented = _invent(singular, "ao") if in_olu else ""
        nouns.append(Noun(singular, plural or _regular_plural(singular), invented, category))
    return tuple(nouns)


def _verbs(words: str) -> tuple[Verb, ...]:
    forms = (entry.split("/") for entry in words.split())
    return tuple(Verb(base, present, past, _invent(base, "u")) for base, present, past in forms)


def _adjectives(category: str, words: str) -> tuple[Adjective, ...]:
    return tuple(Adjective(word, _invent(word, "i"), category) for word in words.split())


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.replace("\n", ",").split(",") if line.strip())


# ---------------------------------------------------------------- things, creatures and places

OBJECTS = _nouns(
    "objects",
    """
    kite lantern drum ball doll puppet whistle hammer spoon rope ladder telescope compass map candle mirror clock
    umbrella hat scarf:scarves coat boot mitten sock shirt apron belt button ribbon needle thimble brush comb pencil
    crayon pen notebook book letter stamp coin key padlock bell flute fiddle trumpet harp guitar banjo accordion
    tambourine xylophone marble spinner robot rocket wagon sled skateboard scooter hoop puzzle magnet feather pebble
    shell cushion pillow blanket carpet broom sponge towel plate cup mug fork ladle shovel rake wrench chisel
    anvil hook net oar anchor flag mask crown wand cape necklace ring bracelet medal trophy ticket postcard camera
    radio lamp paddle racket helmet glove slipper sandal sweater
""",
    in_olu=True,
)

ANIMALS = _nouns(
    "animals",
    """
    cat dog mouse:mice rabbit hamster hedgehog squirrel fox wolf:wolves bear otter beaver badger mole horse pony donkey
    cow goat lamb pig hen duck goose:geese swan owl robin sparrow pigeon parrot penguin pelican crow eagle toucan
    flamingo frog toad newt turtle tortoise lizard gecko snail crab lobster octopus seal ferret llama camel koala panda
    monkey lemur elephant tiger lion zebra beetle
""",
    in_olu=True,
)

FOODS = _nouns(
    "foods",
    """
    plum pancake dumpling apple pear cherry apricot peach banana grape melon strawberry blueberry raspberry fig lemon
    mango carrot potato:potatoes tomato:tomatoes onion turnip radish cucumber pumpkin mushroom pea bean olive egg
    omelette sandwich waffle muffin biscuit cookie cupcake doughnut pretzel bagel bun croissant pie tart pudding
    sausage meatball noodle burrito taco pizza pickle walnut almond peanut coconut samosa crumpet scone artichoke
""",
    in_olu=True,
)

PLACES = _nouns(
    "places",
    """
    park kitchen library harbour garden market school bakery museum station chapel forest meadow shed tent bazaar
    hallway cave castle tower mill stable barn orchard gym theatre zoo workshop studio attic cellar nursery courtyard
    gazebo lighthouse igloo pantry valley cinema greenhouse observatory circus classroom aquarium
""",
    in_olu=True,
)

CONTAINERS = _nouns(
    "containers",
    """
    basket drawer chest box bag jar bucket barrel crate suitcase cupboard sack jug vase pouch envelope backpack teapot
    bowl cabinet locker wardrobe hamper toolbox
""",
)

PLANTS = _nouns(
    "plants",
    """
    rose tulip daisy lily sunflower daffodil poppy orchid fern cactus oak maple birch willow cedar elm thistle clover
    dandelion buttercup bluebell snowdrop marigold peony crocus nettle foxglove primrose palm hawthorn
""",
)

OCCUPATIONS = _nouns(
    "occupations",
    """
    baker teacher doctor nurse farmer painter carpenter tailor gardener sailor pilot firefighter librarian courier
    blacksmith potter weaver cook grocer dentist judge lawyer engineer inventor astronomer musician singer dancer actor
    juggler magician writer poet sculptor photographer mechanic plumber electrician shepherd beekeeper cobbler
    clockmaker barber clown
""",
)

# ---------------------------------------------------------------- words that describe and words that do

COLOURS = _adjectives(
    "colours",
    """
    red blue green yellow orange purple pink brown black white grey golden silver turquoise
""",
)

ADJECTIVES = _adjectives(
    "adjectives",
    """
    tiny shiny old big small large little huge heavy light soft round long short tall wide narrow clean dirty muddy
    dusty wet dry smooth rough spotted striped fluffy pretty ugly funny strange plain fancy rare famous quiet noisy
    loud clumsy sticky slippery crooked wobbly smelly new strong weak fast slow precious lucky magic beautiful charming
    odd enormous dainty sturdy plump flat dazzling mysterious splendid peculiar speckled scruffy elegant ancient
    unusual
""",
)

VERBS = _verbs("""
    see/sees/saw find/finds/found carry/carries/carried paint/paints/painted wash/washes/washed draw/draws/drew
    lift/lifts/lifted like/likes/liked love/loves/loved want/wants/wanted hold/holds/held hide/hides/hid
    bring/brings/brought take/takes/took keep/keeps/kept buy/buys/bought sell/sells/sold hug/hugs/hugged
    touch/touches/touched watch/watches/watched admire/admires/admired need/needs/needed
    remember/remembers/remembered forget/forgets/forgot lose/loses/lost polish/polishes/polished push/pushes/pushed
    pull/pulls/pulled tickle/tickles/tickled choose/chooses/chose greet/greets/greeted name/names/named
    sketch/sketches/sketched describe/describes/described weigh/weighs/weighed measure/measures/measured
""")

FEELINGS = _words("""
    happy sad tired hungry thirsty sleepy angry proud bored excited nervous calm lonely worried scared brave shy
    surprised jealous grateful cheerful curious confused grumpy hopeful glad upset patient delighted relieved
    embarrassed homesick busy dizzy playful puzzled
""")

ACTIONS = _phrases("""
    danced, sang a song, counted the clouds, whistled a tune, dozed off, told a joke, yawned, giggled, sneezed twice
    hopped on tiptoe, waved at everybody, laughed, smiled, jumped for joy, built a snowman, climbed a tree
    baked a cake, swam for an hour, ran in circles, clapped, hummed, snored, stretched, sat in the shade
    lay in the grass, dug a hole, planted a seed, looked at the stars, listened to the rain, played chess
    dreamed of dragons, wrote a poem, made a wish, tripped over a root, slept until noon, solved a riddle
    practised handstands, practised card tricks, invented a game, drank some water, ate breakfast outside, blew bubbles
    splashed in a puddle, rested, exercised, shivered, sighed, blinked, bowed, shouted hooray, whispered a secret
    turned a cartwheel, waited for the bus, rode a bicycle, went fishing, went skating, spoke to the moon
    floated toy boats, watered the flowers, swept the floor, set the table, lit a fire, mended a fence, chopped firewood
    stirred the pot, learned the alphabet, thought about dinosaurs, walked backwards, skipped stones, cheered
""")

ADVERBS = _words("""
    slowly quickly quietly loudly gently carefully happily sadly proudly calmly eagerly bravely kindly politely softly
    brightly nervously cheerfully suddenly secretly patiently gracefully lazily merrily neatly boldly warmly wisely
    gladly shyly swiftly silently honestly playfully sleepily clumsily
""")

# ---------------------------------------------------------------- time, weather, numbers, stuff

WEATHER = _words("""
    sunny foggy snowy rainy windy cloudy stormy misty frosty chilly drizzly hazy muggy breezy humid sweltering freezing
    mild overcast gloomy blustery scorching crisp balmy
""")
SEASONS = _words("spring summer autumn winter")
MONTHS = _words("January February March April May June July August September October November December")
WEEKDAYS = _words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
TIMES = _words("morning afternoon evening night")
NUMBER_WORDS = _words("zero one two three four five six seven eight nine ten eleven twelve")
MATERIALS = _words("""
    wood wool cotton leather clay paper metal plastic rubber straw glass linen velvet bamboo copper cardboard
""")
SPECIALTIES = _words("""
    honey cheese bread jam tea cocoa butter silk lace soap pottery porcelain ink salt cinnamon vanilla saffron ginger
    cider lemonade marmalade syrup chocolate fudge marzipan liquorice gingerbread popcorn porridge soup pasta rice
    mustard vinegar music poetry fireworks windmills waterfalls tapestries mosaics perfume amber pearls fossils canals
    carousels statues gondolas balloons sundials riddles jewellery embroidery furniture parades
""")

# ---------------------------------------------------------------- names; the unknown ones never exist in any world

FEMALE_NAMES = _words("""
    Ada Aiko Alma Amara Anya Asha Astrid Beatriz Bianca Brigid Carmen Chloe Clara Dalia Dina Edda Elena Elif Emma
    Esther Farah Fatima Freya Gita Greta Gwen Hana Heidi Helga Ines Ingrid Isla Julia Kaia Katya Keiko Kira Lakshmi
    Layla Linnea Lucia Lupe Maeve Mara Marta Meera Mina Nadia Naomi Nina Noor Olga Paloma Petra Priya Rania Rosa Ruth
    Salma Selma Sigrid Sofia Suki Tessa Uma Wanda Xenia Yara Yuki Zora
""")
MALE_NAMES = _words("""
    Abel Ahmed Amos Anders Arjun Axel Basim Boris Bruno Carlos Cyrus Darius Diego Dmitri Edgar Emil Enzo Erik Ezra
    Farid Felix Finn Gabriel Gus Hamza Hans Haruki Hugo Idris Igor Ivan Jabari Jamal Jin Jonas Kabir Karl Kenji Kofi
    Kwame Lars Levi Liam Lorenzo Magnus Malik Mateo Milo Mosi Nico Niels Obi Omar Oscar Otto Pablo Pavel Quinn Rafael
    Ravi Rohan Samir Sven Tariq Theo Tomas Viktor Walter Yusuf Zane
""")
UNKNOWN_FEMALE_NAMES = _words("""
    Adele Agnes Bettina Camille Cora Delphine Dorothea Eunice Fiona Gloria Hilda Imogen Jolene Kalinda Lorelei Mirabel
    Nerissa Odette Philippa Ramona Sabine Tallulah Ursula Yolanda
""")
UNKNOWN_MALE_NAMES = _words("""
    Alvin Barnaby Casper Cedric Desmond Eamon Fergus Gideon Horatio Isidor Jasper Keanu Leopold Mortimer Nestor Orlando
    Percival Quentin Rupert Sebastian Tobias Ulysses Vincent Wilfred
""")
TOWN_NAMES = _words("""
    Brindle Otterby Puddlewick Mossford Bumbleton Crumpetham Wobbleigh Snugborough Tumbledown Fiddlestone Nibley
    Marrowdale Pipkin Quackenham Dozeworth Lanternby Gooseford Pepperwick Bramblegate Mittenham Hatterley Cloudbury
    Teasel Jollyport Snailham Waffleton Bellbrook Thimbleby Picklemere Hazelhurst Drumley Kettlewell Muddlecombe
    Larkspur Owlstead Honeyford Ticklebridge Buttonby Rumbleton Scarfield Whiskerley Turnipstow Frostwick Gigglesby
    Plumstead Driftwater Sockbridge Yawnley Nettlecombe Cricklemouth Feathering Acornby Dapplemere Umberton Inkwell
    Zigzag
""")
UNKNOWN_TOWN_NAMES = _words("""
    Crabtree Dimplewood Elderby Fumblestead Gobbleton Harkmoor Icicleby Jumbleford Knotley Lumpington Mumblethorpe
    Noodlecombe Oddlington Pantryhill Quiverley Raspberg Spindlewick Tootlebury Unterby Vexley Wimblecot Yonderham
    Zipperton Bafflemere
""")
REGION_NAMES = _words("""
    Marshmallow Gooseland Thistleshire Upperdown Windwhistle Puddleland Sunnymarch Bumblevale Drizzledale Moonreach
    Pinecrest Saltmere
""")

# Verbs of the invented language that say facts, and its word for an answer that is a thing or a number.
INVENTED_RELATIONS = {
    "LIVES": "domu", "LIKES": "laveshu", "KEEPS": "herou", "SELLS": "tamolu", "LIES": "silenu", "RULES": "garimu",
    "IS": "ethu",
}  # fmt: skip

# ---------------------------------------------------------------- every word by category


def _noun_words(nouns: Iterable[Noun]) -> tuple[str, ...]:
    return tuple(word for noun in nouns for word in (noun.singular, noun.plural))


_IN_OLU: tuple[Noun | Verb | Adjective, ...] = (*OBJECTS, *ANIMALS, *FOODS, *PLACES, *VERBS, *ADJECTIVES, *COLOURS)

CATEGORIES: dict[str, tuple[str, ...]] = {
    "people": FEMALE_NAMES + MALE_NAMES,
    "towns": TOWN_NAMES,
    "regions": REGION_NAMES,
    "objects": _noun_words(OBJECTS),
    "animals": _noun_words(ANIMALS),
    "foods": _noun_words(FOODS),
    "places": _noun_words(PLACES),
    "containers": _noun_words(CONTAINERS),
    "plants": _noun_words(PLANTS),
    "occupations": _noun_words(OCCUPATIONS),
    "colours": tuple(colour.word for colour in COLOURS),
    "adjectives": tuple(adjective.word for adjective in ADJECTIVES),
    "verbs": tuple(form for verb in VERBS for form in (verb.base, verb.present, verb.past)),
    "feelings": FEELINGS,
    "adverbs": ADVERBS,
    "weather": WEATHER,
    "seasons": SEASONS,
    "months": MONTHS,
    "weekdays": WEEKDAYS,
    "times": TIMES,
    "numbers": NUMBER_WORDS,
    "materials": MATERIALS,
    "specialties": SPECIALTIES,
    "invented": (*(entry.invented for entry in _IN_OLU), *INVENTED_RELATIONS.values()),
}
