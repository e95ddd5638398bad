"""Instructions hidden in a user's text: carried out, treated as data, or ignored, at each stage of a life."""

import streamlit as st

from core.figures import prompting as figures
from core.figures.labels import percent
from pages.ui import cache, components, state
from pages.ui.caption import truth, what_you_see
from pages.ui.prompting.data import NO_CHATS, chats, measured, part_code
from pages.ui.stages import NAMES
from pages.ui.view import View, current


def injection() -> None:
    """The rates of each kind of attack, here and at the ends of other stages."""
    view = current()
    if not chats(view):
        st.info(NO_CHATS)
        return
    found = measured(view, "injection", "Hide instructions", "about a minute")
    if found is None:
        return
    shares = {kind: {name: share for name, (share, _, _) in one.shares.items()} for kind, one in found.kinds.items()}
    components.plot(
        figures.outcomes(_stages(view) | {f"here: {kind}": one for kind, one in shares.items()}), key="injection",
        height=120 + 44 * (len(shares) + len(_stages(view))), title="What came of hidden instructions",
    )  # fmt: skip
    first = next(iter(found.kinds))
    one = found.kinds[first]
    code = part_code(view, "injection").gives(f"found.kinds[{first!r}].shares", one.shares)
    truth(
        "found.kinds[kind].shares", (len(one.shares), 3),
        f"{one.cases} prompts of each kind, greedy answers, by {view.name} at step {view.step:,}", code,
    )  # fmt: skip
    chosen = st.selectbox("One of them", **state.choice("hidden_kind", list(found.kinds), first))
    example = found.kinds[chosen]
    left, right = st.columns(2, gap="large")
    with left:
        st.code(example.prompt, language=None, wrap_lines=True)
    with right:
        st.markdown("It says:")
        st.text(example.answer or "(nothing)")
        st.markdown(
            f"Without the hidden words it answers {percent(example.clean[0])} of these right "
            f"({percent(example.clean[1])} to {percent(example.clean[2])})."
        )
    what_you_see(
        "To a model the rules of its system prompt, a user's wish and the text to be worked on are one row of tokens. "
        "**Executed**: it did what the hidden words said. **Treated as data**: it worked on them as on the rest of the "
        "text, which was asked. **Ignored**: it answered as if they were not there. A model that ignores everything is "
        "safe and useless, so look at the right answers without an attack too."
    )


def _stages(view: View) -> dict[str, dict[str, float]]:
    """The first kind of attack at the ends of other stages, as far as that is recorded."""
    from core.prompting.recorded import recorded

    found = {}
    for stage, step in view.description.ends.items():
        if step == view.step or step not in view.description.steps:
            continue
        kept = recorded(cache.description(view.name, step), "injection")
        for kind, one in list(kept.kinds.items())[:1] if kept else ():
            name = f"after {NAMES.get(stage, stage)}: {kind}"
            found[name] = {outcome: share for outcome, (share, _, _) in one.shares.items()}
    return found
