"""The least that Streamlit can do, for bench_app: a title, and a fragment around a component that counts presses."""

import streamlit as st

SCRIPT = """export default function ({ data, parentElement, setTriggerValue }) {
  parentElement.querySelector("b").textContent = `pressed ${data.count}`;
  parentElement.querySelector("button").onclick = () => setTriggerValue("press", data.count + 1);
}"""
_counter = st.components.v2.component("bare_counter", html="<button>press</button> <b></b>", js=SCRIPT)


@st.fragment
def counter() -> None:
    pressed = (st.session_state.get("counter") or {}).get("press") or 0
    _counter(key="counter", data={"count": pressed}, on_press_change=lambda: None)


st.title("Bare")
counter()
