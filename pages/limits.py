"""The limits of a language model: what it invents, how sure it is, when it should be silent, its skew, its costs."""

from pages.ui.caption import page_header
from pages.ui.limits.abstaining import abstaining
from pages.ui.limits.bias import bias
from pages.ui.limits.bits import fewer_bits
from pages.ui.limits.calibration import calibration
from pages.ui.limits.doses import more_skew, told_once
from pages.ui.limits.energy import energy
from pages.ui.limits.experiments import limits_experiments
from pages.ui.limits.hallucination import hallucination
from pages.ui.limits.next_token import next_token
from pages.ui.limits.singletons import singletons
from pages.ui.limits.untold import untold
from pages.ui.sections import section, stage

page_header(
    "When is it wrong, and does it know?",
    "A model always has an answer ready. In Tinyland we know which answers are true.",
)
stage(hallucination)
section("Does it know what it was never told?", "untold", untold, height=560)
section("Is 80 % sure right in 80 % of the cases?", "calibration", calibration, height=560)
section("Beside the truth, token by token", "truth", next_token, height=700)
section("When should it say “I do not know”?", "abstaining", abstaining, height=560)
section("Why must it err on what it read once?", "singletons", singletons, height=760)
section("Do trained models obey that law?", "law", told_once, height=560)
section("Who does it think a nurse is?", "bias", bias, height=960)
section("Does a skewed corpus make a skewed model?", "skew", more_skew, height=620)
section("What does it cost?", "energy", energy, height=820)
section("How few bits does a weight need?", "bits", fewer_bits, height=720)
section("Try", "try", limits_experiments, height=120)
