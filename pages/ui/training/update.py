"""Exactly one update, in slow motion: from a real batch to the weights that answer it."""

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from core.figures import overview
from core.figures import training_update as figures
from pages.ui import cache, components, state
from pages.ui.caption import stage_title, truth
from pages.ui.code import Code
from pages.ui.literal import literal
from pages.ui.names import title
from pages.ui.text import chips

if TYPE_CHECKING:
    from core.lab.one_step import OneUpdate

ROWS, LONGEST = 4, 48  # sequences of the batch, and tokens of each


@st.cache_resource(max_entries=4, show_spinner="One update, in slow motion …")
def _update(name: str, step: int, stamp: tuple[int, ...]) -> "tuple[OneUpdate, bool]":
    """The update, and whether its batch is the one that was read."""
    from core.lab.one_step import batch_of, moments_of, one_update, reads_the_same, repeatable_at
    from core.training.disk.state import position_after

    checkpoint = cache.plain_checkpoint(name, step)  # training knows nothing of changes inside the model
    folder = checkpoint.folder
    batch, config = batch_of(folder, step, ROWS, LONGEST), repeatable_at(folder, step)
    assert config is not None  # `batch_of` would have said so
    position, moments = position_after(folder, step), moments_of(folder, step)
    return one_update(checkpoint.model, config, batch, position, moments), reads_the_same(folder, step)


@st.cache_data(max_entries=16, show_spinner=False)
def _repeatable(name: str, stamp: tuple[int, ...]) -> list[int]:
    """The steps whose next update can be repeated; none where the run's settings cannot be read."""
    from core.lab.one_step import repeatable_at

    found = cache.description(name)
    try:
        return [step for step in found.steps[:-1] if repeatable_at(found.folder, step)]
    except ValueError:
        return []


def slow_motion() -> None:
    """The controls, and the update that they ask for once somebody has asked."""
    st.markdown(
        "Training is one step, repeated thousands of times. Here is one, with a real batch, on a copy of the model."
    )
    name = state.get("model")
    settings = cache.description(name).folder / "train.json"
    steps = _repeatable(name, (*cache.files_stamp(name), settings.stat().st_mtime_ns)) if settings.is_file() else []
    if not steps:
        st.info(
            "This model came without the settings and the snapshots of its training: choose another in the sidebar."
        )
        return
    key = f"update_step_{name}"
    if st.session_state.get(key) not in steps:
        st.session_state[key] = steps[len(steps) // 2]
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    label = f"The update after this step, of {literal(title(name))}"
    left.select_slider(label, steps, key=key, format_func=lambda n: f"{n:,}")
    if right.button("Show it", width="stretch"):
        st.session_state["update_shown"] = True
    if not st.session_state.get("update_shown"):
        return
    step = int(st.session_state[key])
    try:
        update, same = _update(name, step, cache.files_stamp(name))
    except (ValueError, OSError) as error:
        st.warning("This update cannot be repeated here: what the run read is not there any more.")
        st.text(str(error)[:300])
        return
    code = (
        Code()
        .with_import("core.model", "load_checkpoint")
        .with_import("core.lab.one_step", "batch_of", "moments_of", "one_update", "repeatable_at", "weight_story")
        .with_import("core.training.costs.measure", "group_of")
        .with_import("core.training.disk.state", "position_after")
        .then(
            f"checkpoint = load_checkpoint({name!r}, step={step})",
            "folder = checkpoint.folder",
            f"batch = batch_of(folder, {step}, {ROWS}, {LONGEST})",
            f"config = repeatable_at(folder, {step})",
            f"position, moments = position_after(folder, {step}), moments_of(folder, {step})",
            "update = one_update(checkpoint.model, config, batch, position, moments)",
        )
    )
    labels = forward_part(name, update, code, same)
    loss_part(update, labels, code)
    update_part(update, code)
    one_weight(update, code)


def forward_part(name: str, update: "OneUpdate", code: Code, same: bool) -> list[str]:
    """Tokens, vectors, layers: the forward pass over the batch. Returns the labels of the targets shown. same: the
    batch is the one that was read."""
    from core.analysis.stream.flow import newly_written

    tokenizer = cache.description(name).tokenizer
    length = len(update.trace.ids)
    counts = update.targets[0, :length] >= 0
    last = [int(update.targets[0, length - 1])] if counts[-1] else []
    shown = chips(tokenizer, [*update.trace.ids.tolist(), *last])
    stage_title(1, "A batch of text", "token")
    tokens = int((update.targets >= 0).sum())
    read = "the batch that this run read at this step" if same else (
        "a batch like the one that this run read at this step (what makes the text has changed since)")  # fmt: skip
    uncounted = "" if counts.all() else " Tokens without a colour do not count in the loss."
    st.markdown(
        f"{len(update.targets)} sequences of {read}, cut to {LONGEST} tokens. This is the first; colours say "
        f"how likely the model held each token, given those before it.{uncounted}"
    )
    likely_each = zip(update.probabilities[0, :length].tolist(), counts.tolist(), strict=True)
    probabilities = [None, *(p if counted else None for p, counted in likely_each)][: len(shown)]
    components.tokens(shown, key="update_tokens", values=probabilities, shared=False, title="The first sequence")
    likely = code.gives(f"update.probabilities[0, :{length}]", update.probabilities[0, :length])
    truth(
        "update.probabilities[0]",
        (length,),
        f"what the model expected before the update; the batch has {tokens:,} targets in all",
        likely,
    )
    stage_title(2, "Vectors, rewritten layer by layer", "attention")
    labels = [chip.label for chip in shown]
    parts = newly_written(update.trace)  # both (L, T)
    figure = overview.writes(*parts, labels[:length])
    height = 90 + 44 * len(parts[0])
    components.plot(figure, key="update_layers", height=height, title="What each part of each block adds")
    note = "the length of what attention adds and then the MLP, block by block, on the first sequence"
    shown_code = code.with_import("core.analysis.stream.flow", "newly_written").gives(
        "newly_written(update.trace)", parts
    )
    truth("|new| / (|new| + |old|)", (2 * len(parts[0]), length), note, shown_code)
    return labels[1:]


def loss_part(update: "OneUpdate", labels: list[str], code: Code) -> None:
    """The loss that the predictions cost, before the update and after it."""
    stage_title(3, "Predictions and their loss", "prediction")
    counts = update.targets[0, : len(labels)] >= 0
    before, after = (np.where(counts, x[0, : len(labels)], np.nan) for x in (update.losses, update.losses_after))
    with st.container(horizontal=True):
        st.metric("Loss on the batch", f"{update.loss:.4f}", border=True)
        change = update.loss_after - update.loss
        st.metric(
            "on the same batch, after", f"{update.loss_after:.4f}", f"{change:.4f}", delta_color="inverse", border=True
        )
        st.metric("Gradient norm", f"{update.grad_norm:.3g}", border=True)
        clip = "not clipped" if update.clip >= 1 else f"clipped to {update.clip:.0%}"
        st.metric("Clipping", clip, border=True)
    components.plot(figures.losses(labels, before, after), key="update_losses", height=250, title="Loss of each target")
    drawn = "update.losses"
    truth("update.losses[0], update.losses_after[0]", (len(labels),), "in nats, before the update and after it",
          code.gives(f"{drawn}[0, :{len(labels)}], {drawn}_after[0, :{len(labels)}]",
                     (update.losses[0, : len(labels)], update.losses_after[0, : len(labels)])))  # fmt: skip


def update_part(update: "OneUpdate", code: Code) -> None:
    """Gradients flow back to every part, and the optimizer turns them into steps."""
    from core.training.costs.measure import group_of

    stage_title(4, "Gradients flow back, and every part takes a step", "mlp")
    groups = dict.fromkeys(group_of(name) for name in update.before)
    gradients, steps = [], []
    for group in groups:
        names = [name for name in update.before if group_of(name) == group]
        size = {n: [update.gradients[n], update.after[n] - update.before[n], update.before[n]] for n in names}
        gradient, moved, weights = (sum(float((x[i] ** 2).sum()) for x in size.values()) ** 0.5 for i in range(3))
        gradients.append(gradient)
        steps.append(moved / weights if weights else 0.0)
    labels = [f"block {group}" if group.isdigit() else {"embed": "embedding"}.get(group, group) for group in groups]
    figure = figures.parts(labels, gradients, steps)
    height = 90 + 26 * len(labels)
    components.plot(figure, key="update_parts", height=height, title="Gradient and step of each part")
    rates = ", ".join(f"{name} {update.rates[name]:.3g}" for name in optimizers_of(update))
    code = code.then(
        "def size(arrays, group):",
        "    return sum(float((x**2).sum()) for name, x in arrays.items() if group_of(name) == group) ** 0.5",
        "",
        "moved = {name: update.after[name] - update.before[name] for name in update.before}",
        "sizes = {group: size(update.before, group) for group in map(group_of, update.before)}",
    ).gives(
        "[(size(update.gradients, g), size(moved, g) / of if of else 0.0) for g, of in sizes.items()]",
        list(zip(gradients, steps, strict=True)),
    )
    truth(
        "update.gradients, update.after - update.before",
        (len(update.before),),
        f"the learning rates at this step: {rates}",
        code,
    )
    if not update.updates:
        st.caption("The run did not keep its optimizer's memory at this step: the moments begin at 0 here.")


def optimizers_of(update: "OneUpdate") -> list[str]:
    """The optimizers that this run's parameters have."""
    kinds = {"exp_avg": "adamw", "exp_avg_sq": "adamw", "momentum_buffer": update.config.optimizer}
    return sorted({kinds[name.partition(".")[0]] for name in update.state_after})


def one_weight(update: "OneUpdate", code: Code) -> None:
    """One number of the model: value, gradient, moments, new value."""
    from core.lab.one_step import weight_story

    stage_title(5, "One weight", "residual")
    names = list(update.before)
    first = next((i for i, name in enumerate(names) if ".wq." in name), 0)
    name = st.selectbox("Matrix or vector", names, index=first, key="update_matrix", persist_state="page")
    gradient = np.atleast_2d(update.gradients[name])  # a vector is a matrix of one row
    row, column = divmod(int(np.abs(gradient).argmax()), gradient.shape[1])
    chosen = st.session_state.get("update_weight", {}).get(name, (row, column))
    at = (min(chosen[0], gradient.shape[0] - 1), min(chosen[1], gradient.shape[1] - 1))

    def choose(event: components.PlotEvent) -> None:
        if isinstance(event.x, int) and isinstance(event.y, int):
            st.session_state["update_weight"] = {name: (event.y, event.x)}

    left, right = st.columns(2, gap="large")
    with left:
        title = f"Gradient of {name} around one weight"
        components.plot(figures.window(gradient, at), key="update_window", height=380, title=title, on_click=choose)
        truth("update.gradients[name]", gradient.shape, "a window of the whole matrix; click a weight",
              code.gives(f"update.gradients[{name!r}]", update.gradients[name]))  # fmt: skip
    with right:
        index = at if update.before[name].ndim == 2 else at[1:]
        story = weight_story(update, name, index)
        lines: list[tuple[str, Any]] = [("value before", story.value), *story.lines]
        lines += [("change", story.change), ("new value", story.new_value)]
        table = {"what": [what for what, _ in lines], "number": [f"{value:.6g}" for _, value in lines]}
        st.dataframe(table, hide_index=True, height=38 + 35 * len(lines))
        who = {"muon": "Muon", "adamw": "AdamW", "sgd": "SGD"}[story.optimizer]
        note = f"the weight in row {at[0]}, column {at[1]}, moved by {who}"
        truth("weight_story", (len(lines),), note,
              code.gives(f"weight_story(update, {name!r}, {index})", story))  # fmt: skip
