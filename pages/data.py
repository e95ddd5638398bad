"""From a raw crawl to a corpus: every stage at work on real text, and how often it is right."""

from pages.ui.caption import page_header
from pages.ui.data.alike import alike
from pages.ui.data.decisions import decisions
from pages.ui.data.experiments import data_experiments
from pages.ui.data.home import home
from pages.ui.data.left import what_is_left
from pages.ui.data.matter import does_it_matter
from pages.ui.data.origin import where_texts_come_from
from pages.ui.data.stage import pipeline
from pages.ui.sections import section, stage
from pages.ui.training.owner import remember

page_header("Which pages does a model get to read?", "Of the raw web, the smaller part. Somebody decides which.")
remember()
stage(pipeline)
section("What did this stage do?", "decisions", decisions, height=900)
section("What is left at the end?", "left", what_is_left, height=700)
section("When are two texts the same?", "alike", alike, height=900)
section("Take it home", "home", home, height=560)
section("Does it matter?", "matter", does_it_matter, height=760)
section("Where does a text come from?", "origin", where_texts_come_from, height=760)
section("Try", "try", data_experiments, height=120)
