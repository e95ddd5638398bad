"""One prediction through the whole model: the stream, what it would say after each block, who made it say so."""

from pages.ui import components
from pages.ui.caption import page_header, truth, what_you_see
from pages.ui.inside import lens
from pages.ui.inside.attribution import attribution
from pages.ui.inside.cell import arithmetic
from pages.ui.inside.experiments import inside_experiments
from pages.ui.inside.neurons import neurons
from pages.ui.inside.stream import stream
from pages.ui.sections import section, stage
from pages.ui.view import current


def blocks() -> None:
    view = current()
    components.tokens(view.chips, key="tokens", cursor=view.cursor, probabilities=view.probabilities, role="residual")
    stream(view, key="stream")
    rails = view.trace.resid_post
    code = view.code.gives("trace.resid_post", rails)
    truth("trace.resid_post", rails.shape, "every number of the diagram was computed from this text", code)
    arithmetic(view)
    what_you_see(
        "Every token has a **rail**: the :gray[residual stream], a vector that flows down and is never replaced, only "
        "added to. In each block :orange[attention] (circle) fetches something from earlier tokens (lines), then the "
        ":green[MLP] (square) works on the token alone. The thicker a rail, the longer the vector; the larger a mark, "
        "the longer what is added. **Open a block** to see its numbers."
    )


page_header(
    "How does one prediction come about?",
    "Follow a token down through the blocks: what each block adds, what it would predict, and which parts made it.",
)
stage(blocks)
section("What would it say if it stopped here?", "lens", lens.grid, height=560)
section("One token, layer by layer", "depth", lens.through_depth, height=440)
section("Which parts made this prediction?", "attribution", attribution, height=900)
section("Neurons", "neurons", neurons, height=1100)
section("Try", "try", inside_experiments, height=120)
