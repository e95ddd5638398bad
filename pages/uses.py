"""What a language model is used for: chat, translation, writing and code, each measured, with its failures."""

from pages.ui.caption import page_header
from pages.ui.sections import section, stage
from pages.ui.uses.chat import chat
from pages.ui.uses.experiments import uses_experiments
from pages.ui.uses.failures import failures
from pages.ui.uses.measured import measured
from pages.ui.uses.program import program
from pages.ui.uses.story import story
from pages.ui.uses.translation import translation

page_header(
    "What is it good for, and where does it fail?",
    "Four uses of the same model, which only ever chooses a next token. In Tinyland we can check each of them.",
)
stage(chat)
section("Translate", "translate", translation, height=520)
section("Write a story", "story", story, height=560)
section("Complete a program", "program", program, height=560)
section("How good is it at each?", "measured", measured, height=520)
section("What it gets wrong", "failures", failures, height=420)
section("Try", "try", uses_experiments, height=120)
