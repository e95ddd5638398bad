"""What the training page says and asks about the record of the sidebar's model; every number in it is measured."""

import math

import streamlit as st

from core.training.disk.rows import Row
from pages.ui import cache, state
from pages.ui.caption import NATS, try_it, what_you_see
from pages.ui.training.curves import metrics

SMALL = {
    "Learning rate": "how far a step goes in the direction that the optimizer has chosen. It rises at the start, while "
    "the gradients are still wild, and falls at the end, so that the model settles.",
    "Gradient norm": "how steep the loss is where the model stands, all weights taken together. A jump means trouble: "
    "a rate that is too high, or an odd batch.",
    "Tokens per second": "how fast it reads. Other runs and other visitors slow it down.",
    "Share of peak speed": "of the multiplications that this machine can do in a second, those that training needed.",
    "Update ÷ weights": "how far one step moved each part of the model, beside the size of its weights. Between a "
    "thousandth and a hundredth is healthy; near 1 a step overwrites what was there.",
}


def explain() -> None:
    """What is on the stage."""
    what_you_see(
        f"The **loss** is how surprised the model is by each next token. {NATS} It is measured on "
        "the documents it trains on and on **held-out** ones that it never trains on. The dashed **entropy floor** is "
        "the surprise left to a reader who knows exactly how the documents are made; dotted lines are simple ways of "
        "guessing, by counting words. Point at a step to see what it wrote and where it looked then; click, and every "
        "page shows the model at the nearest kept step (the green ticks)."
    )
    with st.popover("The small curves", type="tertiary"):
        st.markdown("\n".join(f"- **{name}**: {meaning}" for name, meaning in SMALL.items()))


def record_experiments() -> None:
    """Three questions that the record answers."""
    description = cache.description(state.get("model"))
    rows = [row for row in metrics(description.folder) if "val_loss_per_token" in row]
    losses = [row["val_loss_per_token"] for row in rows]
    if len(rows) < 2:
        return
    steps, size = description.steps, description.config.vocab_size
    one, two, three = st.columns(3)
    with one:
        try_it(
            "With random weights no token is likelier than another. How large is the loss then?",
            f"The logarithm of the number of tokens: ln {size:,} = {math.log(size):.2f} nats. At its first evaluation "
            f"this model had {losses[0]:.2f}.",
            label="Go back to the first step",
            key="training_first",
            update={"step": steps[0]},
        )
    with two:
        kept = min(steps, key=lambda step: abs(step - steps[-1] / 2))  # the page can go to no other
        nearest = min(range(len(rows)), key=lambda i: abs(rows[i]["step"] - kept))
        half, way = rows[nearest], (losses[0] - losses[nearest]) / (losses[0] - losses[-1] or 1.0)
        try_it(
            f"After {kept / (steps[-1] or 1):.0%} of its steps, how much of its whole improvement had it made?",
            f"By step {half['step']:,} of {rows[-1]['step']:,} the held-out loss had come down {way:.0%} of the way. "
            "The first nats are cheap: which words exist, which follow which. The last hundredths are the hard ones.",
            label=f"Go to step {kept:,}",
            key="training_half",
            update={"step": kept},
        )
    with three:
        floor(rows, steps[-1])


def floor(rows: list[Row], last_step: int) -> None:
    """The question about the entropy floor, where it is known."""
    last = rows[-1]
    if "floor_per_document" not in last or "val_loss_per_document" not in last:
        return
    try_it(
        "With far more training, could the loss fall to 0?",
        "No. The documents are partly chance: which name, which colour. Their own author would still be surprised "
        f"by {last['floor_per_document']:.1f} nats in each. At its end the model stood at "
        f"{last['val_loss_per_document']:.1f}.",
        label="Go to the last step",
        key="training_floor",
        update={"step": last_step},
    )
