"""What a prompt does: examples, wording, words that matter, the window, hidden orders, and where learning sits."""

from pages.ui.caption import page_header
from pages.ui.prompting.examples import few_shot
from pages.ui.prompting.game import one_game
from pages.ui.prompting.heads import heads
from pages.ui.prompting.injection import injection
from pages.ui.prompting.laboratory import laboratory
from pages.ui.prompting.life import life
from pages.ui.prompting.tips import tips
from pages.ui.prompting.window import window
from pages.ui.prompting.words import words
from pages.ui.sections import section, stage

page_header(
    "What does a prompt do?",
    "Advice about prompts, tested instead of believed: in Tinyland the right answer is known for every case.",
)
stage(few_shot)
section("One game, example by example", "game", one_game, height=480)
section("Is the advice true? Predict first", "tips", tips, height=300)
section("The prompt laboratory", "laboratory", laboratory, height=760)
section("Which words mattered?", "words", words, height=900)
section("What fits into the window?", "window", window, height=760)
section("What if the text itself gives orders?", "injection", injection, height=560)
section("When did it learn to learn from examples?", "life", life, height=500)
section("What if the induction heads are switched off?", "heads", heads, height=500)
