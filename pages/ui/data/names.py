"""What labels, reasons and steps are called on the page."""

KINDS = {
    "script": "a script",
    "navigation": "a menu",
    "advert": "an advert",
    "gibberish": "gibberish",
    "spam": "keyword spam",
    "word_list": "a list of words",
    "too_short": "too short",
    "too_long": "too long",
    "foreign": "another language",
    "exact_copy": "an exact copy",
    "near_copy": "nearly a copy",
    "translated_copy": "a translation of another page",
    "template": "made from a template",
    "leak": "a test question",
    "leak_paraphrase": "a test question in other words",
    "insult": "an insult",
    "no_licence": "no licence",
    "opt_out": "an opt-out",
    "no_consent": "consent refused",
    "name": "a person's name",
    "address": "a postal address",
    "email": "an e-mail address",
    "phone": "a telephone number",
    "card": "a card number",
    "iban": "a bank account",
    "ip": "an IP address",
    "decoy": "a number that only looks personal",
    "mojibake_cp1252": "mojibake: read as Windows-1252",
    "mojibake_latin1": "mojibake: read as Latin-1",
    "mojibake_twice": "mojibake, twice over",
    "mojibake_cp437": "mojibake: read as DOS",
    "mojibake_macroman": "mojibake: read as Mac Roman",
    "mojibake_entities": "entities written out",
    "mojibake_lossy": "letters that were lost",
}
LANGUAGES = {
    "es": "Spanish", "de": "German", "fr": "French", "it": "Italian", "nl": "Dutch", "pt": "Portuguese",
}  # fmt: skip
STEPS = {  # of ftfy
    "encode": "written as",
    "decode": "read as",
    "transcode": "repaired bytes:",
    "apply": "",
}


def kind_of(reason: str) -> str:
    """A reason of a stage, or the steps of a repair, as people say it."""
    if reason.startswith("language "):
        return f"it is {LANGUAGES.get(reason[9:], reason[9:])}"
    if reason in KINDS:
        return KINDS[reason]
    steps = [part.split(" ", 1) for part in reason.split(", ")]
    if all(len(step) == 2 and step[0] in STEPS for step in steps):
        return ", ".join(f"{STEPS[what]} {with_what.replace('_', ' ')}".strip() for what, with_what in steps)
    return reason
