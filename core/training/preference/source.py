"""Where the feedback of a run of preference tuning comes from: the truth of answers, or comparisons of texts."""

from pathlib import Path

from core.text import Tokenizer
from core.training.config import TrainConfig
from core.training.data.batches import Data
from core.training.preference.config import Preference
from core.training.preference.graded import Graded
from core.training.preference.rated import Rated

Feedback = Graded | Rated


def make_feedback(config: TrainConfig, folder: Path, tokenizer: Tokenizer, data: Data) -> Feedback:
    """What the settings of a run ask for. Raises ValueError where there is nothing to learn from."""
    kind = Graded if Preference.from_dict(config.preference).reward == "truth" else Rated
    return kind(config, folder, tokenizer, data)
