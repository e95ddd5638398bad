"""The same sentences in English and six other languages, written for Glassbox: foreign pages and translations."""

from random import Random

from core.text.tinyland import lexicon

SENTENCES = {
    "English": (
        "{a} lives in a small house behind the church of {t}.",
        "Every morning {a} buys bread and milk at the market.",
        "In the evening {a} and {b} cook a soup with carrots.",
        "{b} has lost the key and is looking for it everywhere.",
        "It has rained for three days, and the river is very high.",
        "On Sunday the two of them visit the grandmother.",
        "{a} reads the newspaper while {b} works in the garden.",
        "Nobody knows who opened the window last night.",
        "The children are playing with the old dog in front of the school.",
        "{b} would like to travel to {t} next year.",
    ),
    "Spanish": (
        "{a} vive en una casa pequeña detrás de la iglesia de {t}.",
        "Cada mañana {a} compra pan y leche en el mercado.",
        "Por la noche {a} y {b} preparan una sopa con zanahorias.",
        "{b} ha perdido la llave y la busca por todas partes.",
        "Lleva tres días lloviendo y el río está muy alto.",
        "El domingo los dos visitan a la abuela.",
        "{a} lee el periódico mientras {b} trabaja en el jardín.",
        "Nadie sabe quién abrió la ventana anoche.",
        "Los niños juegan con el perro viejo delante de la escuela.",
        "A {b} le gustaría viajar a {t} el año que viene.",
    ),
    "German": (
        "{a} wohnt in einem kleinen Haus hinter der Kirche von {t}.",
        "Jeden Morgen kauft {a} Brot und Milch auf dem Markt.",
        "Am Abend kochen {a} und {b} eine Suppe mit Karotten.",
        "{b} hat den Schlüssel verloren und sucht ihn überall.",
        "Es regnet seit drei Tagen, und der Fluss steht sehr hoch.",
        "Am Sonntag besuchen die beiden die Großmutter.",
        "{a} liest die Zeitung, während {b} im Garten arbeitet.",
        "Niemand weiß, wer gestern Nacht das Fenster geöffnet hat.",
        "Die Kinder spielen vor der Schule mit dem alten Hund.",
        "{b} möchte nächstes Jahr nach {t} reisen.",
    ),
    "French": (
        "{a} habite une petite maison derrière l'église de {t}.",
        "Chaque matin, {a} achète du pain et du lait au marché.",
        "Le soir, {a} et {b} préparent une soupe aux carottes.",
        "{b} a perdu la clé et la cherche partout.",
        "Il pleut depuis trois jours et la rivière est très haute.",
        "Le dimanche, tous les deux rendent visite à la grand-mère.",
        "{a} lit le journal pendant que {b} travaille dans le jardin.",
        "Personne ne sait qui a ouvert la fenêtre hier soir.",
        "Les enfants jouent avec le vieux chien devant l'école.",
        "{b} aimerait voyager à {t} l'année prochaine.",
    ),
    "Italian": (
        "{a} abita in una piccola casa dietro la chiesa di {t}.",
        "Ogni mattina {a} compra il pane e il latte al mercato.",
        "La sera {a} e {b} preparano una zuppa di carote.",
        "{b} ha perso la chiave e la cerca dappertutto.",
        "Piove da tre giorni e il fiume è molto alto.",
        "La domenica i due vanno a trovare la nonna.",
        "{a} legge il giornale mentre {b} lavora in giardino.",
        "Nessuno sa chi ha aperto la finestra ieri notte.",
        "I bambini giocano con il vecchio cane davanti alla scuola.",
        "{b} vorrebbe andare a {t} l'anno prossimo.",
    ),
    "Dutch": (
        "{a} woont in een klein huis achter de kerk van {t}.",
        "Elke ochtend koopt {a} brood en melk op de markt.",
        "'s Avonds koken {a} en {b} een soep met wortels.",
        "{b} is de sleutel kwijt en zoekt hem overal.",
        "Het regent al drie dagen en de rivier staat heel hoog.",
        "Op zondag gaan ze samen bij hun oma op bezoek.",
        "{a} leest de krant terwijl {b} in de tuin werkt.",
        "Niemand weet wie vannacht het raam heeft opengedaan.",
        "De kinderen spelen met de oude hond voor de school.",
        "{b} wil volgend jaar graag naar {t} reizen.",
    ),
    "Portuguese": (
        "{a} mora numa casa pequena atrás da igreja de {t}.",
        "Todas as manhãs {a} compra pão e leite no mercado.",
        "À noite {a} e {b} preparam uma sopa de cenoura.",
        "{b} perdeu a chave e procura-a por toda a parte.",
        "Está a chover há três dias e o rio está muito alto.",
        "No domingo os dois visitam a avó.",
        "{a} lê o jornal enquanto {b} trabalha no jardim.",
        "Ninguém sabe quem abriu a janela ontem à noite.",
        "As crianças brincam com o cão velho em frente da escola.",
        "{b} gostaria de viajar para {t} no próximo ano.",
    ),
}
LANGUAGES = tuple(language for language in SENTENCES if language != "English")


def written(rng: Random, language: str) -> str:
    """The same rng writes the same text in every language."""
    a, b = rng.sample(lexicon.FEMALE_NAMES + lexicon.MALE_NAMES, 2)
    town, order = rng.choice(lexicon.TOWN_NAMES), rng.sample(range(10), 10)
    return " ".join(SENTENCES[language][i].format(a=a, b=b, t=town) for i in order)
