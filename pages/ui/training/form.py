"""The form that sets up a run: what it reads, what it is, how it learns, for how long; and what that will cost."""

import contextlib
from typing import TYPE_CHECKING

import streamlit as st

from core import jobs
from core.figures import training as figures
from core.lab.track_record import remember, track_record
from core.text import saved_tokenizers
from core.text.files import decode_file
from core.training.disk.folder import RunError
from pages.ui import background, components, state
from pages.ui.caption import truth
from pages.ui.code import Code, Timed
from pages.ui.kept_form import keep
from pages.ui.literal import literal
from pages.ui.training import settings, setup
from pages.ui.training.corpus import cards_for, choose_corpus
from pages.ui.training.owner import key as owner_key
from pages.ui.training.setup import Plan, control
from pages.ui.training.stage import show

if TYPE_CHECKING:
    from core.lab.estimate import Estimate

OPTIMIZER_NAMES = {"muon": "Muon", "adamw": "AdamW", "sgd": "SGD"}
PRECISION_NAMES = {"auto": "the fastest here", "bfloat16": "bfloat16", "float32": "float32"}
SCHEDULE_NAMES = {"wsd": "warm up, hold, fall", "cosine": "cosine", "constant": "constant"}
LONGEST = 2_000_000  # characters that a visitor's text may have


def form() -> None:
    """Draws the form; a click on Train starts the run and puts it on the stage."""
    st.markdown("A small model, trained on this server. It goes on when you close the page, until its time is up.")
    keep("training", settings.SETTINGS, empty=[settings.key(name) for name in ("size", "blocks")])
    plan = setup.plan()
    jobs.warm()
    first, second, third = st.columns(3, gap="large")
    with first:
        reads(plan)
    with second:
        is_made(plan)
    with third:
        learns(plan)
    outcome(plan)


def reads(plan: Plan) -> None:
    """The corpus and the tokenizer."""
    st.markdown("### Data")
    st.segmented_control("Corpus", required=True, on_change=setup.suit, wrap=True, **control("corpus"))
    corpus = setup.get("corpus")
    if corpus == "Both":
        st.slider("Share of Tinyland in the tokens", **control("share"))
    if corpus != "Your text":
        with st.popover("Kinds of document"):
            for kind, name in settings.KINDS.items():
                st.slider(f"{name.capitalize()} (1: as usual)", **control(f"weight_{kind}"))
    if corpus != "Tinyland":
        st.text_area(
            "Your text",
            height=140,
            placeholder="Paste a story, lyrics, code …",
            on_change=setup.suit,
            **control("text"),
        )
        st.file_uploader("or a text file", key="setup_file", on_change=_on_upload, max_upload_size=2)
        choose_corpus(LONGEST)
        if message := st.session_state.get("setup_file_note"):
            st.warning(message)
        st.caption(f"{len(setup.get('text')):,} characters; the last tenth is held out, to be measured on.")
    _problem(plan, "corpus")
    kept = saved_tokenizers()
    if setup.get("tokenizer") not in (settings.NEW, *kept):
        setup.fill({"tokenizer": settings.NEW})
    st.selectbox("Tokenizer", [settings.NEW, *kept], **control("tokenizer"))
    if setup.get("tokenizer") == settings.NEW:
        st.slider("Vocabulary size", **control("train_vocab_size"))
    _problem(plan, "tokenizer")


def _on_upload() -> None:
    """Puts an uploaded file into the box, where it can be read and changed, unless it is no text."""
    file = st.session_state["setup_file"]
    st.session_state["setup_file_note"] = None
    if file is None:
        return
    decoded, note = decode_file(file.getvalue())
    if "\x00" in decoded:
        st.session_state["setup_file_note"] = "This file is not text, so nothing was changed."
        return
    text = state.clean(decoded)
    setup.fill({"text": text[:LONGEST]})
    setup.suit()
    if len(text) > LONGEST:
        note += f"Only the first {LONGEST:,} of {len(text):,} characters were kept."
    st.session_state["setup_file_note"] = note.strip() or None


def is_made(plan: Plan) -> None:
    """The shape of the model: a size and a family, or every field by itself."""
    st.markdown("### Model")
    st.segmented_control("Size", wrap=True, on_change=setup.resize, **control("size"))
    st.segmented_control("Architecture", on_change=setup.resize, wrap=True, **control("blocks"))
    with st.popover("Every setting of the model"):
        st.slider("Layers", **control("model_n_layers"))
        st.number_input("Width: numbers in each token's vector", **control("model_d_model"))
        st.number_input("Attention heads", **control("model_n_heads"))
        st.number_input("Key/value heads (0: one for each attention head)", **control("model_n_kv_heads"))
        st.number_input("Width of a head (0: width ÷ heads)", **control("model_d_head"))
        st.number_input("Width of the MLP (0: 4 × width)", **control("model_d_mlp"))
        st.number_input("Context: tokens it sees at once", **control("model_context_length"))
        st.selectbox("Norm", **control("model_norm"))
        st.number_input("Epsilon of the norm", format="%.0e", **control("model_norm_eps"))
        st.selectbox("Positions", **control("model_position"))
        st.number_input("Base of the rotary angles (θ)", **control("model_rope_theta"))
        st.selectbox("Activation", **control("model_activation"))
        st.toggle("Tied embeddings: one table for input and output", **control("model_tie_embeddings"))
        st.toggle("Biases", **control("model_bias"))
        st.toggle("Normalise queries and keys (QK-norm)", **control("model_qk_norm"))
    _problem(plan, "model")


def learns(plan: Plan) -> None:
    """Optimizer, schedule, batch, seed and budget."""
    st.markdown("### Optimization")
    st.segmented_control(
        "Optimizer", format_func=OPTIMIZER_NAMES.__getitem__, required=True, wrap=True, **control("train_optimizer")
    )
    chosen = setup.get("train_optimizer")
    if chosen == "muon":
        st.select_slider("Muon learning rate (matrices)", **control("train_muon_lr"))
    rest = "adamw" if chosen == "muon" else chosen
    name = "AdamW learning rate (embeddings, norms)" if chosen == "muon" else "Learning rate"
    st.select_slider(name, **control(f"train_{rest}_lr"))
    st.selectbox("Schedule", format_func=SCHEDULE_NAMES.__getitem__, **control("train_schedule"))
    with st.popover("Every setting of the training"):
        st.number_input("Warm-up steps", **control("train_warmup_steps"))
        st.slider("Share of the budget in which the rate decays", **control("train_decay_fraction"))
        st.slider("Muon's momentum", **control("train_momentum"))
        st.slider("Adam's β₁", **control("train_beta1"))
        st.slider("Adam's β₂", **control("train_beta2"))
        st.slider("Weight decay", **control("train_weight_decay"))
        st.number_input("Gradient clipping: largest norm", **control("train_clip"))
        named = PRECISION_NAMES.__getitem__
        st.selectbox("Numerical precision", format_func=named, **control("train_precision"))
        st.number_input("Steps between evaluations", **control("train_eval_every"))
        st.number_input("Snapshots to keep", **control("train_snapshots"))
    _problem(plan, "training")


def budget() -> None:
    """Batch, seed, and when to end."""
    st.markdown("### Budget")
    seconds, steps = st.columns(2)
    seconds.number_input("Seconds at most", **control("train_seconds"))
    steps.number_input("Steps at most", **control("train_steps"))
    with st.popover("Batch, seed and early stopping"):
        if setup.get("corpus") == "Tinyland":
            st.number_input("Documents per step", **control("train_documents_per_step"))
        else:
            st.number_input("Tokens per step", **control("train_batch_tokens"))
        st.number_input(
            "Seed", help="Decides the initial weights and the order of the documents.", **control("train_seed")
        )
        st.number_input("Stop at this held-out loss", placeholder="never", **control("train_target_loss"))
        name = "Stop after so many evaluations without improvement"
        st.number_input(name, placeholder="never", **control("train_patience"))


def outcome(plan: Plan) -> None:
    """What will be trained, the schedule it will follow, its cost, and the button."""
    left, right = st.columns(2, gap="large")
    with right:
        budget()
        expected = cost(plan)
        st.text_input("Name of the run", max_chars=60, placeholder="optional", **control("name"))
        off = expected is None or bool(expected.refusals)
        st.button("Train", on_click=_begin, args=(plan, expected), type="primary", width="stretch", disabled=off)
        if message := st.session_state.get("setup_error"):
            st.warning(message)
    with left:
        st.markdown("### Parameters")
        if plan.model:
            parts = plan.model.parameter_count()
            components.plot(figures.parameters(parts), key="setup_parts", height=64, title="Parameters by part")
            call = f"ModelConfig.from_dict({plan.model.to_dict()}).parameter_count()"
            code = Code().with_import("core.model", "ModelConfig").gives(call, parts)
            truth("config.parameter_count()", (), f"{parts['total']:,} parameters, counted from the shapes", code)
        if plan.config:
            steps = expected.steps if expected and expected.steps else plan.config.steps
            progress, rates = setup.rates(plan.config, steps)
            title = "Learning rate against the budget spent"
            components.plot(figures.schedule(progress, rates), key="setup_schedule", height=190, title=title)
            kinds = ["muon", "adamw"] if plan.config.optimizer == "muon" else [plan.config.optimizer]
            code = (
                Code()
                .with_import("core.training", "TrainConfig")
                .with_import("core.training.schedule", "lr_factor")
                .then(
                    f"config, steps = TrainConfig.from_dict({plan.config.to_dict()}), {steps}",
                    f"progress = [i / {len(progress) - 1} for i in range({len(progress)})]",
                    "shape = config.warmup_steps, config.decay_fraction",
                    "factors = [lr_factor(config.schedule, int(p * steps), p, *shape) for p in progress]",
                )
                .gives(f"[[config.rates(factor)[kind] for factor in factors] for kind in {kinds}]", [*rates.values()])
            )
            truth("lr_factor", (len(progress),), f"the schedule that the run will follow, in {steps:,} steps", code)


def cost(plan: Plan) -> "Estimate | None":
    """What the run will take on this machine, from a short measurement, and why it cannot fit where it does not. None
    where that is not known, or not yet."""
    config, model = plan.config, plan.model
    with st.container(height=96, border=False, key="run_cost"):
        if not config or not model:
            return None

        def estimate(report: background.Report) -> "Estimate":
            from core.lab.estimate import expect

            report(0.3, "a few forward and backward passes of this model")
            return expect(config, model.vocab_size)

        record = track_record()  # a run that has ended may know better
        key = ("estimate", str(config), model, record.ratios)
        found = background.compute(key, estimate, "Measuring what it will cost")
        if found is None:
            return None
        expected = {
            "Time": between(*found.seconds_range, "s"),
            "Steps": between(*found.steps_range),
            "Memory": f"{found.memory / 1e9:.2f} GB",
            "Arithmetic": f"{found.flops / 1e9:,.3g} GFLOP"
            if found.flops < 1e12
            else f"{found.flops / 1e12:,.3g} TFLOP",
            "Energy": f"{found.watt_hours:.2g} Wh",
        }
        for column, (name, value) in zip(st.columns(5), expected.items(), strict=True):
            column.caption(name)
            column.markdown(f"**{value}**")
    for refusal in found.refusals:
        st.warning(refusal)
    code = (
        Code()
        .with_import("core.training", "TrainConfig")
        .with_import("core.lab.estimate", "expect")
        .then(f"config = TrainConfig.from_dict({config.to_dict()})", f"found = expect(config, {model.vocab_size})")
    )
    code = code.gives(
        "found.parameters, found.memory, found.disk, found.seconds, found.watt_hours",
        (found.parameters, found.memory, found.disk, Timed(found.seconds), Timed(found.watt_hours)),
    )
    held = f"the last {found.compared} runs here" if found.compared > 1 else "the last run here"
    sure = f"held against what {held} did" if found.compared else "not yet held against any run here"
    note = f"foretold from passes measured on this machine, {sure}; the energy assumes 10 W a core"
    truth("expect(config)", (), note, code)
    return found


def between(low: float, high: float, unit: str = "") -> str:
    """A range in two significant digits; one number where its ends are the same."""
    ends = [f"{float(f'{value:.2g}'):,.0f}" for value in (low, high)]
    return f"{' to '.join(dict.fromkeys(ends))} {unit}".strip()


def _begin(drawn: Plan, expected: "Estimate | None") -> None:
    """Starts what the form says now, which may have been changed since it was `drawn`, with what was expected of it;
    what stands in the way is said beside the button."""
    st.session_state["setup_error"] = None
    plan = setup.plan()
    if plan.config is None:
        return
    try:
        name, cards = setup.get("name") or setup.name_of(plan), cards_for(plan.text)
        run_id = jobs.start(plan.config, owner_key(), text=plan.text, name=name, cards=cards)
    except (RunError, ValueError) as error:
        st.session_state["setup_error"] = f"Not started: {literal(str(error))}."
    except OSError:
        st.session_state["setup_error"] = "Not started: its folder or its process could not be made."
    else:
        if expected and plan.config == drawn.config:
            with contextlib.suppress(OSError):
                remember(jobs.run_folder(run_id), expected.measured_speed)
        show(run_id)
        st.rerun()


def _problem(plan: Plan, section: str) -> None:
    """What is wrong with a section of the form, beside it."""
    if message := plan.problems.get(section):
        st.warning(literal(message))
