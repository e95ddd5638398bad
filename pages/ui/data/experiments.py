"""Things to try on the data page."""

from pages.ui.caption import try_it


def data_experiments() -> None:
    try_it(
        "**The order of the stages.** Exact duplicates are looked for after the text was taken out of its page. What "
        "if that stage comes first, before the extraction?",
        "It finds next to nothing: two copies of a text stand in pages with other menus and adverts, so that no two "
        "files are the same letter for letter. Deduplicate what you want to train on, not what you fetched.",
        label="Put exact duplicates first",
        key="data_try_order",
        update={
            "pipeline": "exact,extract,repair,normalise,language,repetition,quality,c4,fineweb,near,personal,"
            "decontaminate,licence",
            "stage_open": "exact",
        },
    )
    try_it(
        "**A stricter language filter.** It keeps a page if it is 65 % sure that it is English. Make that 100 %: what "
        "will it throw away?",
        "Good English pages: those with names and accents, with a list, or very short ones. A threshold that looks "
        "like more quality costs most where text is unusual. Look at “dropped, but fine”.",
        label="Make it 100 % sure",
        key="data_try_sure",
        update={"tuned": "language.sure=1.0", "stage_open": "language", "pipeline": ""},
    )
    try_it(
        "**Test questions in other words.** Decontamination looks for 13 words in a row. Why does it find nearly every "
        "verbatim question, and hardly any paraphrase?",
        "A paraphrase changes a word here and there, and puts an aside between sentences: hardly any 13 words in a row "
        "survive. With 5 words it finds more of them, and begins to drop stories that only sound alike.",
        label="Look for 5 words in a row",
        key="data_try_grams",
        update={"tuned": "decontaminate.n=5", "stage_open": "decontaminate", "pipeline": ""},
    )
