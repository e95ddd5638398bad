"""The first script of every run: navigation, the visitor's state, the shared sidebar, then the page."""

import streamlit as st

import pages.ui.beginning  # noqa: F401 (before the others: another thread may be at it)
from pages.ui import components, near, state
from pages.ui.interventions import banner
from pages.ui.next_page import next_page
from pages.ui.places import has_place
from pages.ui.sections import contents
from pages.ui.sidebar import sidebar
from pages.ui.spent import for_the_visit
from pages.ui.takeaway import takeaway
from pages.ui.theme import ICON, ROOT, STYLE

TITLE = "Glassbox: the whole life of a language model"
st.set_page_config(page_title=TITLE, page_icon=ICON, layout="wide")
st.logo(ROOT / "assets" / "logo.svg", size="large", icon_image=ROOT / "assets" / "icon.svg")
st.html(STYLE)
if "pages" not in st.session_state:  # each looks for its file, again and again
    st.session_state["pages"] = [
        st.Page("overview.py", title="Overview", icon=":material/route:", default=True),
        st.Page("data.py", title="Data", icon=":material/filter_alt:"),
        st.Page("tokenization.py", title="Tokenization", icon=":material/content_cut:"),
        st.Page("embeddings.py", title="Embeddings", icon=":material/scatter_plot:"),
        st.Page("attention.py", title="Attention", icon=":material/visibility:"),
        st.Page("inside.py", title="Inside", icon=":material/account_tree:"),
        st.Page("experiments.py", title="Experiments", icon=":material/experiment:"),
        st.Page("training.py", title="Training", icon=":material/trending_down:"),
        st.Page("finetuning.py", title="Fine-tuning", icon=":material/school:"),
        st.Page("feedback.py", title="Feedback", icon=":material/thumbs_up_down:"),
        st.Page("sampling.py", title="Sampling", icon=":material/casino:"),
        st.Page("prompting.py", title="Prompting", icon=":material/edit_note:"),
        st.Page("uses.py", title="Uses", icon=":material/forum:"),
        st.Page("limits.py", title="Limits", icon=":material/help:"),
    ]
page = st.navigation(st.session_state["pages"], expanded=True)
state.restore()
if has_place() and for_the_visit(sidebar)():
    if page.url_path != "experiments":
        banner()
    near.begin(page.url_path)
    for_the_visit(page.run)()
    next_page(page.url_path)
    takeaway()
    contents()
    components.typed_values()
    near.end()
