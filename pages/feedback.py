"""How a model is shaped by what people like: rating, a reward model, over-optimisation, the known optimum, bluffing."""

from pages.ui.caption import page_header
from pages.ui.feedback.bandit import bandit
from pages.ui.feedback.bluff import bluffing
from pages.ui.feedback.changed import changed
from pages.ui.feedback.rate import rating
from pages.ui.feedback.reward import over, reward
from pages.ui.feedback.shape import shape
from pages.ui.feedback.trained import trained
from pages.ui.sections import section, stage
from pages.ui.training.owner import remember

page_header("How does it learn what we like?", "You compare, it learns a reward; then the reward is optimised.")
remember()
stage(rating)
section("Learn a reward from comparisons", "reward", reward, height=320)
section("Train it on the comparisons", "shape", shape, height=640)
section("Before and after", "changed", changed, height=80)
section("What happens when the reward is optimised too far?", "over", over, height=460)
section("Over-optimisation while it is trained", "trained", trained, height=420)
section("Beside the known optimum", "bandit", bandit, height=460)
section("Why do models bluff?", "bluff", bluffing, height=300)
