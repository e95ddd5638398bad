"""Buttons of a page, by what stands on them."""

from typing import Any

from streamlit.testing.v1 import AppTest

from tests.waiting import wait_for


def button(at: AppTest, label: str) -> Any:
    """The first button with this label."""
    return next(one for one in at.button if one.label == label)


def train(at: AppTest) -> None:
    """A click on Train, once the estimate is there."""
    wait_for(lambda: not button(at.run(), "Train").disabled)
    button(at, "Train").click().run()
